package api_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"tenure/handlers/web"
	"tenure/jwk/jwktest"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/history"
)

// planned is what a test reads of a plan.
type planned struct {
	Level   string
	Clients struct {
		Count int
		Exact bool
		Named []struct {
			EntityID string `json:"entity_id"`
			ClientID string `json:"client_id"`
			Level    string
			Changes  []struct{ Path string }
		}
	}
}

// plans asks for the plan of a change of a setup.
func (f *fixture) plans(t *testing.T, setup snapshots.EntityID, body string) (p planned) {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "/v1/setups/"+string(setup)+"/snapshots:plan", strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+f.Key(f.North, tenancy.Admin))
	f.handler.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	must(t, json.Unmarshal(w.Body.Bytes(), &p))
	return p
}

// TestThePlanCountsWhoChanges: of many clients that each set some members themselves, now
// or by a plan, a setup's plan names those whose configuration in force differs when it
// takes effect, and no other.
func TestThePlanCountsWhoChanges(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		f := newFixture(t, dsn)
		setup := f.setup(t, f.North)
		admin := f.Scope(t, f.North, tenancy.Admin)
		random := rand.New(rand.NewPCG(1, 2))
		own := func() document.Client {
			doc := document.Client{ClientName: "c"}
			if random.IntN(2) == 0 {
				doc.GrantTypes = [][]string{{"client_credentials"}, {}}[random.IntN(2)]
			}
			if random.IntN(2) == 0 {
				doc.ForceReauthentication = document.FlagOf(random.IntN(2) == 0)
			}
			for _, ttl := range []*document.Lifetime{&doc.AccessTokenTTL, &doc.RefreshTokenTTL, &doc.IDTokenTTL, &doc.PersistedConsentTTL} {
				if random.IntN(2) == 0 {
					span := int64(60 + random.IntN(2))
					*ttl = &span
				}
			}
			return doc
		}
		at := f.Log.Now().Millis() + 3_600_000
		clients := map[string]snapshots.Entity{}
		for i := range 40 {
			f.Clock.Advance(10 * time.Millisecond)
			made, err := f.snapshots.CreateClient(ctx, admin, snapshots.NewClient{Module: snapshots.DefaultModule, Setup: setup,
				ClientID: fmt.Sprintf("c%02d", i), Surface: "test", Owner: []tenancy.OrgID{f.North, f.Harbour}[i%2]}, makes(own()))
			must(t, err)
			if i%5 == 0 { // a plan before or after the setup's
				when := at + []history.Millis{-1_000_000, 1_000_000}[i%10/5]
				change := makes(own())
				change.ValidFrom = &when
				_, err = snapshots.Edit(ctx, f.snapshots, admin, made.Entity.Ref(), change)
				must(t, err)
			}
			if i%7 == 6 {
				must(t, snapshots.Delete[document.Client](ctx, f.snapshots, admin, made.Entity.Ref(), nil))
				continue
			}
			clients[string(made.Entity.ID)] = made.Entity
		}
		acts := func(e snapshots.Entity, at history.Millis) document.Client {
			found, err := snapshots.Resolve[document.Client](ctx, f.snapshots, admin, snapshots.ByRef(e.Ref()), snapshots.Instant{At: &at})
			must(t, err)
			return document.Effective(found.Content, found.Setup.Content)
		}
		for n, merge := range []string{`{"access_token_ttl": 60}`, `{"refresh_token_ttl": null, "id_token_ttl": 3604}`, `{"force_reauthentication": false}`,
			`{"grant_types": ["client_credentials"], "persisted_consent_ttl": 61}`, `{"grant_types": null}`, `{"name": "other", "scope_policy_refresh_token": null}`} {
			at := at + history.Millis(n) // each on top of the one before
			body := fmt.Sprintf(`{"merge": %s, "effective_from": %q`, merge, at.Time().Format("2006-01-02T15:04:05.000Z"))
			plan := f.plans(t, setup, body+"}")
			w := httptest.NewRecorder()
			r := httptest.NewRequest("POST", "/v1/setups/"+string(setup)+"/snapshots", strings.NewReader(body+"}"))
			r.Header.Set("Authorization", "Bearer "+f.Key(f.North, tenancy.Admin))
			if f.handler.ServeHTTP(w, r); w.Code != http.StatusOK {
				t.Fatalf("%s: %d %s", merge, w.Code, w.Body)
			}
			named := map[string]bool{}
			for _, one := range plan.Clients.Named {
				named[one.EntityID] = true
			}
			if !plan.Clients.Exact || plan.Clients.Count != len(named) {
				t.Errorf("%s: %+v", merge, plan.Clients)
			}
			for id, e := range clients {
				before, after := acts(e, at-1), acts(e, at)
				if changed := document.Changed(&before, &after); named[id] != (len(changed) > 0) {
					t.Errorf("%s: %s is named: %t, changes in %v", merge, e.ClientID, named[id], changed)
				}
				delete(named, id)
			}
			if len(named) > 0 {
				t.Errorf("%s: names what is not there: %v", merge, named)
			}
		}
	})
}

// TestAPlanReadsClientsInPages: a setup's plan reads its clients 500 at a time, up to the
// limit, and says where there are more; without a change of what is inherited it reads
// none.
func TestAPlanReadsClientsInPages(t *testing.T) {
	most := jwktest.Limit(t, "Requests", "clients that a plan of a setup or a resource server reads")[0]
	most2 := jwktest.Limit(t, "Requests", "clients that such a plan names")[0]
	f := newFixture(t, dbtest.SQLite(t))
	setup := f.setup(t, f.North)
	asked := 0
	f.Options = db.Options{Asked: func(string, int) { asked++ }}
	reopen := func() {
		var err error
		f.Reopen(t)
		f.snapshots, err = snapshots.Open(ctx, f.DB, f.Log, f.Store.IDs(), snapshots.Options{})
		must(t, err)
		f.handler = web.New(web.Config{Tenancy: f.Store, Log: zerolog.Nop()}, []web.Surface{f.surface()})
	}
	reopen()
	own := int64(60)
	inherits, sets := document.Encode(&document.Client{ClientName: "c"}), document.Encode(&document.Client{ClientName: "c", AccessTokenTTL: &own})
	fill := func(from, to int) { // without events: the check is not for this test
		t.Helper()
		const n = "WITH RECURSIVE n (i) AS (SELECT CAST(? AS INTEGER) UNION ALL SELECT i + 1 FROM n WHERE i < ?) INSERT INTO "
		for _, insert := range []struct {
			query string
			args  []any
		}{
			{"entity SELECT printf('%032x', i), 'client', ?, ?, printf('c%05d', i), 1, ?, 'test', 1 FROM n", []any{snapshots.DefaultModule, setup, f.North}},
			{"snapshot SELECT ?, ?, printf('%032x', i), 1, 1, printf('%032x', i + 1000000), 'content', '', zeroblob(32), 0, 1 FROM n", []any{snapshots.DefaultModule, setup}},
			{"snapshot_body SELECT printf('%032x', i + 1000000), zeroblob(32), CASE WHEN i % 2 = 0 THEN ? ELSE ? END FROM n", []any{string(inherits), string(sets)}},
		} {
			_, err := f.DB.Raw().Exec(n+insert.query, append([]any{from, to}, insert.args...)...)
			must(t, err)
		}
	}
	fill(1, most)
	const shorter = `{"merge": {"access_token_ttl": 300}`
	for _, step := range []struct {
		body  string
		exact bool
		pages int
	}{
		{shorter + `, "effective_from": "2036-01-01T00:00:00Z"}`, true, most / 500},
		{shorter + "}", true, most / 500},
		{`{"merge": {"comment": "x"}}`, true, 0},
		{"", true, 0}, // one client more
		{shorter + "}", false, most / 500},
	} {
		if step.body == "" {
			fill(most+1, most+2)
			reopen() // what it had read of the setup is out of date
			continue
		}
		asked = 0
		started := time.Now()
		plan := f.plans(t, setup, step.body)
		t.Logf("%s: %d statements, %s", step.body, asked, time.Since(started).Round(time.Millisecond))
		count := most / 2
		if step.pages == 0 {
			count = 0
		}
		c := plan.Clients
		if c.Count != count || c.Exact != step.exact || len(c.Named) != min(count, most2) {
			t.Errorf("%s: %d, %t, %d named; want %d, %t", step.body, c.Count, c.Exact, len(c.Named), count, step.exact)
		}
		if count > 0 && (c.Named[0].ClientID != "c00002" || len(c.Named[0].Changes) != 1 || c.Named[0].Changes[0].Path != "/access_token_ttl") {
			t.Errorf("%s: %+v", step.body, c.Named[0])
		}
		if limit := 6*step.pages + 20; asked > limit {
			t.Errorf("%s: %d statements, at most %d", step.body, asked, limit)
		}
	}
}
