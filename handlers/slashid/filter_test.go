package slashid_test

import (
	"slices"
	"strings"
	"testing"

	"tenure/handlers/slashid"
	"tenure/tenancy"
	"tenure/tenancy/fault"
)

var someOrgs = []tenancy.Organization{
	{ID: "11111111-aaaa-4aaa-8aaa-111111111111", Parent: "99999999-aaaa-4aaa-8aaa-999999999999", Name: "North"},
	{ID: "22222222-aaaa-4aaa-8aaa-222222222222", Parent: "11111111-aaaa-4aaa-8aaa-111111111111", Name: `Ö "quoted" \ back`},
	{ID: "33333333-aaaa-4aaa-8aaa-333333333333", Parent: "11111111-aaaa-4aaa-8aaa-111111111111", Name: "northern \u212Aiosk"}, // the Kelvin sign
}

func TestFilter(t *testing.T) {
	for text, want := range map[string]string{
		`name eq "North"`: "0", `name eq "north"`: "0", `name eq "NORTH"`: "0", `Name Eq "nOrth"`: "0", `  name eq "North"  `: "0",
		`name sw "north"`: "02", `name co "orth"`: "02", `name co "x"`: "", `name co ""`: "012", `name eq ""`: "",
		`name eq "ö \"QUOTED\" \\ back"`: "1", `name sw "\u00F6 "`: "1", `name sw "\u00f6 "`: "1", `name co "\\"`: "1",
		`name co "\\u00f6"`: "", `name co "kiosk"`: "2", `name co "KIOSK"`: "2",
		`id eq "11111111-AAAA-4aaa-8aaa-111111111111"`: "0", `id sw "2"`: "1", `id co "3333-aaaa"`: "2",
		`parent_org_id eq "11111111-aaaa-4aaa-8aaa-111111111111"`: "12", `PARENT_ORG_ID sw "9"`: "0",
		`name sw "north" and id sw "3"`: "2", `name sw "north" AND not (id sw "3")`: "0", `not (name sw "north")`: "1",
		`name eq "North" or id sw "2"`: "01", `(name eq "North" or id sw "2") and id sw "2"`: "1",
		`name eq "North" or id sw "2" and id sw "3"`: "0", `not (name eq "North" or id sw "2")`: "2", `not(id sw "1")`: "12",
		`((id sw "1"))`: "0", `id eq "(((((((((((((((((((((((((((((((((((((((("`: "",
		strings.Repeat("(", 32) + `id sw "1"` + strings.Repeat(")", 32): "0",
	} {
		got, err := slashid.Filter(text, someOrgs)
		var expected []string
		for _, i := range want {
			expected = append(expected, someOrgs[i-'0'].Name)
		}
		if err != nil || !slices.Equal(got, expected) {
			t.Errorf("%s: %q, %v", text, got, err)
		}
	}
}

func TestRefusedFilters(t *testing.T) {
	for text, word := range map[string]string{
		"": "must be a SCIM filter", "name": "must be a SCIM filter", `name eq`: "must be a SCIM filter", `name eq "a`: "must be a SCIM filter", `not name eq "a"`: "must be a SCIM filter",
		`name eq "a" x`: "must be a SCIM filter", `(name eq "a"`: "must be a SCIM filter", `name eq "a")`: "must be a SCIM filter", `name = "a"`: "must be a SCIM filter",
		"name eq \"a\x00\"": "must be a SCIM filter", `name eq 'a'`: "must be a SCIM filter", `name eq "\q"`: "must be a SCIM filter", "\xff": "must be a SCIM filter",
		`name ne "a"`: "operator ne", `name ew "a"`: "operator ew", `name pr`: "operator pr", `name gt "a"`: "operator gt",
		`org_name eq "a"`: "attribute org_name", `depth eq 3`: "attribute depth", `name.first eq "a"`: "attribute name.first",
		`urn:x:name eq "a"`: "attribute urn:x:name", `meta[name eq "a"]`: "brackets", `name eq "a" and emails[x eq "b"]`: "brackets",
		`name eq 3`: "must be a string", `name eq true`: "must be a string", `name eq null`: "must be a string", `id co 1.5`: "must be a string",
		strings.Repeat("(", 33) + `id sw "1"` + strings.Repeat(")", 33): "32 deep",
		`name eq "` + strings.Repeat("a", 2048) + `"`:                   "longer than 2048",
	} {
		_, err := slashid.Filter(text, someOrgs)
		if !fault.Is(err, fault.Malformed) || !strings.Contains(err.Error(), word) {
			t.Errorf("%.100q: %v", text, err)
		}
	}
}

func FuzzFilter(f *testing.F) {
	for _, seed := range []string{`name eq "a"`, `not (id co "\u00fc" or name sw "\\") and parent_org_id eq "x"`, `((name pr))`, `a[b eq 1]`, `name eq "\`, "\xff\"("} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		names, err := slashid.Filter(text, someOrgs)
		if err != nil && !fault.Is(err, fault.Malformed) {
			t.Fatalf("%v is no answer to a filter that does not parse", err)
		}
		if err != nil || len(text) > 1000 {
			return
		}
		// What is not wanted is wanted by the opposite.
		opposite, err := slashid.Filter("not ("+text+")", someOrgs)
		if err == nil && len(names)+len(opposite) != len(someOrgs) {
			t.Fatalf("%q takes %q, and its opposite %q", text, names, opposite)
		}
	})
}
