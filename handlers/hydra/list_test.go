package hydra_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/db/dbtest"
)

// TestFiltersOfManyAndFew pages through more clients than a filter starts from
// and through few of them, and misses none.
func TestFiltersOfManyAndFew(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	const total = 2050
	var done sync.WaitGroup
	for worker := range 32 {
		done.Go(func() {
			for i := worker; i < total; i += 32 {
				doc := document.Client{OwnerLabel: "many", ClientName: fmt.Sprint(i % 7)}
				_, err := f.store.CreateClient(ctx, f.Store.Operator("test"), snapshots.NewClient{Module: module, Setup: f.setup,
					ClientID: fmt.Sprintf("c%04d", i), Owner: f.North}, snapshots.Change[document.Client]{
					Apply: func(*document.Client, *document.Setup) (*document.Client, error) { return &doc, nil }})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	done.Wait()
	for query, want := range map[string]int{"owner=many": total, "client_name=3": 293, "client_name=3&owner=many": 293, "owner=none": 0} {
		got := 0
		last := ""
		for target := "/admin/clients?page_size=100&" + query; target != ""; {
			a := f.get(target).want(t, 200)
			var page []struct {
				ClientID string `json:"client_id"`
			}
			must(t, json.Unmarshal(a.Body.Bytes(), &page))
			for _, c := range page {
				if c.ClientID <= last {
					t.Fatalf("%s: %s after %s", query, c.ClientID, last)
				}
				last = c.ClientID
			}
			got += len(page)
			_, next, more := strings.Cut(a.Header().Get("Link"), `rel="first",<`)
			target, _, _ = strings.Cut(next, ">")
			if !more {
				target = ""
			}
		}
		if got != want {
			t.Errorf("%s: %d of %d", query, got, want)
		}
	}
}

// TestPageTokensHoldAtEveryNode: a list goes on at another node of the same
// installation, and after a restart.
func TestPageTokensHoldAtEveryNode(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	other, err := snapshots.Open(t.Context(), f.DB, f.Log, f.Store.IDs(), snapshots.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if f.store.PageKey() != other.PageKey() || f.store.PageKey() == [32]byte{} {
		t.Error("two stores over one database have other keys")
	}
}

// TestReadsOfAnotherInstant: a client and a list answer as of then, by at, known_at
// or Accept-Datetime, and the pages of a list stay there; what cannot be about
// another instant is refused.
func TestReadsOfAnotherInstant(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	f.create(t, `{"client_id":"a","client_name":"before"}`)
	f.create(t, `{"client_id":"b","client_name":"before"}`)
	f.Clock.Advance(time.Minute)
	then := f.Clock.Now().UTC().Truncate(time.Second)
	f.Clock.Advance(time.Minute)
	f.send("PATCH", "/admin/clients/a", `[{"op":"replace","path":"/client_name","value":"after"}]`).want(t, 200)
	f.send("DELETE", "/admin/clients/b", "").want(t, 204)
	f.create(t, `{"client_id":"c","client_name":"before"}`)
	f.Clock.Advance(time.Minute)
	auditor := f.as(f.North, tenancy.Auditor)
	ids := func(a answer) string {
		t.Helper()
		var list []struct {
			ID   string `json:"client_id"`
			Name string `json:"client_name"`
		}
		must(t, json.Unmarshal(a.want(t, 200).Body.Bytes(), &list))
		return fmt.Sprint(list)
	}
	at := "at=" + then.Format(time.RFC3339)
	for target, want := range map[string]string{"": "[{a after} {c before}]", "?" + at: "[{a before} {b before}]", "?client_name=before&" + at: "[{a before} {b before}]",
		"?known_at=" + then.Format(time.RFC3339): "[{a before} {b before}]", "?page_size=1&" + at: "[{a before}]"} {
		if got := ids(auditor.get("/admin/clients" + target)); got != want {
			t.Errorf("%s: %s, not %s", target, got, want)
		}
	}
	if got := ids(auditor.send("GET", "/admin/clients", "", "Accept-Datetime: "+then.Format(http.TimeFormat))); got != "[{a before} {b before}]" {
		t.Errorf("Accept-Datetime: %s", got)
	}
	_, next, _ := strings.Cut(auditor.get("/admin/clients?page_size=1&"+at).Header().Get("Link"), `rel="first",<`)
	next, _, _ = strings.Cut(next, ">")
	if got := ids(auditor.get(next)); got != "[{b before}]" {
		t.Errorf("the next page, %s: %s", next, got)
	}
	auditor.get("/admin/clients/a?"+at).want(t, 200, `"client_name":"before"`)
	auditor.get("/admin/clients/b?"+at).want(t, 200)
	auditor.get("/admin/clients/b?at="+f.Clock.Now().UTC().Format(time.RFC3339)).want(t, 410)
	auditor.get("/admin/clients/c?"+at).want(t, 404)
	f.as(f.North, tenancy.Reader).get("/admin/clients?"+at).want(t, 403)
	auditor.get("/admin/clients?as_of="+then.Format(time.RFC3339)).want(t, 400, "did you mean at?")
	f.send("PUT", "/admin/clients/a?"+at, "{}").want(t, 400, "at is not taken here")
	f.get("/admin/clients?nobody=reads&this=1").want(t, 200)
}

// TestARepeatedPostShowsNoCredentials: those of the first answer are valid, and what
// was generated for the second one was never stored.
func TestARepeatedPostShowsNoCredentials(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	post := func() answer {
		return f.send("POST", "/admin/clients", `{"client_id":"c"}`, "Idempotency-Key: once").want(t, 201)
	}
	first, second := post(), post()
	if second.Header().Get("Tenure-Idempotent-Replay") != "true" || second.text(t, "client_id") != "c" {
		t.Errorf("%v %s", second.Header(), second.Body)
	}
	if second.text(t, "client_secret")+second.text(t, "registration_access_token")+second.Header().Get("Tenure-Secret-Id") != "" {
		t.Errorf("credentials that were never stored: %s", second.Body)
	}
	if !f.works("c", first.text(t, "client_secret")) {
		t.Error("the first secret does not work")
	}
}
