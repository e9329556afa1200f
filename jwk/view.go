package jwk

import (
	"errors"
	"slices"
	"strconv"
	"time"
)

var (
	errSetObject = errors.New("not a JSON object")
	errSetKeys   = errors.New("without an array of keys")
)

// requirements are those RFC 7518 states of algorithms (and RFC 8037, RFC 8812 and drafts of them);
// an algorithm not listed has none.
var requirements = map[string]string{
	"HS256": "REQUIRED", "none": "REQUIRED", "RSA1_5": "REQUIRED",

	"RS256": "RECOMMENDED", "ES256": "RECOMMENDED", "A128KW": "RECOMMENDED", "A256KW": "RECOMMENDED",
	"dir": "RECOMMENDED", "ECDH-ES": "RECOMMENDED", "ECDH-ES+A128KW": "RECOMMENDED",
	"ECDH-ES+A256KW": "RECOMMENDED",

	"HS384": "OPTIONAL", "HS512": "OPTIONAL", "RS384": "OPTIONAL", "RS512": "OPTIONAL",
	"ES256K": "OPTIONAL", "ES384": "OPTIONAL", "ES512": "OPTIONAL",
	"PS256": "OPTIONAL", "PS384": "OPTIONAL", "PS512": "OPTIONAL",
	"EdDSA": "OPTIONAL", "Ed25519": "OPTIONAL", "Ed448": "OPTIONAL",
	"RSA-OAEP": "OPTIONAL", "RSA-OAEP-256": "OPTIONAL", "RSA-OAEP-384": "OPTIONAL",
	"RSA-OAEP-512": "OPTIONAL", "A192KW": "OPTIONAL", "ECDH-ES+A192KW": "OPTIONAL",
	"ECDH-1PU": "OPTIONAL", "ECDH-1PU+A128KW": "OPTIONAL", "ECDH-1PU+A192KW": "OPTIONAL",
	"ECDH-1PU+A256KW": "OPTIONAL", "A128GCMKW": "OPTIONAL", "A192GCMKW": "OPTIONAL",
	"A256GCMKW": "OPTIONAL", "PBES2-HS256+A128KW": "OPTIONAL", "PBES2-HS384+A192KW": "OPTIONAL",
	"PBES2-HS512+A256KW": "OPTIONAL",
}

// AppendView appends the getter view of a stored set:
//
//	{"keys":[…],"empty":bool,"additionalMembers":{…}}
//
// It is total. A key has 17 members, every one present; one that cannot be read is
// {"error":{"message":…}} instead, and one with a fault in its chain has its members and an error.
// A set that is not an object with an array of keys has no keys and an error member. Keys of an
// unknown kty are left out (RFC 7517 section 5). No private or symmetric key material comes out.
func AppendView(dst, set []byte) []byte {
	object, items, err := parseStored(set)
	w := writer{buf: slices.Grow(dst, 4*len(set)+1024), start: len(dst)}
	w.open('{')
	w.name("keys")
	w.open('[')
	empty := true
	for i := range items {
		k, faults, chainFaults := readKey(&items[i], "/keys/"+strconv.Itoa(i))
		switch {
		case len(faults) > 0:
			w.failure(faults[0].Message)
			empty = false
		case k != nil:
			k.write(&w, chainFaults)
			empty = false
		}
	}
	w.close(']')
	w.name("empty")
	w.boolean(empty)
	w.name("additionalMembers")
	w.open('{')
	w.members(object.members, true)
	w.close('}')
	if err != nil {
		w.errorMember("The key set is " + err.Error() + ".")
	}
	w.close('}')
	return w.buf
}

// write appends the 17 members of a readable key.
func (k *key) write(w *writer, chainFaults []Fault) {
	w.open('{')
	w.name("keyType")
	w.open('{')
	w.name("value")
	w.text(k.kty)
	w.name("requirement")
	w.text(k.keyType.requirement)
	w.close('}')
	w.name("keyID")
	w.optionalText(k.kid)
	w.name("keyUse")
	w.wrappedText(k.use)
	w.name("keyOperations")
	w.texts(k.operations)
	w.name("algorithm")
	k.writeAlgorithm(w)
	w.name("private")
	w.boolean(k.private)
	w.name("requiredParams")
	k.writeRequired(w)
	w.name("keyStore")
	w.null()
	w.name("issueTime")
	w.seconds(k.iat)
	w.name("notBeforeTime")
	w.seconds(k.nbf)
	w.name("expirationTime")
	w.seconds(k.exp)
	w.name("keyRevocation")
	k.writeRevocation(w)
	w.name("x509CertURL")
	w.optionalText(k.x5u)
	w.name("x509CertThumbprint")
	w.optionalText(k.x5t)
	w.name("x509CertSHA256Thumbprint")
	w.optionalText(k.x5tS256)
	w.name("x509CertChain")
	k.writeChain(w, func(element chainElement) {
		if element.err == errPrivateText {
			w.null()
		} else {
			w.text(element.text)
		}
	})
	w.name("parsedX509CertChain")
	k.writeChain(w, func(element chainElement) {
		if element.err != nil {
			w.failure(element.message())
		} else {
			element.certificate.write(w)
		}
	})
	if len(chainFaults) > 0 {
		w.errorMember(chainFaults[0].Message)
	}
	w.close('}')
}

func (k *key) writeAlgorithm(w *writer) {
	if k.alg == nil {
		w.null()
		return
	}
	w.open('{')
	w.name("name")
	w.text(*k.alg)
	w.name("requirement")
	if requirement, known := requirements[*k.alg]; known {
		w.text(requirement)
	} else {
		w.null()
	}
	w.close('}')
}

// writeRequired appends the members of the thumbprint as they stand, but never a secret.
func (k *key) writeRequired(w *writer) {
	w.open('{')
	for _, name := range k.keyType.required {
		if !slices.Contains(privateMembers, name) {
			w.name(name)
			w.text(k.object.get(name).text)
		}
	}
	w.close('}')
}

func (k *key) writeRevocation(w *writer) {
	if k.revoked == nil {
		w.null()
		return
	}
	w.open('{')
	w.name("reason")
	w.wrappedText(k.revoked.reason)
	w.name("revocationTime")
	w.seconds(&k.revoked.at)
	w.close('}')
}

func (k *key) writeChain(w *writer, write func(chainElement)) {
	if k.chain == nil {
		w.null()
		return
	}
	w.open('[')
	for _, element := range k.chain {
		write(element)
	}
	w.close(']')
}

func (w *writer) optionalText(text *string) {
	if text == nil {
		w.null()
	} else {
		w.text(*text)
	}
}

// wrappedText appends {"value":text}.
func (w *writer) wrappedText(text *string) {
	if text == nil {
		w.null()
		return
	}
	w.open('{')
	w.name("value")
	w.text(*text)
	w.close('}')
}

func (w *writer) seconds(seconds *int64) {
	if seconds == nil {
		w.null()
	} else {
		w.time(time.Unix(*seconds, 0))
	}
}

// members appends the members of an object, without the keys of a set and without private members
// of what looks like a key.
func (w *writer) members(members []member, isSet bool) {
	isKey := slices.ContainsFunc(members, func(m member) bool { return m.name == "kty" })
	for i := range members {
		m := &members[i]
		if isSet && m.name == "keys" || isKey && slices.Contains(privateMembers, m.name) {
			continue
		}
		w.text(m.name)
		w.buf = append(w.buf, ':')
		w.stored(&m.value)
	}
}

// stored appends a value of additionalMembers.
func (w *writer) stored(v *value) {
	switch v.kind {
	case kindText:
		w.text(v.text)
	case kindArray:
		w.open('[')
		for i := range v.items {
			w.stored(&v.items[i])
		}
		w.close(']')
	case kindObject:
		w.open('{')
		w.members(v.members, false)
		w.close('}')
	default:
		w.raw(v.text)
	}
}
