package handlers_test

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy"
)

// TestNobodyHoldsAWrongVersion goes second by second through an activation:
// whoever keeps an answer as long as it says never has another one than the
// server's for longer than a minute, nor once the change has come.
func TestNobodyHoldsAWrongVersion(t *testing.T) {
	f := newFamily(t)
	on := f.target(t, "owner") // has a plan in an hour, and so has its setup
	find := func() snapshots.SnapshotID {
		found, err := snapshots.Resolve[document.Client](context.Background(), f.stores.Snapshots, f.scope(t, "owner"), snapshots.ByEntity(on.client), snapshots.Instant{})
		must(t, err)
		return found.ID
	}
	base := "/modules/" + snapshots.DefaultModule + "/setups/" + string(on.setup)
	paths := []string{"/v2" + base + "/clients/" + string(on.client), base + "/oauth2/clients/" + on.clientID, "/v1/clients/" + string(on.client)}
	f.Clock.Advance(time.Hour - 70*time.Second)
	for _, path := range paths {
		etag, changes := "", 0
		held, until := snapshots.SnapshotID(""), f.Clock.Now()
		for range 90 {
			if now := f.Clock.Now(); !now.Before(until) {
				header, status := f.head(t, path, etag)
				if status == http.StatusOK {
					etag, held = header.Get("ETag"), snapshots.SnapshotID(header.Get("Tenure-Snapshot-Id"))
					changes++
				}
				until = now.Add(age(t, header.Get("Cache-Control")))
			}
			if held != find() {
				t.Fatalf("%s: a caller holds %s until %s, in force is %s at %s", path, held, until, find(), f.Clock.Now())
			}
			f.Clock.Advance(time.Second)
		}
		if changes < 2 || etag == "" {
			t.Errorf("%s: %d versions were seen, the tag is %q", path, changes, etag)
		}
		f.Clock.Advance(-90 * time.Second) // for the next one; nothing was written
	}
}

func (f *family) head(t *testing.T, path, etag string) (http.Header, int) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, f.server.URL+path, nil)
	must(t, err)
	req.Header.Set("Authorization", "Bearer "+f.keys["owner"][tenancy.Reader])
	if strings.Contains(path, "/oauth2/") {
		req.Header.Set("SlashID-OrgID", string(f.ids["owner"]))
		req.Header.Set("SlashID-API-Key", f.keys["owner"][tenancy.Reader])
	}
	req.Header.Set("If-None-Match", etag)
	res, err := f.server.Client().Do(req)
	must(t, err)
	must(t, res.Body.Close())
	if res.StatusCode != http.StatusOK && res.StatusCode != http.StatusNotModified {
		t.Fatalf("%s: %d", path, res.StatusCode)
	}
	return res.Header, res.StatusCode
}

// age is how long a Cache-Control lets an answer be held.
func age(t *testing.T, value string) time.Duration {
	t.Helper()
	if value == "private, no-cache" {
		return 0
	}
	seconds, err := strconv.Atoi(strings.TrimPrefix(value, "private, max-age="))
	if err != nil || seconds > 60 {
		t.Fatalf("Cache-Control is %q", value)
	}
	return time.Duration(seconds) * time.Second
}
