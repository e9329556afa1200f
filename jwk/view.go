package jwk

import (
	"slices"
	"strconv"
	"time"

	"tenure/jwk/strictjson"
)

// AppendView appends the getter view of a stored set:
//
//	{"keys":[…],"empty":bool,"additionalMembers":{…}}
//
// It is total. A key has 17 members, every one present; one that cannot be read is
// {"error":{"message":…}} instead, and one with a fault in its chain has its members and an error.
// A set that is not an object with an array of keys has no keys and an error member. A key
// of a kty that is not known here shows what every key has. No private or symmetric key material comes out.
func AppendView(dst, set []byte) []byte {
	object, items, trouble := storedSet(set)
	w := strictjson.NewWriter(slices.Grow(dst, 4*len(set)+1024))
	w.Open('{')
	w.Name("keys")
	w.Open('[')
	empty := true
	for i := range items {
		k, faults, chainFaults := readKey(&items[i], "/keys/"+strconv.Itoa(i))
		switch {
		case len(faults) > 0:
			writeFailure(w, faults[0].Message)
			empty = false
		case k != nil:
			k.write(w, chainFaults)
			empty = false
		}
	}
	w.Close(']')
	w.Name("empty")
	w.Bool(empty)
	w.Name("additionalMembers")
	w.Open('{')
	writeMembers(w, object.members, true)
	w.Close('}')
	if trouble != "" {
		writeError(w, "The key set is "+trouble+".")
	}
	w.Close('}')
	return w.Bytes()
}

// write appends the 17 members of a readable key.
func (k *key) write(w *strictjson.Writer, chainFaults []Fault) {
	w.Open('{')
	w.Name("keyType")
	w.Open('{')
	w.Name("value")
	w.Text(k.kty)
	w.Name("requirement")
	writeKnown(w, k.keyType.requirement)
	w.Close('}')
	w.Name("keyID")
	writeOptional(w, k.kid)
	w.Name("keyUse")
	writeWrapped(w, k.use)
	w.Name("keyOperations")
	w.Texts(k.operations)
	w.Name("algorithm")
	k.writeAlgorithm(w)
	w.Name("private")
	w.Bool(k.private)
	w.Name("requiredParams")
	k.writeRequired(w)
	w.Name("keyStore")
	w.Null()
	w.Name("issueTime")
	writeSeconds(w, k.iat)
	w.Name("notBeforeTime")
	writeSeconds(w, k.nbf)
	w.Name("expirationTime")
	writeSeconds(w, k.exp)
	w.Name("keyRevocation")
	k.writeRevocation(w)
	w.Name("x509CertURL")
	writeOptional(w, k.x5u)
	w.Name("x509CertThumbprint")
	writeOptional(w, k.x5t)
	w.Name("x509CertSHA256Thumbprint")
	writeOptional(w, k.x5tS256)
	w.Name("x509CertChain")
	k.writeChain(w, func(element chainElement) {
		if element.err == errPrivateText {
			w.Null()
		} else {
			w.Text(element.text)
		}
	})
	w.Name("parsedX509CertChain")
	k.writeChain(w, func(element chainElement) {
		if element.err != nil {
			writeFailure(w, element.message())
		} else {
			w.Append(element.certificate.AppendView)
		}
	})
	if len(chainFaults) > 0 {
		writeError(w, chainFaults[0].Message)
	}
	w.Close('}')
}

func (k *key) writeAlgorithm(w *strictjson.Writer) {
	if k.alg == nil {
		w.Null()
		return
	}
	w.Open('{')
	w.Name("name")
	w.Text(*k.alg)
	w.Name("requirement")
	writeKnown(w, algorithms[*k.alg].requirement)
	w.Close('}')
}

// writeRequired appends the members of the thumbprint as they stand, but never a secret.
func (k *key) writeRequired(w *strictjson.Writer) {
	w.Open('{')
	for _, name := range k.keyType.required {
		if v := k.object.get(name); v != nil && !isPrivate(name) {
			w.Name(name)
			w.Text(v.text)
		}
	}
	w.Close('}')
}

func (k *key) writeRevocation(w *strictjson.Writer) {
	if k.revoked == nil {
		w.Null()
		return
	}
	w.Open('{')
	w.Name("reason")
	writeWrapped(w, k.revoked.reason)
	w.Name("revocationTime")
	writeSeconds(w, &k.revoked.at)
	w.Close('}')
}

func (k *key) writeChain(w *strictjson.Writer, write func(chainElement)) {
	if k.chain == nil {
		w.Null()
		return
	}
	w.Open('[')
	for _, element := range k.chain {
		write(element)
	}
	w.Close(']')
}

func writeOptional(w *strictjson.Writer, text *string) {
	if text == nil {
		w.Null()
	} else {
		w.Text(*text)
	}
}

// writeKnown writes a requirement, null for none.
func writeKnown(w *strictjson.Writer, text string) {
	if text == "" {
		w.Null()
	} else {
		w.Text(text)
	}
}

// writeWrapped writes {"value":text}.
func writeWrapped(w *strictjson.Writer, text *string) {
	if text == nil {
		w.Null()
		return
	}
	w.Open('{')
	w.Name("value")
	w.Text(*text)
	w.Close('}')
}

func writeSeconds(w *strictjson.Writer, seconds *int64) {
	if seconds == nil {
		w.Null()
	} else {
		w.Time(time.Unix(*seconds, 0))
	}
}

// writeMembers writes the members of an object, without the keys of a set and without private members
// of what looks like a key.
func writeMembers(w *strictjson.Writer, members []member, isSet bool) {
	isKey := slices.ContainsFunc(members, func(m member) bool { return isKty(m.name) })
	for i := range members {
		m := &members[i]
		if isSet && m.name == "keys" || isKey && isPrivate(m.name) {
			continue
		}
		w.AnyName(m.name)
		writeStored(w, &m.value)
	}
}

// writeStored writes a value of additionalMembers.
func writeStored(w *strictjson.Writer, v *value) {
	switch v.kind {
	case kindText:
		w.Text(v.text)
	case kindArray:
		w.Open('[')
		for i := range v.items {
			writeStored(w, &v.items[i])
		}
		w.Close(']')
	case kindObject:
		w.Open('{')
		writeMembers(w, v.members, false)
		w.Close('}')
	default:
		w.Raw(v.text)
	}
}

// writeFailure writes the object {"error":{"message":…}}.
func writeFailure(w *strictjson.Writer, message string) {
	w.Open('{')
	writeError(w, message)
	w.Close('}')
}

func writeError(w *strictjson.Writer, message string) {
	w.Name("error")
	w.Open('{')
	w.Name("message")
	w.Text(message)
	w.Close('}')
}
