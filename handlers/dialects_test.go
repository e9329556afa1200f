package handlers_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/snapshots/document/documenttest"
	"tenure/tenancy"
)

// as sends a request with the owner's key and fails the test unless the
// answer has the status.
func (f *family) as(t *testing.T, role tenancy.Role, method, path, body string, status int) []byte {
	t.Helper()
	req, err := http.NewRequest(method, f.server.URL+path, strings.NewReader(body))
	must(t, err)
	req.Header.Set("Authorization", "Bearer "+f.keys["owner"][role])
	res, err := f.server.Client().Do(req)
	must(t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	must(t, err)
	if res.StatusCode != status {
		t.Fatalf("%s %s: %d, not %d: %s", method, path, res.StatusCode, status, raw)
	}
	return raw
}

// without drops members from a JSON object.
func without(t *testing.T, raw []byte, members ...string) string {
	t.Helper()
	var doc map[string]json.RawMessage
	must(t, json.Unmarshal(raw, &doc))
	for _, member := range members {
		delete(doc, member)
	}
	short, err := json.Marshal(doc)
	must(t, err)
	return string(short)
}

const hydraClient = `{"client_id":"both","client_name":"Läden \"Ost\"","redirect_uris":["https://shop.example.com/cb","com.example:/cb"],
	"grant_types":["authorization_code","bogus"],"response_types":["code","bogus"],"scope":"openid read","audience":["https://api.example"],
	"owner":"team","policy_uri":"https://shop.example.com/p","allowed_cors_origins":["https://*.example.com"],"contacts":["a@example.com"],
	"subject_type":"pairwise","jwks_uri":"https://shop.example.com/jwks","token_endpoint_auth_method":"bogus","request_uris":["https://shop.example.com/r"],
	"request_object_signing_alg":"RS256","userinfo_signed_response_alg":"RS256","frontchannel_logout_uri":"https://shop.example.com/f",
	"frontchannel_logout_session_required":true,"post_logout_redirect_uris":["https://shop.example.com/bye"],"metadata":{"tier":[1.50,null]},
	"access_token_strategy":"opaque","skip_consent":true,"skip_logout_consent":false,"jwt_bearer_grant_access_token_lifespan":"1ms"}`

// TestDialectsLoseNothingOfEachOther: a client written in one dialect and
// written back from the other's read is the same, and each write is in history.
func TestDialectsLoseNothingOfEachOther(t *testing.T) {
	f := newFamily(t)
	ctx, store := context.Background(), f.stores.Snapshots
	on := f.target(t, "owner")
	admin, clients := "/modules/"+snapshots.DefaultModule+"/setups/"+string(on.setup)+"/admin/clients", "/v2/modules/"+snapshots.DefaultModule+"/setups/"+string(on.setup)+"/clients"
	find := func(id string) snapshots.Resolved[document.Client] {
		found, err := snapshots.Resolve[document.Client](ctx, store, f.scope(t, "owner"), snapshots.ByClientID("", on.setup, id), snapshots.Instant{})
		must(t, err)
		return found
	}
	f.as(t, tenancy.Editor, http.MethodPost, admin, hydraClient, 201)
	full := documenttest.FullClient()
	full.JWKSURI = ""
	_, err := store.CreateClient(ctx, f.scope(t, "owner"), snapshots.NewClient{Module: snapshots.DefaultModule, Setup: on.setup, ClientID: "full"},
		snapshots.Change[document.Client]{Apply: func(*document.Client, *document.Setup) (*document.Client, error) { return &full, nil }})
	must(t, err)

	for _, id := range []string{"both", "full"} {
		first := find(id)
		meta := clients + "/" + string(first.Entity.ID)
		before := f.as(t, tenancy.Editor, http.MethodGet, admin+"/"+id, "", 200)
		doc := f.as(t, tenancy.Editor, http.MethodGet, meta, "", 200)
		f.as(t, tenancy.Editor, http.MethodPut, meta, without(t, doc, "valid_from"), 200)
		if again := find(id); again.ID != first.ID {
			t.Errorf("%s: nevisMeta's own read sent back changed %v", id, document.Changed(first.Content, again.Content))
		}
		f.as(t, tenancy.Editor, http.MethodPut, meta, without(t, []byte(strings.Replace(string(doc), `"comment":`, `"comment":"from nevisMeta","was":`, 1)), "valid_from", "was"), 200)
		after := f.as(t, tenancy.Editor, http.MethodGet, admin+"/"+id, "", 200)
		if without(t, before, "updated_at") != without(t, after, "updated_at") || bytes.Equal(before, after) {
			t.Errorf("%s: Hydra reads\n%s\nand after another dialect's write\n%s", id, before, after)
		}
		f.as(t, tenancy.Editor, http.MethodPut, admin+"/"+id, string(after), 200)
		f.as(t, tenancy.Editor, http.MethodPatch, admin+"/"+id, `[{"op":"replace","path":"/owner","value":"from Hydra"}]`, 200)
		last := find(id)
		want := document.Clone(first.Content)
		want.Comment, want.OwnerLabel = "from nevisMeta", "from Hydra"
		if !documenttest.Equal(last.Content, want) {
			t.Errorf("%s: %v differ", id, document.Changed(want, last.Content))
		}
		ids, err := snapshots.Snapshots[document.Client](ctx, store, f.scope(t, "owner"),
			snapshots.Ref{Module: snapshots.DefaultModule, Setup: on.setup, Entity: first.Entity.ID}, nil, false)
		must(t, err)
		if len(ids) != 4 {
			t.Errorf("%s has %d snapshots", id, len(ids))
		}
	}
	problems, err := snapshots.Check(ctx, f.DB)
	if err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
}
