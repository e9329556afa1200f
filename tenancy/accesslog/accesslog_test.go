package accesslog_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tenure/jwk/jwktest"
	"tenure/tenancy"
	"tenure/tenancy/accesslog"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/history"
	"tenure/tenancy/tenancytest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

type told struct {
	history.Entry
	Count     int64
	Since     string
	Until     string
	Addresses []string
	Requests  []struct {
		accesslog.Request
		Count int64
	}
	Others bool
}

// world is an installation with a log of accesses.
type world struct {
	*tenancytest.World
	log   *accesslog.Log
	scope tenancy.Scope
	key   tenancy.Principal
}

func each(t *testing.T, fn func(*testing.T, *world)) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		w := &world{World: tenancytest.New(t, dsn)}
		w.log = accesslog.New(w.DB, w.Log.Now, func() string { return string(w.Root) })
		w.scope = w.Scope(t, w.Root, tenancy.Auditor)
		w.key, _ = w.Store.Authenticate(w.Key(w.Harbour, tenancy.Editor))
		fn(t, w)
	})
}

// take flushes and returns the events since the last time; the database must be sound.
func (w *world) take(t *testing.T, all bool) (events []told) {
	t.Helper()
	after := w.Store.LogSize() - 1
	if err := w.log.Flush(context.Background(), all); err != nil {
		t.Fatal(err)
	}
	page, err := w.Store.Journal(context.Background(), w.scope, tenancy.Query{Access: true, After: after, Limit: 1500})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range page.Events {
		one := told{Entry: e}
		if err := json.Unmarshal(page.Details[e.Index], &one); err != nil {
			t.Fatalf("%s: %v", page.Details[e.Index], err)
		}
		events = append(events, one)
	}
	if changes, err := w.Store.Journal(context.Background(), w.scope, tenancy.Query{After: after, Limit: 10}); err != nil || len(changes.Events) > 0 {
		t.Fatalf("accesses among the changes: %+v, %v", changes.Events, err)
	}
	if err := w.DB.View(context.Background(), func(c *db.Conn) error {
		for _, check := range []func(*db.Conn) ([]string, error){history.Check, tenancy.Check} {
			if problems, err := check(c); err != nil || len(problems) > 0 {
				t.Fatal(problems, err)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return events
}

func (w *world) refused(address, route string) accesslog.Access {
	return accesslog.Access{Kind: history.AccessRefused, Key: w.key.KeyID, Org: string(w.key.Org), Acting: string(w.key.Org), Surface: "tenure",
		Address: address, Request: accesslog.Request{Method: "PUT", Route: route, Status: 403}}
}

// TestRefusalsAreToldOnceAMinute: what one key was refused in a minute is one event, with
// all that it asked; the next minute has another.
func TestRefusalsAreToldOnceAMinute(t *testing.T) {
	listed := jwktest.Limit(t, "Requests", "addresses and different requests in the detail of such an event")
	addresses, requests := listed[0], listed[1]
	each(t, func(t *testing.T, w *world) {
		for i := range 2 * (requests + 5) {
			w.log.Note(w.refused(fmt.Sprintf("192.0.2.%d", i%(addresses+2)), fmt.Sprintf("/v1/%d", i%(requests+5))))
		}
		if early := w.take(t, false); len(early) > 0 {
			t.Fatalf("told before the minute is over: %+v", early)
		}
		w.Clock.Advance(time.Minute)
		got := w.take(t, false)
		if len(got) != 1 {
			t.Fatalf("%d events", len(got))
		}
		e := got[0]
		if e.Kind != history.AccessRefused || e.ObjectKind != history.ObjectKey || e.Object != w.key.KeyID || e.Org != string(w.Harbour) ||
			e.Actor != "key:"+w.key.KeyID || e.ActingOrg != string(w.Harbour) || e.Surface != "tenure" ||
			e.Count != int64(2*(requests+5)) || len(e.Addresses) != addresses || len(e.Requests) != requests || e.Requests[0].Count != 2 || e.Requests[0].Status != 403 || e.Since > e.Until {
			t.Errorf("%+v", e)
		}
		w.log.Note(w.refused("192.0.2.1", "/v1/1"))
		if got := w.take(t, true); len(got) != 1 || got[0].Count != 1 {
			t.Errorf("the next minute: %+v", got)
		}
		if got := w.take(t, true); len(got) != 0 {
			t.Errorf("told again: %+v", got)
		}
	})
}

// TestReadingsAreToldAtOnceAndThenOnceAnHour: nobody reads for an hour without a trace.
func TestReadingsAreToldAtOnceAndThenOnceAnHour(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		read := w.refused("192.0.2.1", "/v1/history")
		read.Kind, read.Request.Status = history.HistoryRead, 200
		w.log.Note(read)
		if got := w.take(t, false); len(got) != 1 || got[0].Count != 1 {
			t.Fatalf("the first: %+v", got)
		}
		for range 7 {
			w.log.Note(read)
		}
		w.Clock.Advance(59 * time.Minute)
		if got := w.take(t, false); len(got) != 0 {
			t.Fatalf("within the hour: %+v", got)
		}
		w.Clock.Advance(time.Minute)
		if got := w.take(t, false); len(got) != 1 || got[0].Count != 7 {
			t.Errorf("after it: %+v", got)
		}
	})
}

// TestWhoPresentsNoKey: a key that was revoked is told of to its organization, whatever
// else was presented to the root, by address.
func TestWhoPresentsNoKey(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		revoked := w.Key(w.Harbour, tenancy.Editor)
		admin := w.Scope(t, w.Root, tenancy.Admin)
		if err := w.Store.RevokeKey(context.Background(), admin, w.key.KeyID); err != nil {
			t.Fatal(err)
		}
		note := func(key, address string) {
			w.log.Note(accesslog.Access{Kind: history.SignInRefused, Presented: tenancy.Presented(key), Surface: "tenure", Address: address,
				Request: accesslog.Request{Method: "GET", Route: "/v1/clients", Status: 401}})
		}
		for i := range 30 {
			note(fmt.Sprintf("%sguess%d", tenancy.KeyPrefix, i), "192.0.2.1")
		}
		note("no key at all", "192.0.2.1")
		note("", "192.0.2.2")
		note(revoked, "192.0.2.3")
		got := w.take(t, true)
		if len(got) != 3 {
			t.Fatalf("%d events: %+v", len(got), got)
		}
		slices.SortFunc(got, func(a, b told) int { return int(b.Count - a.Count) })
		for i, want := range []struct {
			count         int64
			object, actor string
			org           tenancy.OrgID
		}{{31, history.ObjectInstallation, "anonymous:192.0.2.1", w.Root}, {1, history.ObjectInstallation, "anonymous:192.0.2.2", w.Root}, {1, w.key.KeyID, "anonymous:192.0.2.3", w.Harbour}} {
			if i > 0 && got[1].Object == w.key.KeyID {
				got[1], got[2] = got[2], got[1]
			}
			if e := got[i]; e.Count != want.count || e.Object != want.object || e.Actor != want.actor || e.Org != string(want.org) {
				t.Errorf("%+v, want %+v", e, want)
			}
		}
	})
}

// TestManyCallersNeedLittle: of more callers than a node counts, the rest is one event.
func TestManyCallersNeedLittle(t *testing.T) {
	most := jwktest.Limit(t, "Requests", "callers whose accesses (`access.*`) a node counts at once")[0]
	each(t, func(t *testing.T, w *world) {
		for i := range most + 500 {
			w.log.Note(accesslog.Access{Kind: history.SignInRefused, Presented: sha256.Sum256(fmt.Append(nil, i)), Address: fmt.Sprint("caller ", i), Surface: "tenure"})
		}
		got := w.take(t, true)
		sum := int64(0)
		for _, e := range got {
			sum += e.Count
		}
		others := slices.IndexFunc(got, func(e told) bool { return e.Others })
		if sum != int64(most+500) || len(got) != most+1 || others < 0 || got[others].Count != 500 || len(got[others].Addresses) > 0 {
			t.Errorf("%d events of %d accesses; the others %d", len(got), sum, others)
		}
	})
}

// TestBefore: an export is recorded by itself, at once, with its path.
func TestBefore(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a := w.refused("192.0.2.1", "/v1/history")
		most := jwktest.Limit(t, "Requests", "the path with its query in such an event")[0]
		whole := "/v1/history?format=csv&actor=" + strings.Repeat("x", most)
		a.Kind, a.Request.Status, a.Request.Path = history.Exported, 200, whole
		size := w.Store.LogSize()
		for range 2 {
			if err := w.log.Before(context.Background(), a); err != nil {
				t.Fatal(err)
			}
		}
		if w.Store.LogSize() != size+2 {
			t.Errorf("%d events", w.Store.LogSize()-size)
		}
		page, err := w.Store.Journal(context.Background(), w.scope, tenancy.Query{Kinds: []history.Kind{history.Exported}, After: -1, Limit: 10})
		if err != nil || len(page.Events) != 2 {
			t.Fatalf("%+v, %v", page, err)
		}
		var e told
		if err := json.Unmarshal(page.Details[page.Events[0].Index], &e); err != nil || e.Requests[0].Path != whole[:most] || e.Count != 1 {
			t.Errorf("%s, %v", page.Details[page.Events[0].Index], err)
		}
	})
}

// TestWhatCannotBeWrittenStays: a database that refuses loses no count.
func TestWhatCannotBeWrittenStays(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		read := w.refused("192.0.2.1", "/v1/history")
		read.Kind = history.HistoryRead
		w.log.Note(read)
		w.log.Note(w.refused("192.0.2.1", "/v1/1"))
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		if err := w.log.Flush(ended, true); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		w.log.Note(w.refused("192.0.2.2", "/v1/2"))
		got := w.take(t, true)
		if len(got) != 2 || got[0].Count+got[1].Count != 3 {
			t.Errorf("%+v", got)
		}
	})
}

// TestKinds: each kind of an access is one that history lists.
func TestKinds(t *testing.T) {
	n := 0
	for _, kind := range history.Kinds() {
		if kind.IsAccess() {
			n++
		}
	}
	if n != 5 {
		t.Errorf("%d kinds", n)
	}
	var none *accesslog.Log
	none.Note(accesslog.Access{})
	if none.Before(context.Background(), accesslog.Access{}) != nil || none.Flush(context.Background(), true) != nil {
		t.Error("a nil log does something")
	}
}
