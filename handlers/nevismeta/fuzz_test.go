package nevismeta_test

import (
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"tenure/handlers/nevismeta"
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/snapshots/document/documenttest"
	"tenure/tenancy/fault"
)

// accepted checks what an accepted body made: it reads as JSON, and written
// back it changes nothing.
func accepted(t *testing.T, next *document.Client, setup *document.Setup) {
	t.Helper()
	in := document.Input[document.Client]{Next: next, Setup: setup}
	if len(document.Validate(document.ClientRules(), in))+len(document.Validate(nevismeta.ClientRules(), in)) > 0 {
		return
	}
	raw := document.Encode(next)
	stored, err := document.Decode[document.Client](raw)
	if err != nil {
		t.Fatalf("what is stored cannot be read: %v\n%s", err, raw)
	}
	for _, form := range []string{nevismeta.FormResolved, nevismeta.FormRaw} {
		found := snapshots.Resolved[document.Client]{Setup: snapshots.Version[document.Setup]{Content: setup}}
		found.Content = stored
		doc, err := nevismeta.ClientJSON(found, form)
		if err != nil || !json.Valid(doc) {
			t.Fatalf("%v: it reads %s", err, doc)
		}
		again, err := nevismeta.DecodeBody(doc)
		if err != nil {
			t.Fatalf("its own document is refused: %v\n%s", err, doc)
		}
		same, faults := again.Apply(stored, setup)
		if len(faults) > 0 || !documenttest.Equal(same, stored) {
			t.Fatalf("%s: written back it changes %v, with %v\n%s", form, document.Changed(stored, same), faults, doc)
		}
	}
}

func FuzzClientBody(f *testing.F) {
	full := documenttest.FullClient()
	setup := documenttest.FullSetup()
	found := snapshots.Resolved[document.Client]{Setup: snapshots.Version[document.Setup]{Content: &setup}}
	found.Content = &full
	doc, err := nevismeta.ClientJSON(found, nevismeta.FormResolved)
	must(f, err)
	for _, seed := range []string{string(doc), `{"name":"a"}`, `{"name":"a","jwks":` + keySet(publicKey, privateKey) + `}`, `{"name":"a","jwks":` + keySet(chainKey(f, 3)) + `}`,
		`{"name":"a","grant_types":[],"metadata":[{"name":"x","value":"","locale":"de"}]}`, `{"name":"\u2028\ud83d\ude00"}`, `{"jwks":{"keys":[],"a":{"b":[1e400]}}}`, `{`, `null`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		body, err := nevismeta.DecodeBody(data)
		if err != nil {
			if fault.Of(err).Kind != fault.Malformed {
				t.Fatalf("%v is no answer to what does not decode", err)
			}
			return
		}
		if next, faults := body.Apply(nil, &setup); len(faults) == 0 {
			accepted(t, next, &setup)
		}
		base := document.Clone(&full)
		if next, faults := body.Apply(base, &setup); len(faults) == 0 {
			accepted(t, next, &setup)
		}
		if !documenttest.Equal(base, &full) {
			t.Fatal("the base was changed")
		}
	})
}

func FuzzRegistration(f *testing.F) {
	for _, seed := range []string{`{"client_name":"a"}`, `{"client_name":"a","x#de":"y","x":"z","scope":"a b","metadata":[{"name":"l","value":"m"}]}`,
		`{"name":1,"scope":1}`, `{"#":"","##":"","a#b#c":""}`, `{"client_name":null,"scope":null,"grant_types":null}`, `{"client_id_issued_at":1,"client_secret_expires_at":0}`,
		`{"token_endpoint_auth_method":"none","confidentiality_type":"confidential"}`, `{"scope":"a","scopes":["b"]}`, `{"a/b~c":{}}`} {
		f.Add([]byte(seed))
	}
	setup := documenttest.FullSetup()
	f.Fuzz(func(t *testing.T, data []byte) {
		var members map[string]json.RawMessage
		if web.DecodeJSON(data, &members, false) != nil {
			return
		}
		body, faults, err := nevismeta.RegistrationBody(members)
		if err != nil {
			if kind := fault.Of(err).Kind; kind != fault.Malformed {
				t.Fatalf("%v is no answer to what does not decode", err)
			}
			return
		}
		next, more := body.Apply(nil, &setup)
		if len(faults)+len(more) > 0 {
			return
		}
		// Nothing of its own is lost.
		texts := make(map[string]bool)
		for _, l := range next.Localized {
			texts[l.Name+"#"+l.Locale] = true
		}
		for name := range members {
			if strings.HasPrefix(name, "custom") && !texts[name] && !texts[name+"#"] {
				t.Fatalf("%q is lost in %+v", name, next.Localized)
			}
		}
		accepted(t, next, &setup)
	})
}

func FuzzListQuery(f *testing.F) {
	for _, seed := range []string{"", "name=a&owner=b", "metadata.x=1&metadata.x=2&metadata.=", "validAt=any", "validAt=2020-10-14T12:00:00+02:00",
		"validAt=2020-10-14T12:00:00%2B02:00&includeSoftDeletedStates=true", "includeSoftDeleteStates=false", "name=%zz", "name=%00", "a;b", "&&==", "name=a&name=b"} {
		f.Add(seed)
	}
	var filter snapshots.Filter
	var refused *fault.Fault
	var taken bool
	lists := web.Route{Method: "GET", Pattern: "/lists", Open: true, Object: web.ObjectNone, Query: nevismeta.ListParams, Handle: func(c *web.Call) (*web.Reply, error) {
		var err error
		filter, err = nevismeta.ListQuery(c)
		taken = err == nil
		return web.NoContent(), err
	}}
	h := web.New(web.Config{Log: zerolog.Nop()}, []web.Surface{{Name: "lists", Routes: []web.Route{lists}, Error: func(_ *web.Call, f *fault.Fault) *web.Reply {
		refused = f
		return web.NoContent()
	}}})
	f.Fuzz(func(t *testing.T, query string) {
		r := httptest.NewRequest("GET", "/lists", nil)
		r.URL.RawQuery = query
		refused, taken = nil, false
		h.ServeHTTP(httptest.NewRecorder(), r)
		if refused != nil || !taken {
			if refused == nil || refused.Kind != fault.Malformed || refused.Code != fault.CodeQuery {
				t.Fatalf("%v is no answer to a query", refused)
			}
			return
		}
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatalf("%q does not parse and was taken", query)
		}
		wanted := 0
		for name := range values {
			if strings.HasPrefix(name, "metadata.") {
				wanted += len(values[name])
			}
		}
		if (filter.Name != nil) != values.Has("name") || (filter.Owner != nil) != values.Has("owner") || len(filter.Metadata) != wanted ||
			(filter.At != nil || filter.AnyTime) != (values.Get("validAt") != "" || values.Has("at")) {
			t.Fatalf("%q gives %+v", query, filter)
		}
	})
}
