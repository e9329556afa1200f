package handlers_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"tenure/snapshots"
	"tenure/tenancy"
)

// TestNoListHasWhatWasErased: as of an instant before a client was erased, every
// list of clients leaves it out, and still has the others.
func TestNoListHasWhatWasErased(t *testing.T) {
	f := newFamily(t)
	on := f.target(t, "owner")
	other, err := f.stores.Snapshots.CreateClient(context.Background(), f.scope(t, "owner"),
		snapshots.NewClient{Module: snapshots.DefaultModule, Setup: on.setup, ClientID: "another", Surface: "test"}, clientChange("another", nil))
	must(t, err)
	f.Clock.Advance(time.Minute)
	at := url.QueryEscape(f.Clock.Reading().UTC().Format(time.RFC3339Nano))
	f.Clock.Advance(time.Minute)
	setup := "/modules/" + snapshots.DefaultModule + "/setups/" + string(on.setup)
	lists := []string{"/v2" + setup + "/clients?at=", "/v2" + setup + "/clients?validAt=", "/v2" + setup + "/clients?name=c&at=", "/v2" + setup + "/clients/names?at=",
		"/v1/clients?setup=" + string(on.setup) + "&at=", setup + "/admin/clients?at="}
	has := func(path string, id snapshots.EntityID, clientID string) bool {
		body := string(f.as(t, tenancy.Auditor, "GET", path+at, "", http.StatusOK))
		return strings.Contains(body, string(id)) || strings.Contains(body, clientID)
	}
	for _, path := range lists {
		if !has(path, on.client, on.clientID) {
			t.Errorf("%s does not have the client before it is erased", path)
		}
	}
	_, err = f.stores.Snapshots.Erase(context.Background(), f.scope(t, "owner"), on.client, snapshots.Erasure{ClientID: on.clientID, Reason: "asked", Delete: true})
	must(t, err)
	for _, path := range lists {
		if has(path, on.client, on.clientID) || !strings.Contains(path, "name=") && !has(path, other.Entity.ID, "another") {
			t.Errorf("%s: has what was erased, or not the other", path)
		}
	}
}

// TestOnlyCreatingSaysThatItExists: each dialect's 412 of a create says what it is,
// and not what its 409 says.
func TestOnlyCreatingSaysThatItExists(t *testing.T) {
	f := newFamily(t)
	on := f.target(t, "owner")
	setup := "/modules/" + snapshots.DefaultModule + "/setups/" + string(on.setup)
	for path, body := range map[string]string{
		setup + "/admin/clients":   `{"client_id": "` + on.clientID + `"}`,
		"/v2" + setup + "/clients": `{"client_id": "` + on.clientID + `", "name": "c", "redirect_uris": ["https://a.example/cb"]}`,
	} {
		r := httptest.NewRequest("POST", path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+f.keys["owner"][tenancy.Admin])
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("If-None-Match", "*")
		w := httptest.NewRecorder()
		f.server.Config.Handler.ServeHTTP(w, r)
		if w.Code != http.StatusPreconditionFailed || !strings.Contains(strings.ToLower(w.Body.String()), "the object exists, and if-none-match excludes that") {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}
