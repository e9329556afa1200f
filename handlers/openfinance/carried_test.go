package openfinance

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"tenure/snapshots/document"
	"tenure/snapshots/document/documenttest"
)

// notCarried are the members of a client that this dialect has no word for; a
// PUT keeps them.
var notCarried = map[string]string{
	"OwnerLabel": "nevisMeta and Hydra", "Comment": "nevisMeta", "FreeMetadata": "Hydra", "AllowedCORSOrigins": "Hydra", "Audience": "Hydra",
	"PKCEMode": "nevisMeta", "ForceReauthentication": "nevisMeta",
	"AccessTokenTTL": "nevisMeta and SlashID", "RefreshTokenTTL": "nevisMeta and SlashID", "IDTokenTTL": "nevisMeta", "PersistedConsentTTL": "nevisMeta",
	"Lifespans": "Hydra", "AccessTokenStrategy": "Hydra", "SkipConsent": "Hydra", "SkipLogoutConsent": "Hydra", "UIConfiguration": "SlashID",
}

// TestEveryFieldIsCarriedOrListed: what answers show of a full client is read
// back whole, and what they do not show a PUT keeps. A new field fails until it
// is one or the other.
func TestEveryFieldIsCarriedOrListed(t *testing.T) {
	full := documenttest.FullClient()
	full.JWKS = "" // jwks_uri excludes it; below
	raw, err := fromDomain(&full, &document.Setup{}).encode(&full)
	if err != nil {
		t.Fatal(err)
	}
	read := func(base *document.Client) document.Client {
		b := &body{}
		if err := json.Unmarshal(raw, &b.sent); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw, &b.client); err != nil {
			t.Fatal(err)
		}
		req, err := toDomain(b, base)
		if err != nil {
			t.Fatal(err)
		}
		return req.Wanted
	}
	kept, fresh := read(&full), read(nil)
	if !documenttest.Equal(&kept, &full) {
		t.Errorf("a PUT of what is shown changes %v", document.Changed(&full, &kept))
	}
	was, is := reflect.ValueOf(full), reflect.ValueOf(fresh)
	for i := range was.NumField() {
		name := was.Type().Field(i).Name
		_, listed := notCarried[name]
		carried := !is.Field(i).IsZero() || name == "JWKS"
		if carried == listed {
			t.Errorf("%s: carried %t, listed as not carried %t", name, carried, listed)
		}
	}
	byValue := documenttest.FullClient()
	byValue.JWKSURI = ""
	if raw, err = fromDomain(&byValue, &document.Setup{}).encode(&document.Client{}); err != nil {
		t.Fatal(err)
	}
	if again := read(nil); again.JWKS != byValue.JWKS {
		t.Error("jwks is not carried")
	}
}

// TestLocalizedOfOtherDialects stays: texts without a language, or of a name
// that has none here.
func TestLocalizedOfOtherDialects(t *testing.T) {
	base := &document.Client{Localized: []document.Localized{{Name: "support_phone", Value: "1", Locale: "de"}, {Name: "client_name", Value: "a"},
		{Name: "client_name", Value: "b", Locale: "fr"}}}
	b := &body{sent: map[string]json.RawMessage{"client_name#pt-BR": json.RawMessage(`"c"`), "contacts#de": json.RawMessage(`"d"`), "tos_uri#": json.RawMessage("null")}}
	req, err := toDomain(b, base)
	var got []string
	for _, l := range req.Wanted.Localized {
		got = append(got, l.Name+"#"+l.Locale+"="+l.Value)
	}
	if err != nil || strings.Join(got, " ") != "support_phone#de=1 client_name#=a client_name#pt-BR=c" {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := toDomain(&body{sent: map[string]json.RawMessage{"client_name#fr": json.RawMessage("1")}}, nil); err == nil {
		t.Error("a number is a name")
	}
}
