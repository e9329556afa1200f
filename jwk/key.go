package jwk

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	"tenure/jwk/x509view"
)

// Times RFC 3339 can write: the years 0 to 9999, in seconds since 1970.
const (
	minEpochSecond = -62167219200
	maxEpochSecond = 253402300799
)

// key is one parsed JWK (RFC 7517 section 4). A pointer is nil for an absent member.
type key struct {
	object  *value
	kty     string
	keyType keyType
	unknown bool   // a kty that this package does not know
	crv     string // of EC and OKP

	alg, kid, use, x5u, x5t, x5tS256 *string
	exp, nbf, iat                    *int64
	operations                       []string // nil when absent
	revoked                          *revocation
	chain                            []chainElement // nil when absent or empty
	private                          bool
}

// revocation is the "revoked" member the reference adds to RFC 7517.
type revocation struct {
	at     int64
	reason *string
}

// chainElement is one item of x5c: its text and the certificate, or why there is none.
type chainElement struct {
	text        string
	certificate *x509view.Certificate
	err         error
}

// privateLabel ends the first line of every private key in PEM (RFC 7468 sections 10 and 11). A
// certificate is read from PEM text too, and what else such text holds is not to be kept.
var privateLabel = []byte("PRIVATE KEY-----")

var errPrivateText = errors.New("it comes with a private key")

func (e *chainElement) message() string {
	return "The certificate cannot be read: " + e.err.Error() + "."
}

// keyReader collects the faults of one key while it is read.
type keyReader struct {
	object  *value
	pointer string
	faults  []Fault
}

func (r *keyReader) fault(rule string, path ...string) { r.say(rule, rules[rule].message, path...) }

// say is fault with a message that says more than the rule.
func (r *keyReader) say(rule, message string, path ...string) {
	r.faults = append(r.faults, Fault{r.pointer + pointer(path...), rule, message})
}

// ofType is the fault of a member whose JSON type is another one.
func (r *keyReader) ofType(what string, path ...string) {
	r.say("wrong-type", "The member must be "+what+".", path...)
}

// readKey reads an item of "keys". It returns the faults that make the key unreadable and, apart
// from them, those of a chain in a readable key. A nil key without faults is one of a type this
// package does not know, which RFC 7517 section 5 has ignored.
func readKey(v *value, at string) (k *key, faults, chainFaults []Fault) {
	r := &keyReader{object: v, pointer: at}
	if v.kind != kindObject {
		r.fault("not-an-object")
		return nil, r.faults, nil
	}
	kty := r.text("kty")
	if kty == nil {
		if len(r.faults) == 0 {
			r.say("missing-member", "A key must have a kty.", "kty")
		}
		return nil, r.faults, nil
	}
	known, ok := keyTypes[*kty]
	if !ok {
		return r.unknown(v, *kty), nil, r.faults
	}
	k = &key{object: v, kty: *kty, keyType: known}
	r.readMetadata(k)
	r.readMaterial(k)
	if len(r.faults) > 0 {
		return nil, r.faults, nil
	}
	r.readChain(k)
	return k, nil, r.faults
}

// unknown reads a key of another type: whatever its members are, they are no faults, except those of
// certificates.
func (r *keyReader) unknown(v *value, kty string) *key {
	k := &key{object: v, kty: kty, keyType: unknownType, unknown: true}
	r.readMetadata(k)
	r.faults = nil
	k.private = slices.ContainsFunc(v.members, func(m member) bool { return m.value.kind != kindNull && isPrivate(m.name) })
	r.readChain(k)
	return k
}

// text returns a string member, nil when it is absent, null or (a fault) something else.
func (r *keyReader) text(name string) *string {
	v := r.object.get(name)
	if v == nil {
		return nil
	}
	if v.kind != kindText {
		r.ofType("a string", name)
		return nil
	}
	return &v.text
}

// require is text for a member that must be there.
func (r *keyReader) require(name string) string {
	faults := len(r.faults)
	if text := r.text(name); text != nil {
		return *text
	}
	if len(r.faults) == faults {
		r.fault("missing-member", name)
	}
	return ""
}

// readMetadata reads the members every key type has.
func (r *keyReader) readMetadata(k *key) {
	k.alg, k.kid, k.x5t, k.x5tS256 = r.text("alg"), r.text("kid"), r.text("x5t"), r.text("x5t#S256")
	if k.x5u = r.text("x5u"); k.x5u != nil {
		if !x509view.ValidURI(*k.x5u) {
			r.fault("invalid-uri", "x5u")
		}
	}
	if k.use = r.text("use"); k.use != nil && strings.TrimFunc(*k.use, func(c rune) bool { return c <= ' ' }) == "" {
		r.fault("blank-use", "use")
	}
	r.readOperations(k)
	k.exp, k.nbf, k.iat = r.seconds(r.object, "exp"), r.seconds(r.object, "nbf"), r.seconds(r.object, "iat")
	r.readRevocation(k)
	if v := r.object.get("x5c"); v != nil {
		r.readChainTexts(k, v)
	}
}

// seconds returns a NumericDate of holder cut towards zero to whole seconds, nil when it is absent.
// path is its pointer within the key.
func (r *keyReader) seconds(holder *value, path ...string) *int64 {
	v := holder.get(path[len(path)-1])
	if v == nil {
		return nil
	}
	if v.kind != kindNumber {
		r.ofType("a number of seconds", path...)
		return nil
	}
	// The range makes a float exact to the second; errors mean infinity or zero, both kept.
	number, _ := strconv.ParseFloat(v.text, 64)
	if number = math.Trunc(number); number < minEpochSecond || number > maxEpochSecond {
		r.fault("time-out-of-range", path...)
		return nil
	}
	whole := int64(number)
	return &whole
}

func (r *keyReader) readOperations(k *key) {
	v := r.object.get("key_ops")
	if v == nil {
		return
	}
	if v.kind != kindArray {
		r.ofType("an array of strings", "key_ops")
		return
	}
	k.operations = []string{}
	for i, item := range v.items {
		if item.kind == kindNull {
			continue
		}
		at := strconv.Itoa(i)
		_, known := operations[item.text]
		switch {
		case item.kind != kindText:
			r.ofType("an array of strings", "key_ops", at)
			return
		case !known:
			r.fault("unknown-operation", "key_ops", at)
			return
		case k.use != nil && (*k.use == "sig" || *k.use == "enc") && !r.agrees(item.text, *k.use):
			r.fault("use-conflict", "key_ops", at)
			return
		case !slices.Contains(k.operations, item.text):
			k.operations = append(k.operations, item.text)
		}
	}
}

// agrees reports whether a key of the use can have the operation. Only keys of key agreement derive: an
// ECDH-ES key is one for encryption whose operation is deriveKey or deriveBits.
func (r *keyReader) agrees(operation, use string) bool {
	if operation != "deriveKey" && operation != "deriveBits" {
		return operations[operation] == use
	}
	kty, crv := r.object.get("kty"), r.object.get("crv")
	curves, agreement := agreementKeys[kty.text]
	return use == operations[operation] && agreement && (curves == nil || crv != nil && slices.Contains(curves, crv.text))
}

func (r *keyReader) readRevocation(k *key) {
	v := r.object.get("revoked")
	if v == nil {
		return
	}
	if v.kind != kindObject {
		r.ofType("an object", "revoked")
		return
	}
	k.revoked = &revocation{}
	if v.get("revoked_at") == nil {
		r.say("missing-member", "A revocation must have its time.", "revoked", "revoked_at")
	} else if at := r.seconds(v, "revoked", "revoked_at"); at != nil {
		k.revoked.at = *at
	}
	if reason := v.get("reason"); reason != nil && reason.kind != kindText {
		r.ofType("a string", "revoked", "reason")
	} else if reason != nil {
		k.revoked.reason = &reason.text
	}
}

// readMaterial reads the members of the key's type and whether there are private ones. Their values
// are for judge, except that a point must lie on its curve.
func (r *keyReader) readMaterial(k *key) {
	switch k.kty {
	case "RSA":
		r.require("n")
		r.require("e")
		r.readRSAPrivate(k)
	case "EC":
		x, y := r.require("x"), r.require("y")
		if oid := r.readCurve(k); oid != "" && !x509view.OnCurve(oid, decodeNumber(x), decodeNumber(y)) {
			r.fault("not-on-curve", "x")
		}
	case "OKP":
		r.require("x")
		r.readCurve(k)
	case "AKP":
		r.text("pub")
		k.private = r.text("priv") != nil
	case "oct":
		r.require("k")
		k.private = true
	}
}

// readCurve reads crv and whether there is a d. The object identifier is "" after any fault.
func (r *keyReader) readCurve(k *key) (oid string) {
	k.crv = r.require("crv")
	k.private = r.text("d") != nil
	if len(r.faults) > 0 {
		return ""
	}
	c := curves[k.crv]
	if c.kty != k.kty {
		r.fault("unknown-curve", "crv")
		return ""
	}
	return c.oid
}

// readRSAPrivate reads the private members of RFC 7518 section 6.3.2: the five of the Chinese
// remainder form come together. The reference cannot read other primes as the RFC names them.
func (r *keyReader) readRSAPrivate(k *key) {
	remainder := []string{"p", "q", "dp", "dq", "qi"}
	present := 0
	for _, name := range remainder {
		if r.text(name) != nil {
			present++
		}
	}
	if present != 0 && present != len(remainder) {
		r.fault("incomplete-private-key")
	}
	k.private = r.text("d") != nil || present > 0
	others := r.object.get("oth")
	if others == nil {
		return
	}
	if others.kind != kindArray {
		r.ofType("an array of objects", "oth")
		return
	}
	for i, prime := range others.items {
		if prime.kind != kindObject {
			continue
		}
		for _, name := range []string{"r", "dq", "t"} {
			if part := prime.get(name); part == nil || part.kind != kindText {
				r.say("incomplete-private-key", "Another prime has the members r, dq and t.", "oth", strconv.Itoa(i))
				return
			}
		}
	}
}

func (r *keyReader) readChainTexts(k *key, v *value) {
	if v.kind != kindArray {
		r.ofType("an array of strings", "x5c")
		return
	}
	for i, item := range v.items {
		if item.kind != kindText {
			r.ofType("an array of strings", "x5c", strconv.Itoa(i))
			return
		}
		k.chain = append(k.chain, chainElement{text: item.text})
	}
}

// readChain reads the certificates and holds the first one's key against the JWK (RFC 7517 section
// 4.7); nothing else about the chain is judged.
func (r *keyReader) readChain(k *key) {
	for i := range k.chain {
		element := &k.chain[i]
		data := decodeBase64(element.text)
		if element.certificate, element.err = x509view.Parse(data); bytes.Contains(data, privateLabel) {
			element.certificate, element.err = nil, errPrivateText
		}
		if element.err != nil && i < MaxChain {
			if element.err == errPrivateText {
				r.fault("private-key", "x5c", strconv.Itoa(i))
				continue
			}
			r.say("x5c-unreadable", element.message(), "x5c", strconv.Itoa(i))
		}
	}
	if len(k.chain) > 0 && k.chain[0].certificate != nil && !k.matches(k.chain[0].certificate) {
		r.fault("x5c-mismatch", "x5c", "0")
	}
}

// matches compares public numbers as integers. Key types without such numbers always match.
func (k *key) matches(c *x509view.Certificate) bool {
	family, first, second := c.PublicNumbers()
	var names [2]string
	switch {
	case k.kty == "RSA" && (family == "RSA" || family == "RSASSA-PSS"):
		names = [2]string{"n", "e"}
	case k.kty == "EC" && family == "EC":
		names = [2]string{"x", "y"}
	default:
		return k.kty != "RSA" && k.kty != "EC"
	}
	return decodeNumber(k.object.get(names[0]).text).Cmp(first) == 0 &&
		decodeNumber(k.object.get(names[1]).text).Cmp(second) == 0
}
