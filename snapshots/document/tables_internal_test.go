package document

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tenure/tenancy/text"
)

// TestEveryTextAndAddressIsInATable, so that no new member is forgotten: each
// text, and each list of texts, is an address or has a kind, and not both.
func TestEveryTextAndAddressIsInATable(t *testing.T) {
	found := map[string]bool{}
	check := func(name string, member any) {
		t.Helper()
		switch member.(type) {
		case *string, *[]string, *inheritable:
		default:
			return
		}
		_, address := addresses[name]
		_, kind := texts[name]
		if address == kind {
			t.Errorf("%s is in both tables, or in none", name)
		}
		found[name] = true
	}
	for _, f := range clientFields {
		check(f.Name, f.at(&Client{}))
	}
	for _, f := range setupFields {
		check(f.Name, f.at(&Setup{}))
	}
	for _, f := range resourceServerFields {
		check(f.Name, f.at(&ResourceServer{}))
	}
	for _, f := range scopeFields {
		check(scopePrefix+f.Name, f.at(&Scope{}))
	}
	for _, f := range localizedFields {
		if f.Name != "locale" && f.Name != "value" { // a language tag, and what the name says
			check(f.Name, f.at(&Localized{}))
		}
	}
	for name := range texts {
		if !found[name] {
			t.Errorf("no member is named %s", name)
		}
	}
	for name := range addresses {
		if !found[name] {
			t.Errorf("no member is named %s", name)
		}
	}
}

// TestEveryAlgorithmHasItsValues, so that no new member is forgotten.
func TestEveryAlgorithmHasItsValues(t *testing.T) {
	for name, kind := range texts {
		if (strings.HasSuffix(name, "_alg") || strings.HasSuffix(name, "_enc")) && (kind != text.Word || len(registered[name]) == 0) {
			t.Errorf("%s has no registered values", name)
		}
	}
	for name, values := range registered {
		if texts[name] != text.Word || memberAt[Client](name) == nil {
			t.Errorf("%s is no member with words", name)
		}
		for i, value := range values {
			if text.Check(text.Word, value) != nil || slices.Contains(values[:i], value) {
				t.Errorf("%s: %s is no word, or stands twice", name, value)
			}
		}
	}
}

// TestEveryAddressIsJudged: a script address in any member that can have one,
// and in its localized form, is refused; and so is a hidden character in any
// text.
func TestEveryAddressIsJudged(t *testing.T) {
	for _, f := range clientFields {
		var c Client
		bad := "java\x01script:alert(1)"
		switch m := f.at(&c).(type) {
		case *string:
			*m = bad
		case *[]string:
			*m = []string{bad}
		case *inheritable:
			*m = []string{bad}
		default:
			continue
		}
		refused(t, f.Name, &c)
		refused(t, f.Name+"#fr", &Client{Localized: []Localized{{Name: f.Name, Value: "a\u202eb", Locale: "fr"}}})
		if _, address := addresses[f.Name]; address {
			refused(t, f.Name+"#fr", &Client{Localized: []Localized{{Name: f.Name, Value: bad, Locale: "fr"}}})
		}
	}
	for _, name := range []string{"logo_uri ", "Logo_URI", "logo_ur\u0301i", "lo\u0301go_uri", "l\u00f3go_uri", "\uff4cogo_uri", "logo_uri\u00a0", " help_url", "help URL", "Help_\u212aURLs", "HELP_UR\u0130"} {
		refused(t, strconv.QuoteToASCII(name), &Client{Localized: []Localized{{Name: name, Value: "javascript:alert(1)"}}})
		quoted, _ := json.Marshal(name)
		settings, err := ParseJSON([]byte(`{` + string(quoted) + `:"javascript:alert(1)"}`))
		if err != nil {
			t.Fatal(err)
		}
		refused(t, strconv.QuoteToASCII(name)+" of ui_configuration", &Client{UIConfiguration: settings})
	}
	refused(t, "an invisible character in a name", &Client{UIConfiguration: "{\"help_\u200burl\":\"javascript:alert(1)\"}"})
	refused(t, "a name of its own", &Client{Localized: []Localized{{Name: "help_url", Value: "javascript:alert(1)"}}})
	refused(t, "ui_configuration", &Client{UIConfiguration: `{"supportURL":"javascript:alert(1)"}`})
}

func refused(t *testing.T, name string, c *Client) {
	t.Helper()
	for _, f := range Validate(ClientRules(), Input[Client]{Next: c}) {
		if f.Rule == "uri-script-scheme" || f.Rule == "uri-character" || f.Rule == "text-character" || f.Rule == "text-word" || f.Rule == "scope-word" {
			return
		}
	}
	t.Errorf("%s takes a script or a hidden character", name)
}
