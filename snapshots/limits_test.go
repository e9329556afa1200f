package snapshots_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"tenure/jwk/jwktest"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/snapshots/snapshotstest"
	"tenure/tenancy"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/fair"
	"tenure/tenancy/fault"
	"tenure/tenancy/text"
)

// TestMetadataLimits tries every row of docs/limits.md's table of metadata from
// both sides, and each trial has a row.
func TestMetadataLimits(t *testing.T) {
	type client = document.Client
	doc := func(level document.Level) func(c client) []fault.Field {
		return func(c client) []fault.Field {
			return document.Validate(document.ClientRules(), document.Input[client]{Next: &c, Level: level})
		}
	}
	lax, own := doc(document.ByAdministrator), doc(document.ByTenure)
	x := func(n int) string { return strings.Repeat("x", n) }
	seconds := func(n int64) document.Lifetime { return &n }
	reason := func(s string) []fault.Field {
		if f := text.Check(text.Reason, s); f != nil {
			return []fault.Field{{Rule: f.Rule}}
		}
		return nil
	}
	deep := func(n int) document.JSON { return document.JSON(strings.Repeat("[", n) + strings.Repeat("]", n)) }
	trials := map[string][][2][]fault.Field{
		"a whole document, as it is stored": {{lax(client{ClientName: x(256 << 10), Comment: x(255 << 10)}), lax(client{ClientName: x(256 << 10), Comment: x(256 << 10)})}},
		"items of a list":                   {{lax(client{Contacts: strings.Split(x(1000), "")}), lax(client{Contacts: strings.Split(x(1001), "")})}},
		"an address":                        {{lax(client{LogoURI: "https://a.example/" + x(8192-18)}), lax(client{LogoURI: "https://a.example/" + x(8193-18)})}},
		"a text of one line, a word":        {{lax(client{SoftwareID: x(8192), SubjectType: x(8192)}), lax(client{SoftwareID: x(8193)})}},
		"`client_name`, `owner`, `comment`, `software_description`, a localized text, custom claims": {
			{lax(client{ClientName: x(256 << 10)}), lax(client{ClientName: x(256<<10 + 1)})}, {lax(client{OwnerLabel: x(256 << 10)}), lax(client{OwnerLabel: x(256<<10 + 1)})},
			{lax(client{Comment: x(256 << 10)}), lax(client{Comment: x(256<<10 + 1)})}, {lax(client{SoftwareDescription: x(256 << 10)}), lax(client{SoftwareDescription: x(256<<10 + 1)})},
			{lax(client{Localized: []document.Localized{{Name: "a", Value: x(256 << 10)}}}), lax(client{Localized: []document.Localized{{Name: "a", Value: x(256<<10 + 1)}}})}},
		"a `client_id`": {{document.CheckClientID(x(255), false), document.CheckClientID(x(256), false)}},
		"the name of an organization, a key or an initial token": {{tenancy.CheckName("/name", x(255)), tenancy.CheckName("/name", x(256))}},
		"free metadata": {{lax(client{FreeMetadata: deep(32)}), lax(client{FreeMetadata: deep(33)})},
			{lax(client{FreeMetadata: document.JSON(`"` + x(64<<10-2) + `"`)}), lax(client{FreeMetadata: document.JSON(`"` + x(64<<10-1) + `"`)})}},
		"a reason": {{reason(x(1000)), reason(x(1001))}, {reason("a b c"), reason("a b")}},
		"a chosen `client_secret`, at least": {{snapshots.CheckSecret("averylongsecret1"), snapshots.CheckSecret("averylongsecret")},
			{snapshots.CheckSecret("kX9#qT2!vB7mL"), snapshots.CheckSecret("kX9#qT2!vB7m")}},
		"a chosen `client_secret`, at most": nil, // each dialect's own: package ory's and nevisMeta's tests
		"lifetimes in seconds": {{lax(client{AccessTokenTTL: seconds(315360000)}), lax(client{AccessTokenTTL: seconds(315360001)})},
			{own(client{RedirectURIs: []string{"https://a.example"}, AccessTokenTTL: seconds(1)}), own(client{RedirectURIs: []string{"https://a.example"}, AccessTokenTTL: seconds(0)})}},
	}
	tries := map[string]func(*testing.T, string){}
	for name, both := range trials {
		tries[name] = func(t *testing.T, answer string) {
			for i, trial := range both {
				switch {
				case len(trial[0]) > 0:
					t.Errorf("%d: what is just allowed is refused: %+v", i, trial[0])
				case len(trial[1]) == 0:
					t.Errorf("%d: what is too much is taken", i)
				case strings.Contains(answer, "`") && !strings.Contains(answer, "`"+trial[1][0].Rule+"`"):
					t.Errorf("%d: the rule is %s, the page says %s", i, trial[1][0].Rule, answer)
				}
			}
		}
	}
	jwktest.Limits(t, "Metadata", tries)
}

// TestLimitsOfWork tries how many wait for their turn, and how many bytes of documents may, from both sides.
func TestLimitsOfWork(t *testing.T) {
	refused := func(err error, want fault.Kind) {
		t.Helper()
		if !fault.Is(err, want) {
			t.Errorf("%v, want a fault of kind %s", err, want)
		}
	}
	w := snapshotstest.New(t, dbtest.SQLite(t), snapshots.Options{})
	work, keyed, open := w.Store.Places()
	for name, places := range map[string]*fair.Places{"changes that are worked out at once": work,
		"slow hashes for callers with an API key": keyed, "slow hashes for all others": open} {
		n := jwktest.Limit(t, "Requests", name)
		if len(n) != 2 {
			t.Fatalf("%s: the page says %d", name, n)
		}
		running := runtime.GOMAXPROCS(0)
		for range running {
			if err := places.Take(ctx, "first"); err != nil {
				t.Fatal(err)
			}
		}
		got := make(chan error)
		wait := func(lane string, count int) {
			for range count {
				go func() { got <- places.Do(ctx, lane, func() error { return nil }) }()
			}
		}
		// Of one more than may wait in a lane, and then in all, one is refused and the others wait.
		wait("first", n[0]+1)
		refused(<-got, fault.Throttled)
		for waiting := n[0]; waiting < n[1]; waiting += n[0] {
			wait(fmt.Sprint("lane ", waiting), min(n[0], n[1]-waiting))
		}
		wait("last", 1)
		refused(<-got, fault.Unavailable)
		for range running {
			places.Give("first")
		}
		for range n[1] {
			if err := <-got; err != nil {
				t.Fatalf("%s: one that waited: %v", name, err)
			}
		}
	}
	share := jwktest.Limit(t, "Requests", "changed documents of one organization that wait to be written")[0]
	all := jwktest.Limit(t, "Requests", "changed documents that wait to be written, in memory")[0]
	for i := range all / share {
		if err := w.Store.Results().Take(fmt.Sprint(i), share); err != nil {
			t.Fatal(err)
		}
		refused(w.Store.Results().Take(fmt.Sprint(i), 1), fault.Throttled)
	}
	refused(w.Store.Results().Take("another", 1), fault.Unavailable)
}

// TestLimitsOfTheHistory: package tally tries them from both sides.
func TestLimitsOfTheHistory(t *testing.T) {
	if got := jwktest.Limit(t, "History", "secrets and callers that are counted"); got[0] != snapshots.MostDisclosures {
		t.Errorf("the page says %d", got)
	}
	jwktest.Limit(t, "History", "events that a caller's reads of one secret make")
	if time.Duration(snapshots.DisclosureSpan)*time.Microsecond != time.Hour {
		t.Error("it is not one an hour")
	}
}
