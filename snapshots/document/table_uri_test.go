package document_test

import (
	"strconv"
	"testing"

	"tenure/snapshots/document"
	"tenure/snapshots/document/uri"
)

// TestUseOf: names that people take for each other have one use, and what only looks a
// little like one has none.
func TestUseOf(t *testing.T) {
	for name, want := range map[string]uri.Use{
		"logo_uri": uri.Page, "logo_uri ": uri.Page, " logo_uri": uri.Page, "Logo_URI": uri.Page, "LOGO_URI": uri.Page, "lo\u0301go_uri": uri.Page,
		"l\u00f3go_uri": uri.Page, "\uff4cogo_uri": uri.Page, "logo\u200b_uri": uri.Page, "logo_uri\u3000": uri.Page, "logo_ur\u0130": uri.Page,
		"Redirect_URIs": uri.Redirect, "jwks_uri\t": uri.Keys, "URI": uri.Identifier,
		"help_url": uri.Unknown, "Help_URLs ": uri.Unknown, "help\u00a0URL": uri.Unknown, "logo-uri": uri.Unknown, "logoURI": uri.Unknown,
		"client_name": 0, "Client Name": 0, "": 0, " ": 0, "uri_of_logo": 0, "curio": 0, "\u0301": 0,
	} {
		use, ok := document.UseOf(name)
		if use != want || ok != (want != 0) {
			t.Errorf("%s: %b %t, want %b", strconv.QuoteToASCII(name), use, ok, want)
		}
	}
}
