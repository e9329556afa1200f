package handlers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"tenure/jwk/jwktest"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/snapshots/policy"
	"tenure/tenancy"

	"tenure/handlers/openfinance"
	"tenure/handlers/register"
)

// asked sends a request and returns the members of the answer.
func (in *installation) asked(t *testing.T, method, path, key, body string, header ...string) (int, map[string]any, http.Header) {
	t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = in.public.URL + path
	}
	req, err := http.NewRequest(method, path, strings.NewReader(body))
	must(t, err)
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := in.public.Client().Do(req)
	must(t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	must(t, err)
	var members map[string]any
	_ = json.Unmarshal(raw, &members) // a 204 has none
	return res.StatusCode, members, res.Header
}

func textOf(m map[string]any, name string) string { s, _ := m[name].(string); return s }

// TestRegistrationTokenByAnAdministrator: whichever API made the client, the new token
// opens it where it manages itself, the one before does not, and a repetition shows
// none.
func TestRegistrationTokenByAnAdministrator(t *testing.T) {
	in := newInstallation(t)
	writersOf(t, in)
	const body = `{"client_name":"a","redirect_uris":["https://app.example/cb"]}`
	for i, made := range []struct {
		path, key string
		header    []string
		at        string // where the client manages itself
	}{
		{"/oauth2/register", "", nil, "/oauth2/register/"},
		{"/reg", "", nil, "/reg/"},
		{"/admin/clients", in.editor, nil, "/oauth2/register/"},
		{"/oauth2/clients", "", []string{"SlashID-OrgID", string(in.Harbour), "SlashID-API-Key", in.editor}, "/oauth2/register/"},
	} {
		in.Clock.Advance(time.Minute)
		sent := body
		if made.path == "/oauth2/clients" {
			sent = `{"client_name":"a","redirect_uris":["https://app.example/cb"],"grant_types":["authorization_code"],"scopes":["a"]}`
		}
		status, first, _ := in.asked(t, "POST", made.path, made.key, sent, made.header...)
		if result, ok := first["result"].(map[string]any); ok {
			first = result
		}
		if status != 201 && status != 200 {
			t.Fatalf("%s: %d %v", made.path, status, first)
		}
		id := textOf(first, "client_id")
		e, _, err := in.stores.Snapshots.Find(context.Background(), in.Scope(t, in.Root, tenancy.Admin), snapshots.ByClientID(snapshots.DefaultModule, in.setup, id))
		must(t, err)
		path := "/v1/clients/" + string(e.ID) + "/registration-token"
		key := fmt.Sprintf("k-%d", i)
		status, again, header := in.asked(t, "POST", path, in.editor, "", "Idempotency-Key", key, "Tenure-Reason", "lost by its owner")
		if status != 201 || textOf(again, "client_id") != id || textOf(again, "registration_client_uri") != in.public.URL+made.at+id || header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %v", made.path, status, again)
		}
		token, before := textOf(again, "registration_access_token"), textOf(first, "registration_access_token")
		status, replay, header := in.asked(t, "POST", path, in.editor, "", "Idempotency-Key", key, "Tenure-Reason", "lost by its owner")
		if status != 201 || textOf(replay, "client_id") != id || textOf(replay, "registration_access_token") != "" || header.Get("Tenure-Idempotent-Replay") != "true" {
			t.Errorf("%s, again: %d %v", made.path, status, replay)
		}
		for presented, want := range map[string]int{token: 200, before: 401} {
			if presented == "" {
				continue
			}
			if status, _, _ := in.asked(t, "GET", textOf(again, "registration_client_uri"), presented, ""); status != want {
				t.Errorf("%s: GET with %s: %d, not %d", made.path, presented, status, want)
			}
		}
		status, _, _ = in.asked(t, "POST", path, in.reader, "")
		if status != 403 {
			t.Errorf("a reader makes a token: %d", status)
		}
		found, err := snapshots.Resolve[document.Client](context.Background(), in.stores.Snapshots, in.Scope(t, in.Root, tenancy.Admin), snapshots.ByEntity(e.ID), snapshots.Instant{})
		must(t, err)
		if found.Entity.ID != e.ID || found.Base != "" {
			t.Errorf("%s: the token made a snapshot: %+v", made.path, found.Version)
		}
		_, history, _ := in.asked(t, "GET", "/v1/clients/"+string(e.ID)+"/history", in.editor, "")
		if got := fmt.Sprint(history["events"]); !strings.Contains(got, "client.token-added") || !strings.Contains(got, "lost by its owner") {
			t.Errorf("%s: history is %s", made.path, got)
		}
	}
	if status, _, _ := in.asked(t, "POST", "/v1/clients/0123456789abcdef0123456789abcdef/registration-token", in.editor, ""); status != 404 {
		t.Errorf("of no client: %d", status)
	}
}

// TestSelfRegisteredClients are listed with their last use, and one request removes
// those that were never used: only if the caller says how many there are.
func TestSelfRegisteredClients(t *testing.T) {
	in := newInstallation(t)
	writersOf(t, in)
	registrations := "/v1/setups/" + string(in.setup) + "/registrations"
	list := func(query string) map[string]map[string]any {
		t.Helper()
		rows := map[string]map[string]any{}
		for next := ""; ; {
			status, page, _ := in.asked(t, "GET", registrations+"?limit=2"+query+next, in.editor, "")
			if status != 200 {
				t.Fatalf("%s: %d %v", query, status, page)
			}
			for _, row := range page["clients"].([]any) {
				m := row.(map[string]any)
				rows[textOf(m, "client_id")] = m
			}
			if page["next"] == nil {
				return rows
			}
			next = "&after=" + textOf(page, "next")
		}
	}
	const body = `{"client_name":"a","redirect_uris":["https://app.example/cb"]}`
	made := map[string]string{}
	for range 3 {
		for _, path := range []string{"/oauth2/register", "/reg"} {
			_, one, _ := in.asked(t, "POST", path, "", body)
			made[textOf(one, "client_id")] = textOf(one, "registration_client_uri") + " " + textOf(one, "registration_access_token")
		}
	}
	in.asked(t, "POST", "/admin/clients", in.editor, `{"client_id":"by-hand","redirect_uris":["https://app.example/cb"]}`)
	if got := list(""); len(got) != 6 || got["by-hand"] != nil {
		t.Errorf("%d are listed: %v", len(got), got)
	}
	used := ""
	for id, where := range made {
		uri, token, _ := strings.Cut(where, " ")
		if status, _, _ := in.asked(t, "GET", uri, token, ""); status != 200 {
			t.Fatal(status)
		}
		used = id
		break
	}
	must(t, in.stores.Snapshots.Flush(context.Background()))
	in.Clock.Advance(time.Minute)
	rows := list("")
	if rows[used]["last_used"] == nil || len(list("&unused=true")) != 5 || list("&unused=true")[used] != nil {
		t.Errorf("used is %v; unused %d", rows[used], len(list("&unused=true")))
	}
	if n := len(list("&registered_before=2020-01-01T00:00:00Z")); n != 0 {
		t.Errorf("%d before 2020", n)
	}
	before := in.Log.Size()
	for said, want := range map[string]int{"&clients=5": 200, "&clients=4": 409, "&clients=0": 409} {
		if status, body, _ := in.asked(t, "DELETE", registrations+"?unused=true&dry_run=true"+said, in.editor, ""); status != want {
			t.Errorf("dry run with %s: %d %v", said, status, body)
		}
	}
	status, dry, _ := in.asked(t, "DELETE", registrations+"?unused=true&dry_run=true", in.editor, "")
	if status != 200 || strings.Count(fmt.Sprint(dry["events"]), "client.deleted") != 5 || in.Log.Size() != before {
		t.Errorf("%d %v", status, dry)
	}
	most := jwktest.Limit(t, "Requests", "clients that one request removes from a setup's registrations")[0]
	for said, want := range map[string]int{fmt.Sprint("&clients=", most): 409, fmt.Sprint("&clients=", most+1): 400} {
		if status, _, _ := in.asked(t, "DELETE", registrations+"?unused=true"+said, in.editor, "", "Tenure-Reason", "nobody came back"); status != want {
			t.Errorf("%s: %d, want %d", said, status, want)
		}
	}
	for _, said := range []string{"", "&clients=4", "&clients=6"} {
		status, refused, _ := in.asked(t, "DELETE", registrations+"?unused=true"+said, in.editor, "")
		if status != 409 || !strings.Contains(fmt.Sprint(refused), "5 clients would be deleted") || in.Log.Size() != before {
			t.Errorf("%q: %d %v", said, status, refused)
		}
	}
	if status, _, _ := in.asked(t, "DELETE", registrations+"?unused=true&clients=5", in.reader, ""); status != 403 {
		t.Errorf("a reader: %d", status)
	}
	require := func(yes bool) {
		t.Helper()
		_, err := in.Store.SetRequireReason(context.Background(), in.Store.Operator("test"), in.Root, yes)
		must(t, err)
	}
	require(true)
	if status, refused, _ := in.asked(t, "DELETE", registrations+"?unused=true&clients=5", in.editor, ""); status != 422 || !strings.Contains(fmt.Sprint(refused), "Tenure-Reason") {
		t.Errorf("without a reason: %d %v", status, refused)
	}
	require(false)
	status, removed, _ := in.asked(t, "DELETE", registrations+"?unused=true&clients=5", in.editor, "", "Tenure-Reason", "nobody came back")
	if status != 200 || fmt.Sprint(removed["deleted"]) != "5" {
		t.Errorf("%d %v", status, removed)
	}
	if rows := list(""); len(rows) != 1 || rows[used] == nil {
		t.Errorf("left: %v", rows)
	}
	if status, _, _ := in.asked(t, "GET", "/admin/clients/by-hand", in.editor, ""); status != 200 {
		t.Errorf("the client that an administrator made: %d", status)
	}
}

// TestTheNamesOfTheDoors: the surfaces that policies call by name.
func TestTheNamesOfTheDoors(t *testing.T) {
	if got := fmt.Sprint(policy.Surfaces()); got != fmt.Sprint([]string{register.Name, openfinance.Name}) {
		t.Errorf("%s", got)
	}
}
