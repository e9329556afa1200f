package diff

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"tenure/snapshots/document"
	"tenure/snapshots/document/uri"
)

// noun is what people call an item of a list of addresses.
func noun(member string) string {
	switch member {
	case "redirect_uris":
		return "redirect URI"
	case "post_logout_redirect_uris":
		return "post-logout redirect URI"
	case "claims_redirect_uris":
		return "claims redirect URI"
	case "request_uris":
		return "request URI"
	case "allowed_cors_origins":
		return "CORS origin"
	case "webhook_uris":
		return "webhook URI"
	}
	return words(member)
}

func words(member string) string { return strings.ReplaceAll(member, "_", " ") }

// uriAdded says the words, which name what was added, if the new address is one
// of those.
func uriAdded(is func(uri string) bool, format string) func(*input, *row) string {
	return func(_ *input, r *row) string {
		if r.Kind == Added && is(r.New.Text) {
			return fmt.Sprintf(format, noun(r.name))
		}
		return ""
	}
}

// addressBreaks says the words if a new address breaks a rule that it would have
// to keep from a client that registers itself.
func addressBreaks(rule, format string) func(*input, *row) string {
	return func(in *input, r *row) string {
		for _, broken := range in.addressFaults(r) {
			if broken.Name == rule {
				return fmt.Sprintf(format, noun(r.about()))
			}
		}
		return ""
	}
}

// about is the name that says what a value is: the member's, or a localized text's own.
func (r *row) about() string {
	if r.class == text {
		return r.named
	}
	return r.name
}

// addressFaults are the rules that the row's new address breaks.
func (in *input) addressFaults(r *row) []*uri.Rule {
	use, known := document.UseOf(r.about())
	if r.Kind == Removed || !known || r.New.Text == r.Old.Text {
		return nil
	}
	broken, asked := in.asked[r]
	if !asked {
		broken = uri.Broken(r.New.Text, use, true)
		in.asked[r] = broken
	}
	return broken
}

// plainHTTP leaves out the device's own addresses, where native apps listen
// (RFC 8252 section 7.3).
func plainHTTP(address string) bool {
	return slices.ContainsFunc(uri.Broken(address, uri.Redirect, true), func(r *uri.Rule) bool { return r.Name == "uri-without-tls" })
}

// privateScheme is any but the web's (RFC 8252 section 7.1); a path alone has
// none.
func privateScheme(uri string) bool {
	u, err := url.Parse(uri)
	return err == nil && u.Scheme != "" && !strings.EqualFold(u.Scheme, "http") && !strings.EqualFold(u.Scheme, "https")
}

// domain is what one owner registers: the host's public suffix and one label
// more, or the whole host where there is no such thing (addresses, localhost, a
// suffix itself). It is empty for what has no host.
func domain(uri string) string {
	u, err := url.Parse(uri)
	if err != nil {
		return ""
	}
	host := strings.TrimSuffix(strings.TrimPrefix(strings.ToLower(u.Hostname()), "*."), ".")
	if _, err := netip.ParseAddr(host); err == nil || host == "" {
		return host
	}
	if registered, err := publicsuffix.EffectiveTLDPlusOne(host); err == nil {
		return registered
	}
	return host
}

// otherDomain tells of an address on a domain that neither this list nor the
// redirect URIs had.
func otherDomain(in *input, r *row) string {
	if r.Kind != Added {
		return ""
	}
	at := domain(r.New.Text)
	known := slices.Concat(in.ownersOf(r.name), in.ownersOf("redirect_uris"))
	if at == "" || len(known) == 0 || slices.Contains(known, at) {
		return ""
	}
	return noun(r.name) + " on another domain added: " + at
}

// ownersOf are the domains of the addresses that a member of the old document has.
func (in *input) ownersOf(member string) []string {
	owners, asked := in.owners[member]
	if !asked {
		for _, address := range items(in.old[member]) {
			owners = append(owners, domain(unquote(address)))
		}
		in.owners[member] = owners
	}
	return owners
}

func uriRemoved(_ *input, r *row) string {
	if r.Kind != Removed {
		return ""
	}
	return noun(r.name) + " removed: what needs it is refused"
}

// pageMoved tells of an address of people's browsers that moves to another
// domain.
func pageMoved(_ *input, r *row) string {
	from, to := domain(r.Old.Text), domain(r.New.Text)
	if r.Kind != Changed || from == to {
		return ""
	}
	return noun(r.name) + " moves to another domain: " + from + " to " + to
}

func logoutGone(_ *input, r *row) string {
	if r.Kind != Removed {
		return ""
	}
	return "the client is no longer told of a logout: " + words(r.name)
}
