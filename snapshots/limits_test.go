package snapshots_test

import (
	"strings"
	"testing"
	"time"

	"tenure/jwk/jwktest"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy"
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
