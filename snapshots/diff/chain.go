package diff

import (
	"slices"
	"strings"

	"tenure/jwk"
	"tenure/jwk/x509view"
)

// readLink reads an item of x5c, however its base64 is written: a certificate is
// the same one in each spelling. What is not that stays as it is.
func readLink(raw string) link {
	l := link{raw: raw, id: raw}
	der, ok := jwk.Octets(unquote(raw))
	if !ok {
		return l
	}
	if c, err := x509view.Parse(der); err == nil {
		l.certificate = c.Facts()
		l.id = string(l.certificate.SHA256[:])
	}
	return l
}

// chain compares the certificates of one key by their digests. Another order of
// the same ones is a change of the chain: its first certificate is the key's
// own, each further one certifies the one before it.
func (w *walker) chain(p place, old, new []link) {
	a, b := identities(old), identities(new)
	moved := !slices.Equal(a, b) && slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
	p.class = certificate
	parts := func() {
		for _, at := range align(a, b) {
			var gone, come Value
			var r *row
			if at.old >= 0 {
				gone = showCertificate(old[at.old].certificate, old[at.old].raw)
			}
			if at.new >= 0 {
				come = showCertificate(new[at.new].certificate, new[at.new].raw)
			}
			if gone.Set() && come.Set() {
				gone = come // one digest, however its base64 is written
			}
			r = w.add(p.item(at), gone, come)
			r.leaf = at.old == 0 || at.new == 0
			r.oldCertificates, r.newCertificates = side(old, at.old), side(new, at.new)
		}
	}
	if !moved {
		parts()
		return
	}
	q := p
	q.class = chain
	w.add(q, showChain(old), showChain(new)).silent = true
	w.inside(parts)
}

func identities(links []link) []string {
	var all []string
	for _, l := range links {
		all = append(all, l.id)
	}
	return all
}

func side(links []link, i int) []*x509view.Facts {
	if i < 0 || links[i].certificate == nil {
		return nil
	}
	return []*x509view.Facts{links[i].certificate}
}

// showChain makes the value of a whole chain.
func showChain(links []link) Value {
	var subjects, parts []string
	for _, l := range links {
		subject := "(not readable)"
		if l.certificate != nil {
			subject = nobody(l.certificate.Subject)
		}
		subjects = append(subjects, subject)
		parts = append(parts, showCertificate(l.certificate, l.raw).JSON)
	}
	return Value{Text: strings.Join(subjects, "; "), JSON: "[" + strings.Join(parts, ",") + "]"}
}
