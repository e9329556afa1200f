package api_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"tenure/handlers/api"
	"tenure/handlers/web"
	"tenure/handlers/web/webtest"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/snapshots/document/documenttest"
	"tenure/tenancy"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/fault"
	"tenure/tenancy/fault/faulttest"
	"tenure/tenancy/history"
	"tenure/tenancy/tenancytest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

var ctx = context.Background()

// fixture is the surface over a real installation.
type fixture struct {
	*tenancytest.World
	snapshots *snapshots.Store
	handler   http.Handler
	log       bytes.Buffer
}

func newFixture(t *testing.T, dsn string) *fixture {
	t.Helper()
	f := &fixture{World: tenancytest.New(t, dsn)}
	var err error
	if f.snapshots, err = snapshots.Open(ctx, f.DB, f.Log, f.Store.IDs(), snapshots.Options{}); err != nil {
		t.Fatal(err)
	}
	must(t, f.snapshots.CreateModule(ctx, f.Store.Operator("test"), snapshots.DefaultModule))
	f.handler = web.New(web.Config{Tenancy: f.Store, Log: zerolog.New(&f.log)}, []web.Surface{f.surface()})
	return f
}

func (f *fixture) surface() web.Surface {
	return api.New(api.Deps{Tenancy: f.Store, Snapshots: f.snapshots, Held: web.NewFresh(0)})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// setup makes a setup that org owns.
func (f *fixture) setup(t *testing.T, org tenancy.OrgID) snapshots.EntityID {
	t.Helper()
	out, err := f.snapshots.CreateSetup(ctx, f.Scope(t, org, tenancy.Admin), snapshots.DefaultModule, snapshots.Change[document.Setup]{
		Apply: func(*document.Setup, *document.Setup) (*document.Setup, error) {
			s := documenttest.FullSetup()
			return &s, nil
		}})
	must(t, err)
	return out.Resolved.Entity.ID
}

// client makes a client of a setup that owner owns.
func (f *fixture) client(t *testing.T, setup snapshots.EntityID, owner tenancy.OrgID) snapshots.EntityID {
	t.Helper()
	secret, err := f.snapshots.GenerateSecret("a-secret-of-the-shop")
	must(t, err)
	made, err := f.snapshots.CreateClient(ctx, f.Scope(t, owner, tenancy.Admin),
		snapshots.NewClient{Module: snapshots.DefaultModule, Setup: setup, ClientID: "shop", Surface: "test"},
		snapshots.Change[document.Client]{Secret: secret, Apply: func(*document.Client, *document.Setup) (*document.Client, error) {
			return &document.Client{ClientName: "shop"}, nil
		}})
	must(t, err)
	return made.Entity.ID
}

// variables are what the scripts may name: organizations, <org>_<role> and
// <org>_<role>_id for their keys, and what is made here.
func (f *fixture) variables(t *testing.T) map[string]string {
	t.Helper()
	vars := map[string]string{
		"root": string(f.Root), "north": string(f.North), "south": string(f.South), "harbour": string(f.Harbour),
		"unknown": "5f0c8c4e-0000-4000-8000-000000000000",
		"big":     strings.Repeat("x", web.MaxBody),
	}
	for name, org := range map[string]tenancy.OrgID{"root": f.Root, "north": f.North, "south": f.South, "harbour": f.Harbour} {
		for _, role := range tenancytest.Roles() {
			vars[name+"_"+string(role)], vars[name+"_"+string(role)+"_id"] = f.Key(org, role), f.KeyID(org, role)
		}
	}
	soon := history.Micros(f.Clock.Now().Add(time.Hour).UnixMicro())
	_, vars["expired"] = f.MustKey(t, tenancy.NewKey{Org: f.Root, Name: "expired", Role: tenancy.Admin, ExpiresAt: soon})
	f.Clock.Advance(time.Hour)
	northSetup, southSetup := f.setup(t, f.North), f.setup(t, f.South)
	vars["north_setup"], vars["south_setup"] = string(northSetup), string(southSetup)
	vars["shop"] = string(f.client(t, northSetup, f.Harbour))
	return vars
}

func TestScripts(t *testing.T) {
	webtest.RunDir(t, "../../testdata/api", func(t *testing.T) (http.Handler, map[string]string) {
		f := newFixture(t, dbtest.SQLite(t))
		vars := f.variables(t)
		f.log.Reset()
		t.Cleanup(func() {
			f.Check(t)
			for name, value := range vars {
				if strings.HasPrefix(value, tenancy.KeyPrefix) && strings.Contains(f.log.String(), value) {
					t.Errorf("the key %s is in the log", name)
				}
			}
		})
		return f.handler, vars
	})
}

// TestDepth is not a script: it needs a chain of organizations.
func TestDepth(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	vars := map[string]string{"root_admin": f.Key(f.Root, tenancy.Admin), "north": string(f.North),
		"deepest": string(f.MustChain(t, f.Root, tenancy.MaxDepth-1))}
	webtest.Run(t, f.handler, "../../testdata/api/depth/depth.txtar", vars)
}

// TestEveryKindIsSpelled: no kind of fault lacks a row, and the text of an
// internal one is never shown.
func TestEveryKindIsSpelled(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	for _, kind := range faulttest.Kinds() {
		reply := f.surface().Error(&web.Call{}, fault.Wrap(errors.New("wrapped: SELECT"), kind, "a-code", "the message"))
		if reply == nil || reply.Status < 400 || reply.ContentType != "application/problem+json" {
			t.Errorf("%s: %+v", kind, reply)
			continue
		}
		body := string(reply.Body)
		if strings.Contains(body, "SELECT") || strings.Contains(body, "the message") == (kind == fault.Internal) {
			t.Errorf("%s: %s", kind, body)
		}
		if !strings.Contains(body, fmt.Sprintf(`"type":"/problems/%s"`, kind)) || strings.Contains(body, `"title":""`) {
			t.Errorf("%s: %s", kind, body)
		}
	}
}

// TestAFailingStoreShowsNothing: no word of a driver reaches a caller.
func TestAFailingStoreShowsNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		f := newFixture(t, dsn)
		vars := map[string]string{"root_admin": f.Key(f.Root, tenancy.Admin), "root": string(f.Root), "north": string(f.North), "id": f.KeyID(f.South, tenancy.Reader)}
		must(t, f.DB.Close())
		webtest.Run(t, f.handler, "../../testdata/api/failing/failing.txtar", vars)
	})
}

// TestHistoryKnowsWhy: a change through this surface carries who made it, for
// whom, and the reason given.
func TestHistoryKnowsWhy(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	r := httptest.NewRequest("PATCH", "/v1/organizations/"+string(f.Harbour), strings.NewReader(`{"name": "port"}`))
	r.Header.Set("Authorization", "Bearer "+f.Key(f.Root, tenancy.Admin))
	r.Header.Set("Tenure-Org", string(f.North))
	r.Header.Set("Tenure-Reason", "ticket 7, Grüße")
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, r)
	events := f.Events(t)
	e := events[len(events)-1]
	if w.Code != 200 || e.Kind != "organization.renamed" || e.Object != string(f.Harbour) || e.Actor != "key:"+f.KeyID(f.Root, tenancy.Admin) ||
		e.ActingOrg != string(f.North) || e.Surface != "api" || e.Reason != "ticket 7, Grüße" {
		t.Errorf("%d: %+v", w.Code, e)
	}
}

// TestBothEngines runs the scripts of the good cases on PostgreSQL as well.
func TestBothEngines(t *testing.T) {
	for _, name := range []string{"organizations", "keys", "modules", "policy", "initial_tokens", "secrets", "history", "journal", "reasons", "reads"} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, dbtest.Postgres(t))
			webtest.Run(t, f.handler, "../../testdata/api/"+name+".txtar", f.variables(t))
			f.Check(t)
		})
	}
}
