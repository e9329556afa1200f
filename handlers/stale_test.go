package handlers_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"tenure/handlers"
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/history"
	"tenure/tenancy/tenancytest"
)

// outage is a family on a database that can go away.
type outage struct {
	*family
	gate    *dbtest.Gate
	on      target
	stale   *web.Stale
	handler http.Handler
}

// newOutage has a node that serves stale for so long; 0 for never.
func newOutage(t *testing.T, most time.Duration) *outage {
	t.Helper()
	gate := dbtest.NewGate(t)
	o := &outage{family: newFamilyOn(t, gate.DSN), gate: gate}
	o.on = o.small(t, "owner")
	if most > 0 {
		o.stale = &web.Stale{For: most}
	}
	o.handler = handlers.New(web.Config{Tenancy: o.Store, Log: zerolog.Nop(), Stale: o.stale}, o.stores)
	return o
}

// routesThat are the cells of a reader of the owner for the routes that serve stale, or do not.
func (o *outage) routesThat(stale bool) (cells []cell) {
	for _, route := range o.routes {
		if route.Stale == stale && !route.Open {
			cells = append(cells, cell{route: route, actor: "owner", role: tenancy.Reader, setupOwner: "owner"})
		}
	}
	return cells
}

// send asks a cell with the key of its role.
func (o *outage) send(c cell, header ...string) *httptest.ResponseRecorder {
	return o.sendAs(c, o.keys[c.actor][c.role], "", header...)
}

func (o *outage) sendAs(c cell, key, acting string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(c.route.Method, o.path(c, o.on), strings.NewReader(""))
	o.identify(r, c, o.on, key, acting)
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	if method := r.Header.Get("X-Method"); method != "" {
		r.Method = method
	}
	w := httptest.NewRecorder()
	o.handler.ServeHTTP(w, r)
	return w
}

// warm reads what all routes that serve stale read. The node has heard of its own changes
// before, which drop what they are about.
func (o *outage) warm(t *testing.T) {
	t.Helper()
	must(t, o.Log.Poll(context.Background(), o.DB))
	for _, c := range o.routesThat(true) {
		fresh(t, "at first", o.send(c))
	}
}

// shut polls, so that the age of what is known begins now, and takes the database away.
func (o *outage) shut(t *testing.T) {
	t.Helper()
	must(t, o.Log.Poll(context.Background(), o.DB))
	o.gate.Shut()
}

func fresh(t *testing.T, when string, got *httptest.ResponseRecorder) {
	t.Helper()
	if got.Code != http.StatusOK || got.Header().Get("Age") != "" || got.Header().Get("Warning") != "" {
		t.Errorf("%s: %d %v %s", when, got.Code, got.Header(), got.Body)
	}
}

// isStale: the answer says how old it is, and nobody may keep it.
func isStale(t *testing.T, when string, got *httptest.ResponseRecorder, status, age int) {
	t.Helper()
	h := got.Header()
	if got.Code != status || h.Get("Age") != fmt.Sprint(age) || h.Get("Warning") != `110 - "Response is Stale"` || h.Get("Cache-Control") != "no-store" {
		t.Errorf("%s: %d %v %s; want %d, %d s old", when, got.Code, h, got.Body, status, age)
	}
}

func unavailable(t *testing.T, when string, got *httptest.ResponseRecorder) {
	t.Helper()
	late := got.Code == http.StatusServiceUnavailable || got.Code == http.StatusGatewayTimeout && strings.Contains(when, "/reg") // as its page says
	if h := got.Header(); !late || h.Get("Retry-After") != "1" || h.Get("Age") != "" || h.Get("Warning") != "" {
		t.Errorf("%s: %d %v %s; want 503", when, got.Code, h, got.Body)
	}
}

// TestStaleByRoute goes through the list of routes: without the database those that read one client
// as it is now go on for readers, from memory, and nothing else does.
func TestStaleByRoute(t *testing.T) {
	o := newOutage(t, time.Hour)
	o.on.more(t, o.family, o.scope(t, "owner")) // what other routes are about
	o.warm(t)
	full := map[string]string{}
	for _, c := range o.routesThat(true) {
		full[c.route.Pattern] = o.send(c).Body.String()
	}
	o.shut(t)
	o.Clock.Advance(5 * time.Second)
	stale := o.routesThat(true)
	if len(stale) != 8 {
		t.Errorf("%d routes serve stale", len(stale))
	}
	tagged := 0
	for _, c := range stale {
		got := o.send(c)
		isStale(t, c.route.Pattern, got, http.StatusOK, 5)
		if got.Body.String() != full[c.route.Pattern] {
			t.Errorf("%s: the body is another one: %s", c.route.Pattern, got.Body)
		}
		tag := got.Header().Get("ETag")
		if got = o.send(c, "X-Method: HEAD"); got.Body.Len() > 0 || got.Header().Get("ETag") != tag {
			t.Errorf("HEAD %s: %v %s", c.route.Pattern, got.Header(), got.Body)
		}
		isStale(t, "HEAD "+c.route.Pattern, got, http.StatusOK, 5)
		if hydras := strings.Contains(c.route.Pattern, "/admin/"); hydras != (tag == "") { // Hydra has no tags
			t.Errorf("%s has the tag %q", c.route.Pattern, tag)
		} else if !hydras {
			tagged++
			isStale(t, c.route.Pattern+" with its tag", o.send(c, "If-None-Match: "+tag), http.StatusNotModified, 5)
		}
		for _, role := range tenancytest.Roles() {
			if role != tenancy.Reader {
				c.role = role
				unavailable(t, c.route.Pattern+" as "+string(role), o.send(c))
			}
		}
	}
	for _, c := range o.routesThat(false) {
		for _, role := range tenancytest.Roles() {
			c.role = role
			unavailable(t, c.route.Method+" "+c.route.Pattern+" as "+string(role), o.send(c))
		}
	}
	if got := o.stale.Answers(); got != uint64(2*len(stale)+tagged) {
		t.Errorf("%d answers are counted", got)
	}
}

// TestStaleAsksNothing: what memory has is answered without a look at the database, and so is what it
// does not have.
func TestStaleAsksNothing(t *testing.T) {
	o := newOutage(t, time.Hour)
	other := o.on // of which nobody has read anything
	o.on = o.small(t, "owner")
	o.warm(t)
	o.shut(t)
	o.Clock.Advance(5 * time.Second)
	cells := o.routesThat(true)
	isStale(t, "the first", o.send(cells[0]), http.StatusOK, 5) // looks for the database
	o.gate.Shut()
	for _, c := range cells {
		isStale(t, c.route.Pattern, o.send(c), http.StatusOK, 5)
	}
	o.on = other
	for _, c := range cells {
		unavailable(t, c.route.Pattern+" of a client that is not in memory", o.send(c))
	}
	if tried := o.gate.Tried(); tried >= len(cells) { // the driver itself may still take leave of lost connections
		t.Errorf("%d connections were tried", tried)
	}
}

// TestStaleIsOffByDefault: without the setting nothing is answered from memory that is not current.
func TestStaleIsOffByDefault(t *testing.T) {
	o := newOutage(t, 0)
	o.warm(t)
	o.shut(t)
	o.Clock.Advance(5 * time.Second)
	for _, c := range o.routesThat(true) {
		unavailable(t, c.route.Pattern, o.send(c))
	}
}

// TestStaleEnds: with the outage, and with its time.
func TestStaleEnds(t *testing.T) {
	o := newOutage(t, time.Minute)
	o.warm(t)
	o.shut(t)
	ask := func(when string, check func(when string, got *httptest.ResponseRecorder)) {
		t.Helper()
		for _, c := range o.routesThat(true) {
			check(c.route.Pattern+" "+when, o.send(c))
		}
	}
	stale := func(age int) func(string, *httptest.ResponseRecorder) {
		return func(when string, got *httptest.ResponseRecorder) { isStale(t, when, got, http.StatusOK, age) }
	}
	isFresh := func(when string, got *httptest.ResponseRecorder) { fresh(t, when, got) }
	o.Clock.Advance(time.Second)
	ask("while memory is young", isFresh)
	o.Clock.Advance(20 * time.Second)
	ask("without the database", stale(21))
	o.gate.Open()
	ask("before the node looks again", stale(21))
	o.Clock.Advance(history.PollEvery)
	ask("when it has looked", isFresh)

	o.shut(t)
	o.Clock.Advance(59*time.Second + 900*time.Millisecond)
	ask("before the end of its time", stale(59))
	o.Clock.Advance(200 * time.Millisecond)
	ask("past it", func(when string, got *httptest.ResponseRecorder) { unavailable(t, when, got) })
	if got, want := o.stale.Answers(), 3*len(o.routesThat(true)); got != uint64(want) {
		t.Errorf("%d answers are counted, want %d", got, want)
	}
}

// TestStaleNeverPassesAPlan: at the instant of a planned version, of the client or of its setup, the one
// before it is not shown any more.
func TestStaleNeverPassesAPlan(t *testing.T) {
	for _, planned := range []string{"client", "setup", "neither"} {
		t.Run(planned, func(t *testing.T) {
			o := newOutage(t, 2*time.Hour)
			owner, ctx := o.scope(t, "owner"), context.Background()
			ref := snapshots.Ref{Module: snapshots.DefaultModule, Setup: o.on.setup, Entity: o.on.client}
			if planned != "client" {
				must(t, snapshots.Withdraw[document.Client](ctx, o.stores.Snapshots, owner, ref, o.on.clientPlan))
			}
			if planned != "setup" {
				must(t, snapshots.Withdraw[document.Setup](ctx, o.stores.Snapshots, owner, snapshots.SetupRef(ref.Module, ref.Setup), o.on.setupPlan))
			}
			o.warm(t)
			o.shut(t)
			o.Clock.Advance(time.Hour - 10*time.Second)
			for _, c := range o.routesThat(true) {
				isStale(t, c.route.Pattern+" before the instant", o.send(c), http.StatusOK, 3590)
			}
			o.Clock.Advance(11 * time.Second)
			for _, c := range o.routesThat(true) {
				if planned == "neither" {
					isStale(t, c.route.Pattern, o.send(c), http.StatusOK, 3601)
				} else {
					unavailable(t, c.route.Pattern+" after the instant", o.send(c))
				}
			}
		})
	}
}

// TestStaleIsAsOfTheLastPoll: what another node changed before it is not shown as it was; what it changed
// after it is, with its age.
func TestStaleIsAsOfTheLastPoll(t *testing.T) {
	ctx := context.Background()
	o := newOutage(t, time.Hour)
	o.warm(t)
	d, log := dbtest.Open(t, o.gate.Direct, db.Options{}), history.New(o.Clock.Now, nil)
	log.AgeBy(o.Clock.Reading)
	must(t, log.Load(ctx, d))
	orgs, err := tenancy.Open(ctx, d, log, tenancy.NewIDs(nil))
	must(t, err)
	there, err := snapshots.Open(ctx, d, log, orgs.IDs(), snapshots.Options{})
	must(t, err)
	p, err := orgs.Authenticate(o.keys["owner"][tenancy.Admin])
	must(t, err)
	scope, err := orgs.Authorize(p, "", tenancy.WriteClients, "test", "")
	must(t, err)
	ref := snapshots.Ref{Module: snapshots.DefaultModule, Setup: o.on.setup, Entity: o.on.client}
	change := func(name string) {
		t.Helper()
		_, err := snapshots.Edit(ctx, there, scope, ref, clientChange(name, nil))
		must(t, err)
	}
	change("known")
	o.shut(t)
	change("since")
	o.Clock.Advance(5 * time.Second)
	for _, c := range o.routesThat(true) { // the feed has dropped the version before it
		unavailable(t, c.route.Pattern, o.send(c))
	}
	o.gate.Open()
	o.Clock.Advance(history.PollEvery)
	o.warm(t)
	o.shut(t)
	change("later")
	o.Clock.Advance(5 * time.Second)
	for _, c := range o.routesThat(true) {
		got := o.send(c)
		isStale(t, c.route.Pattern, got, http.StatusOK, 5)
		if !strings.HasSuffix(c.route.Pattern, "/ui-configuration") && !strings.Contains(got.Body.String(), `"since"`) {
			t.Errorf("%s: %s", c.route.Pattern, got.Body)
		}
	}
}

// TestStaleNeverOfARolledBackLog: once a node has heard that the log was rolled back, nothing that it has in
// memory is answered any more, with or without the database.
func TestStaleNeverOfARolledBackLog(t *testing.T) {
	o := newOutage(t, time.Hour)
	o.warm(t)
	o.shut(t)
	o.Clock.Advance(5 * time.Second)
	for _, c := range o.routesThat(true) {
		isStale(t, c.route.Pattern, o.send(c), http.StatusOK, 5)
	}
	_, err := dbtest.Open(t, o.gate.Direct, db.Options{}).Raw().Exec(`INSERT INTO installation (name, value) VALUES ('log-rolled-back', '{"seen":1000000}')`)
	must(t, err)
	o.gate.Open()
	o.Clock.Advance(history.PollEvery)
	for _, when := range []string{"with the database", "without it"} {
		for _, c := range o.routesThat(true) {
			if got := o.send(c); got.Code != http.StatusServiceUnavailable || got.Header().Get("Age") != "" {
				t.Errorf("%s %s: %d %v %s", c.route.Pattern, when, got.Code, got.Header(), got.Body)
			}
		}
		o.gate.Shut()
		o.Clock.Advance(5 * time.Second)
	}
}

// TestStaleAsksForNoLess: a revision that this node has not seen, another instant, and more requests than a
// key may make are refused as always.
func TestStaleAsksForNoLess(t *testing.T) {
	o := newOutage(t, time.Hour)
	o.handler = handlers.New(web.Config{Tenancy: o.Store, Log: zerolog.Nop(), Stale: o.stale,
		Rates: web.NewRateLimits(web.Rates{Key: 1}, o.Clock.Reading)}, o.stores)
	ask := func(c cell, header ...string) *httptest.ResponseRecorder {
		o.Clock.Advance(time.Second)
		return o.send(c, header...)
	}
	for _, c := range o.routesThat(true) {
		fresh(t, "at first", ask(c))
	}
	seen := o.Log.Revision().String()
	o.shut(t)
	o.Clock.Advance(5 * time.Second)
	for i, c := range o.routesThat(true) {
		name, age := c.route.Pattern, 6+4*i
		got := ask(c, "Tenure-At-Least: "+seen)
		isStale(t, name+" at the revision that is known", got, http.StatusOK, age)
		if got.Header().Get("Tenure-Revision") != seen {
			t.Errorf("%s: %v", name, got.Header())
		}
		isStale(t, name+" too often", o.send(c), http.StatusTooManyRequests, age)
		unavailable(t, name+" at a later revision", ask(c, "Tenure-At-Least: r"+strings.Repeat("z", 5)))
		got = ask(c, "Accept-Datetime: "+o.Clock.Reading().Add(-time.Minute).Format(http.TimeFormat))
		if got.Code != http.StatusForbidden {
			t.Errorf("%s at another instant: %d %s", name, got.Code, got.Body)
		}
		isStale(t, name+" again", ask(c), http.StatusOK, age+3)
	}
}

// TestNothingIsStaleOnSQLite: memory is exact there, whatever becomes of the file, and says so.
func TestNothingIsStaleOnSQLite(t *testing.T) {
	f := newFamily(t)
	stale := &web.Stale{For: time.Hour}
	o := &outage{family: f, on: f.small(t, "owner"), stale: stale,
		handler: handlers.New(web.Config{Tenancy: f.Store, Log: zerolog.Nop(), Stale: stale}, f.stores)}
	o.warm(t)
	must(t, o.DB.Close())
	o.Clock.Advance(5 * time.Second)
	for _, c := range o.routesThat(true) {
		fresh(t, c.route.Pattern, o.send(c))
	}
}

// TestStaleCostsNothing: with the setting, an answer that is current takes as much as without it.
func TestStaleCostsNothing(t *testing.T) {
	o := newOutage(t, 0)
	o.warm(t)
	without := o.handler
	with := handlers.New(web.Config{Tenancy: o.Store, Log: zerolog.Nop(), Stale: &web.Stale{For: time.Hour}}, o.stores)
	for _, c := range o.routesThat(true) {
		takes := func(handler http.Handler) float64 {
			o.handler = handler
			return testing.AllocsPerRun(100, func() { o.send(c) })
		}
		if off, on := takes(without), takes(with); on > off {
			t.Errorf("%s: %.0f allocations, %.0f without", c.route.Pattern, on, off)
		}
	}
}
