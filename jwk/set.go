package jwk

import (
	"slices"
	"strconv"
	"strings"

	"tenure/jwk/x509view"
)

// Key is what other packages ask of one key of a set.
type Key struct {
	// Pointer is the RFC 6901 JSON pointer of the key in its set.
	Pointer string
	// Kty is the key type: RSA, EC, OKP, AKP or oct.
	Kty string
	// Kid, Use and Alg are "" when absent.
	Kid, Use, Alg string
	// Thumbprint is the RFC 7638 thumbprint, "" for a symmetric key (it would be a digest of a secret)
	// and for one without what it takes.
	Thumbprint string
	// Signs says that the private half of the key can sign, as far as its type, curve, use, operations
	// and alg tell.
	Signs bool
	// Certificates are the readable ones of x5c, in their order.
	Certificates []*x509view.Facts

	crv string
}

// SignsWith says that the private half of the key can sign with an algorithm. One that is not known
// here any key that signs may have, if it does not name another.
func (k Key) SignsWith(alg string) bool {
	known, listed := algorithms[alg]
	curves, goes := known.keys[k.Kty]
	return k.Signs && (k.Alg == "" || k.Alg == alg) &&
		(!listed || goes && (len(curves) == 0 || slices.Contains(curves, k.crv)))
}

// Keys lists the readable keys of a set in their order. Whatever cannot be read is left out: the set
// (no keys), a key (one of an unknown kty, too), a certificate.
func Keys(set []byte) []Key {
	_, items, _ := storedSet(set)
	var keys []Key
	for i := range items {
		at := "/keys/" + strconv.Itoa(i)
		k, _, _ := readKey(&items[i], at)
		if k == nil || k.unknown {
			continue
		}
		summary := Key{Pointer: at, Kty: k.kty, Kid: deref(k.kid), Use: deref(k.use), Alg: deref(k.alg), Signs: k.signs(), crv: k.crv}
		if k.kty != "oct" {
			summary.Thumbprint, _ = thumbprint(k.object)
		}
		for _, element := range k.chain {
			if element.certificate != nil {
				summary.Certificates = append(summary.Certificates, element.certificate.Facts())
			}
		}
		keys = append(keys, summary)
	}
	return keys
}

// signs: what RFC 7517 sections 4.2 to 4.4 let a key be for. A value that nobody registered rules
// nothing out.
func (k *key) signs() bool {
	alg := deref(k.alg)
	return k.kty != "oct" && !strings.HasPrefix(k.crv, "X") && deref(k.use) != "enc" &&
		!strings.HasPrefix(alg, "RSA1_5") && !strings.HasPrefix(alg, "RSA-OAEP") && !strings.HasPrefix(alg, "ECDH-") &&
		(len(k.operations) == 0 || slices.Contains(k.operations, "verify") || slices.Contains(k.operations, "sign"))
}

// Labels are what a key says of itself beside its material.
type Labels struct {
	// Pointer is the RFC 6901 JSON pointer of the key in its set.
	Pointer string
	// Kid and X5U are "" when absent or no strings.
	Kid, X5U string
}

// LabelsOf lists those of every key of a set that is a JSON object, the keys of an unknown kty too.
func LabelsOf(set []byte) []Labels {
	_, items, _ := storedSet(set)
	var all []Labels
	for i := range items {
		if items[i].kind == kindObject {
			r := keyReader{object: &items[i]}
			all = append(all, Labels{"/keys/" + strconv.Itoa(i), deref(r.text("kid")), deref(r.text("x5u"))})
		}
	}
	return all
}

// storedSet reads a stored set and returns its object and the items of its keys. trouble says what
// the set is instead, "" if there are keys.
func storedSet(set []byte) (object value, items []value, trouble string) {
	object, err := parseStored(string(set))
	if err != nil {
		_, words := syntax(err)
		return value{}, nil, words
	}
	if object.kind != kindObject {
		return object, nil, "not a JSON object"
	}
	keys := object.get("keys")
	if keys == nil || keys.kind != kindArray {
		return object, nil, "without an array of keys"
	}
	return object, keys.items, ""
}

func deref(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
