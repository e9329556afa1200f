package diff

import (
	"net/url"
	"strings"
	"time"

	"tenure/jwk/x509view"
	"tenure/snapshots/document/uri"
)

// soon is how long before its end a new certificate is worth a word.
const soon = 30 * 24 * time.Hour

func keyAdded(_ *input, r *row) string {
	if r.class != key || r.Kind != Added {
		return ""
	}
	return "key added: its holder can act as the client"
}

func keyRemoved(_ *input, r *row) string {
	if r.class != key || r.Kind != Removed {
		return ""
	}
	return "key removed: clients that use it are refused"
}

// keysGone tells of a key source that is taken away with no other in its place.
// It speaks once: of the URI, or of the first key.
func keysGone(in *input, r *row) string {
	if r.Kind != Removed || in.new["jwks_uri"] != "" || in.keys() > 0 {
		return ""
	}
	for i := range in.rows {
		if other := &in.rows[i]; other.Kind == Removed && (other.class == key || other.name == "jwks_uri") {
			if other == r {
				return "no key left"
			}
			return ""
		}
	}
	return ""
}

// keyChanged tells of a key that is the same and says something else of itself.
func keyChanged(_ *input, r *row) string {
	name := r.Path[strings.LastIndexByte(r.Path, '/')+1:]
	if r.class != keyMember {
		return ""
	}
	switch name {
	case "kid":
		return "kid of a key changed: what names the old one is refused"
	case "use", "alg", "key_ops":
		return name + " of a key changed: what it was used for may be refused"
	}
	return ""
}

// keyAddress tells of a new address of certificates that a client which registers itself
// could not bring.
func keyAddress(_ *input, r *row) string {
	address := r.x5u
	if r.class == keyMember && strings.HasSuffix(r.Path, "/x5u") && r.New.Set() {
		address = unquote(r.New.JSON)
	}
	if address == "" {
		return ""
	}
	var faults []string
	for _, broken := range uri.Broken(address, uri.Keys, true) {
		faults = append(faults, broken.Message)
	}
	if len(faults) == 0 {
		return ""
	}
	return "x5u of a key: " + strings.Join(faults, "; ")
}

// certificateRemoved tells of a key's own certificate that no other replaces.
func certificateRemoved(in *input, r *row) string {
	if r.class != certificate || r.Kind != Removed || !r.leaf {
		return ""
	}
	for i := range in.rows {
		if other := &in.rows[i]; other.class == certificate && other.Kind == Added && other.leaf && other.Label == r.Label {
			return ""
		}
	}
	return "certificate removed: who proves the client by it fails"
}

// brought are the certificates that a change adds.
func brought(r *row) []*x509view.Facts {
	if r.Kind != Added || r.class != key && r.class != certificate {
		return nil
	}
	return r.newCertificates
}

// judged is a rule on what a change adds, at the instant that was given.
func judged(in *input, r *row, say func(c *x509view.Facts) string) string {
	if in.at.IsZero() {
		return ""
	}
	for _, c := range brought(r) {
		if c == nil {
			continue
		}
		if words := say(c); words != "" {
			return words
		}
	}
	return ""
}

// The validity includes both its ends (RFC 5280 section 4.1.2.5).

func certificateExpired(in *input, r *row) string {
	return judged(in, r, func(c *x509view.Facts) string {
		if in.at.After(c.NotAfter) {
			return "certificate has expired: " + instant(c.NotAfter)
		}
		return ""
	})
}

func certificateNotYet(in *input, r *row) string {
	return judged(in, r, func(c *x509view.Facts) string {
		if in.at.Before(c.NotBefore) {
			return "certificate is not valid yet: from " + instant(c.NotBefore)
		}
		return ""
	})
}

func certificateSoon(in *input, r *row) string {
	return judged(in, r, func(c *x509view.Facts) string {
		if left := c.NotAfter.Sub(in.at); left >= 0 && left < soon {
			return "certificate expires within 30 days: " + instant(c.NotAfter)
		}
		return ""
	})
}

// certificateSooner compares a key's own certificate with the one it replaces:
// that of the same key, or of a key that is removed, for the same subject.
func certificateSooner(in *input, r *row) string {
	c := own(r, brought(r))
	if c == nil {
		return ""
	}
	for i := range in.rows {
		other := &in.rows[i]
		if other.Kind != Removed {
			continue
		}
		old := own(other, other.oldCertificates)
		if old == nil || other.Label != r.Label && old.Subject != c.Subject {
			continue
		}
		if c.NotAfter.Before(old.NotAfter) {
			return "certificate expires sooner: " + instant(c.NotAfter) + ", not " + instant(old.NotAfter)
		}
	}
	return ""
}

// own is the first certificate of a key's chain, nil if the change is not about
// it.
func own(r *row, all []*x509view.Facts) *x509view.Facts {
	if len(all) == 0 || r.class != key && !r.leaf {
		return nil
	}
	return all[0]
}

func jwksURIWithoutTLS(_ *input, r *row) string {
	if r.New.Set() && plainHTTP(r.New.Text) {
		return "keys are fetched without TLS"
	}
	return ""
}

func jwksURIOtherHost(_ *input, r *row) string {
	from, to := host(r.Old.Text), host(r.New.Text)
	if r.Kind != Changed || from == to {
		return ""
	}
	return "keys come from another host: " + from + " to " + to
}

// host is the one of an address, with a port that it names.
func host(uri string) string {
	u, err := url.Parse(uri)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}

func jwksURINew(_ *input, r *row) string {
	if r.Kind != Added {
		return ""
	}
	return "keys now come from an address: whoever holds it can act as the client"
}
