package scheme_test

import (
	"net/http"
	"reflect"
	"strings"
	"testing"

	"tenure/handlers/openfinance/scheme"
	"tenure/tenancy/fault"
)

const madeID = "11111111-2222-4333-8444-555555555555"

func read(name string, strict bool, values ...string) (scheme.Headers, error) {
	return scheme.ReadHeaders(http.Header{name: values}, func() string { return madeID }, strict)
}

// TestA21InteractionID: echoed in any case, made when absent or malformed.
func TestA21InteractionID(t *testing.T) {
	const id = "c770aef3-6784-41f7-8e0e-ff5f97bddb3a"
	for _, text := range []string{id, strings.ToUpper(id), "C770aef3-6784-41F7-8e0e-ff5f97bddb3a", "00000000-0000-0000-0000-000000000000", "018f3b5e-7c1a-7def-8123-456789abcdef"} {
		if h, err := read(scheme.HeaderInteraction, true, text); err != nil || h.InteractionID != text || h.Made || h.Ignored != nil {
			t.Errorf("%s: %+v, %v", text, h, err)
		}
	}
	if h, err := read(scheme.HeaderInteraction, true); err != nil || h.InteractionID != madeID || !h.Made {
		t.Errorf("absent: %+v, %v", h, err)
	}
	for about, values := range map[string][]string{"empty": {""}, "short": {id[1:]}, "no hyphens": {strings.ReplaceAll(id, "-", "")}, "URN": {"urn:uuid:" + id}, "braces": {"{" + id + "}"},
		"not hexadecimal": {"z" + id[1:]}, "two": {id, id}, "hyphens elsewhere": {"c770aef36784-41f7-8e0e-ff5f-97bddb3a0"}, "spaces": {" " + id[2:] + " "}} {
		h, err := read(scheme.HeaderInteraction, false, values...)
		if err != nil || h.InteractionID != madeID || !h.Made || !reflect.DeepEqual(h.Ignored, []string{"x-fapi-interaction-id"}) {
			t.Errorf("%s: %+v, %v", about, h, err)
		}
		h, err = read(scheme.HeaderInteraction, true, values...)
		refusedWith(t, about, err, fault.Malformed, scheme.CodeRequest)
		if h.InteractionID != madeID {
			t.Errorf("%s: the refusal has the interaction id %q", about, h.InteractionID)
		}
	}
}

// TestA22AuthDate: the page's expression, which does not know what a date is.
func TestA22AuthDate(t *testing.T) {
	for text, ok := range map[string]bool{
		"Sun, 10 Sep 2017 19:43:31 UTC": true, "Sun, 10 Sep 2017 19:43:31 GMT": true, "Mon, 99 Feb 0000 99:99:99 GMT": true,
		"Sun, 1 Sep 2017 19:43:31 GMT": false, "Sun, 10 Sept 2017 19:43:31 GMT": false, "Sun, 10 sep 2017 19:43:31 GMT": false, "sun, 10 Sep 2017 19:43:31 GMT": false,
		"Sun, 10 Sep 2017 19:43:31 GMT ": false, "Sun, 10 Sep 2017 19:43:31 GMT\n": false, "Sun, 10 Sep 2017 19:43:31 CET": false, "Sun, 10 Sep 2017 19:43:31 +0000": false,
		"Sun 10 Sep 2017 19:43:31 GMT": false, "Sun, 10 Sep 17 19:43:31 GMT": false, "": false, "2017-09-10T19:43:31Z": false, "Sun, ١٠ Sep 2017 19:43:31 GMT": false,
	} {
		h, err := read(scheme.HeaderAuthDate, false, text)
		if err != nil || (h.AuthDate == text && text != "") != ok || (h.Ignored == nil) != ok {
			t.Errorf("%q: %+v, %v", text, h, err)
		}
		if _, err := read(scheme.HeaderAuthDate, true, text); (err == nil) != ok {
			t.Errorf("%q, strict: %v", text, err)
		}
	}
}

func TestA22CustomerHeaders(t *testing.T) {
	for text, ok := range map[string]bool{"192.0.2.1": true, "2001:db8::1": true, "::ffff:192.0.2.1": true,
		"": false, "192.0.2.256": false, "192.0.2.1:80": false, "[2001:db8::1]": false, "fe80::1%eth0": false, "localhost": false, "192.0.2.1, 192.0.2.2": false} {
		if h, err := read(scheme.HeaderCustomerIP, false, text); err != nil || h.CustomerIP.IsValid() != ok || (h.Ignored == nil) != ok {
			t.Errorf("%q: %+v, %v", text, h, err)
		}
		if _, err := read(scheme.HeaderCustomerIP, true, text); (err == nil) != ok {
			t.Errorf("%q, strict: %v", text, err)
		}
	}
	for text, ok := range map[string]bool{"x": true, strings.Repeat("é", 100): true, strings.Repeat("é", 101): false, "": false, "a\xff": false, strings.Repeat("x", 100_000): false} {
		if h, err := read(scheme.HeaderAgent, false, text); err != nil || (h.UserAgent == text && text != "") != ok || (h.Ignored == nil) != ok {
			t.Errorf("agent of %d bytes: %+v, %v", len(text), h.Ignored, err)
		}
		_, err := read(scheme.HeaderAgent, true, text)
		if (err == nil) != ok || err != nil && len(err.Error()) > 300 {
			t.Errorf("agent of %d bytes, strict: %v", len(text), err)
		}
	}
}
