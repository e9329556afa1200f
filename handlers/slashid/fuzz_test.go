package slashid_test

import (
	"encoding/json"
	"testing"

	"tenure/handlers/slashid"
	"tenure/snapshots/document"
	"tenure/snapshots/document/documenttest"
	"tenure/tenancy/fault"
)

// settled checks what an accepted body made: it reads as JSON, and written back
// it changes nothing.
func settled(t *testing.T, base, next *document.Client, setup *document.Setup) {
	t.Helper()
	in := document.Input[document.Client]{Next: next, Base: base, Setup: setup}
	if len(document.Validate(document.ClientRules(), in))+len(document.Validate(slashid.Rules(), in)) > 0 {
		return
	}
	stored, err := document.Decode[document.Client](document.Encode(next))
	if err != nil {
		t.Fatalf("what is stored cannot be read: %v", err)
	}
	found := resolved(stored, setup)
	doc, err := slashid.Object(found)
	if err != nil || !json.Valid(doc) {
		t.Fatalf("%v: it reads %s", err, doc)
	}
	same, faults, err := slashid.Patch(doc, stored, setup, found.Entity)
	if err != nil || len(faults) > 0 || !documenttest.Equal(same, stored) {
		t.Fatalf("written back it changes %v, with %v, %v\n%s", document.Changed(stored, same), faults, err, doc)
	}
}

func FuzzClientBody(f *testing.F) {
	full, setup := documenttest.FullClient(), documenttest.FullSetup()
	whole, err := slashid.Object(resolved(&full, &setup))
	must(f, err)
	for _, seed := range []string{string(whole), minimal, complete, `{}`, `{"client_name":null}`, `{"scopes":[null,1],"x":{}}`, `{"access_token_duration":1e3}`,
		`{"public":true,"client_name":"\u2028","grant_types":["client_credentials"],"scopes":[]}`, `[`, `null`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		next, faults, err := slashid.Create(data, 60)
		if err != nil {
			if !fault.Is(err, fault.Malformed) {
				t.Fatalf("%v is no answer to what does not decode", err)
			}
			return
		}
		if len(faults) == 0 {
			settled(t, nil, next, &setup)
		}
		base := document.Clone(&full)
		if next, faults, err = slashid.Patch(data, base, &setup, resolved(base, &setup).Entity); err != nil {
			t.Fatalf("what POST decodes PATCH does not: %v", err)
		}
		if len(faults) == 0 {
			settled(t, base, next, &setup)
		}
		if !documenttest.Equal(base, &full) {
			t.Fatal("the base was changed")
		}
	})
}

func FuzzUIConfiguration(f *testing.F) {
	for _, seed := range []string{`{}`, `{"showBadge":true,"themeVars":{"a":"b"},"more":[1,{"x":null}]}`, `{"handleTypes":[null]}`, `[]`, `{"a":"\ud800"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := slashid.ParseUI(data)
		if err != nil {
			if !fault.Is(err, fault.Malformed) && !fault.Is(err, fault.Invalid) {
				t.Fatalf("%v is no answer to settings that do not fit", err)
			}
			return
		}
		if again, err := slashid.ParseUI([]byte(doc)); doc != "" && (err != nil || again != doc) {
			t.Fatalf("%q is read as %q, %v", doc, again, err)
		}
	})
}
