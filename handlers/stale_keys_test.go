package handlers_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"tenure/snapshots"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/history"
)

// otherNode is another node on the database, which has no gate, and a scope of root's there.
func (o *outage) otherNode(t *testing.T) (*tenancy.Store, tenancy.Scope) {
	t.Helper()
	ctx, d, log := context.Background(), dbtest.Open(t, o.gate.Direct, db.Options{}), history.New(o.Clock.Now, nil)
	log.AgeBy(o.Clock.Reading)
	must(t, log.Load(ctx, d))
	store, err := tenancy.Open(ctx, d, log, tenancy.NewIDs(nil))
	must(t, err)
	p, err := store.Authenticate(o.keys["root"][tenancy.Admin])
	must(t, err)
	scope, err := store.Authorize(p, "", tenancy.Administer, "test", "")
	must(t, err)
	return store, scope
}

// TestStaleCredentials: keys end as always, also those that end while the database is gone. What memory does
// not have may be new.
func TestStaleCredentials(t *testing.T) {
	ctx := context.Background()
	o := newOutage(t, time.Hour)
	reader := func(name string, ends history.Micros) (id, text string) {
		k, text := o.MustKey(t, tenancy.NewKey{Org: o.ids["owner"], Name: name, Role: tenancy.Reader, ExpiresAt: ends})
		return k.ID, text
	}
	_, ending := reader("ending", o.Log.Now()+history.Micros(time.Minute.Microseconds()))
	idHere, endedHere := reader("revoked here", 0)
	idThere, endedThere := reader("revoked at another node", 0)
	idLate, endedLate := reader("revoked there after the last poll", 0)
	gone := o.MustOrg(t, o.ids["owner"], "gone")
	_, ofGone := o.MustKey(t, tenancy.NewKey{Org: gone, Name: "of a deleted organization", Role: tenancy.Reader})
	other, root := o.otherNode(t)
	must(t, o.Store.RevokeKey(ctx, o.scope(t, "root"), idHere))
	must(t, other.RevokeKey(ctx, root, idThere))
	must(t, o.Store.DeleteOrganization(ctx, o.scope(t, "root"), gone, false, snapshots.Contents()))
	o.warm(t)
	o.shut(t)
	must(t, other.RevokeKey(ctx, root, idLate))
	_, unknown, err := other.CreateKey(ctx, root, tenancy.NewKey{Org: o.ids["owner"], Name: "new", Role: tenancy.Reader})
	must(t, err)
	founded, err := other.CreateOrganization(ctx, root, o.ids["owner"], "new")
	must(t, err)
	o.Clock.Advance(5 * time.Second)
	for _, c := range o.routesThat(true) {
		name := c.route.Pattern
		isStale(t, name+": not yet at its end", o.sendAs(c, ending, ""), http.StatusOK, 5)
		isStale(t, name+": revoked at this node", o.sendAs(c, endedHere, ""), http.StatusUnauthorized, 5)
		isStale(t, name+": revoked at another node", o.sendAs(c, endedThere, ""), http.StatusUnauthorized, 5)
		isStale(t, name+": of a deleted organization", o.sendAs(c, ofGone, ""), http.StatusUnauthorized, 5)
		isStale(t, name+": no key at all", o.sendAs(c, "key", ""), http.StatusUnauthorized, 5)
		isStale(t, name+": revoked since", o.sendAs(c, endedLate, ""), http.StatusOK, 5)
		unavailable(t, name+": made since", o.sendAs(c, unknown, ""))
		unavailable(t, name+": for an organization made since", o.sendAs(c, o.keys["owner"][tenancy.Reader], string(founded.ID)))
		outside := http.StatusForbidden
		if bySlashID(c.route) {
			outside = http.StatusUnauthorized
		}
		isStale(t, name+": for an organization above", o.sendAs(c, o.keys["owner"][tenancy.Reader], string(o.ids["parent"])), outside, 5)
	}
	o.Clock.Advance(time.Minute)
	for _, c := range o.routesThat(true) {
		isStale(t, c.route.Pattern+": past its end", o.sendAs(c, ending, ""), http.StatusUnauthorized, 65)
	}
	o.gate.Open()
	o.Clock.Advance(history.PollEvery)
	for _, c := range o.routesThat(true) {
		fresh(t, c.route.Pattern+": of the new key", o.sendAs(c, unknown, ""))
		if got := o.sendAs(c, endedLate, ""); got.Code != http.StatusUnauthorized {
			t.Errorf("%s: revoked meanwhile: %d", c.route.Pattern, got.Code)
		}
	}
}
