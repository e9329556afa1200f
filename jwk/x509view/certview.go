package x509view

import (
	"math/big"

	"tenure/jwk/strictjson"
)

// AppendView appends the getter view of the certificate: an object of the 25 members of one
// parsedX509CertChain element, every one present.
func (c *Certificate) AppendView(dst []byte) []byte {
	w := strictjson.NewWriter(dst)
	none := extensions{pathLength: -1}
	x := &none
	if c.extensions != nil {
		x = c.extensions
	}
	w.Open('{')
	w.Name("type")
	w.Text("X.509")
	w.Name("version")
	w.Int(int64(c.version) + 1)
	w.Name("serialNumber")
	w.BigInt(c.serialNumber)
	w.Name("issuerDN")
	c.issuer.writePlain(w)
	w.Name("issuerX500Principal")
	c.issuer.writePrincipal(w)
	w.Name("subjectDN")
	c.subject.writePlain(w)
	w.Name("subjectX500Principal")
	c.subject.writePrincipal(w)
	w.Name("notBefore")
	w.Time(c.notBefore)
	w.Name("notAfter")
	w.Time(c.notAfter)
	w.Name("publicKey")
	c.publicKey.write(w)
	w.Name("issuerUniqueID")
	writeBits(w, c.issuerUniqueID)
	w.Name("subjectUniqueID")
	writeBits(w, c.subjectUniqueID)
	w.Name("criticalExtensionOIDs")
	w.Texts(x.critical)
	w.Name("nonCriticalExtensionOIDs")
	w.Texts(x.nonCritical)
	w.Name("basicConstraints")
	w.Int(int64(x.pathLength))
	w.Name("keyUsage")
	writeKeyUsage(w, x.keyUsage)
	w.Name("extendedKeyUsage")
	w.Texts(x.extKeyUsage)
	w.Name("subjectAlternativeNames")
	writeGeneralNames(w, x.subjectAltNames)
	w.Name("issuerAlternativeNames")
	writeGeneralNames(w, x.issuerAltNames)
	w.Name("sigAlgName")
	w.Text(c.algorithm.name())
	w.Name("sigAlgOID")
	w.Text(c.algorithm.oid)
	w.Name("sigAlgParams")
	// The hash of ecdsa-with-SHA2 is part of its name, not a parameter the getter gives.
	if c.algorithm.params == nil || c.algorithm.oid == oidECDSASHA2 {
		w.Null()
	} else {
		writeOctets(w, c.algorithm.params)
	}
	w.Name("signature")
	writeOctets(w, c.signature)
	w.Name("tbscertificate")
	writeOctets(w, c.tbs)
	w.Name("encoded")
	writeOctets(w, c.encoded)
	w.Close('}')
	return w.Bytes()
}

// writeOctets writes a byte array: an array with one base64 string.
func writeOctets(w *strictjson.Writer, value []byte) {
	w.Open('[')
	w.Base64(value)
	w.Close(']')
}

// writeBits writes the bits of an optional BIT STRING.
func writeBits(w *strictjson.Writer, value *bitString) {
	if value == nil {
		w.Null()
		return
	}
	w.Open('[')
	for i := range value.length {
		w.Bool(value.at(i))
	}
	w.Close(']')
}

func (n distinguishedName) writePlain(w *strictjson.Writer) {
	w.Open('{')
	w.Name("name")
	w.Text(n.plainText())
	w.Close('}')
}

func (n distinguishedName) writePrincipal(w *strictjson.Writer) {
	w.Open('{')
	w.Name("name")
	w.Text(n.rfc2253Text())
	w.Name("encoded")
	writeOctets(w, n.encoded())
	w.Close('}')
}

func writeKeyUsage(w *strictjson.Writer, usage []bool) {
	if usage == nil {
		w.Null()
		return
	}
	w.Open('[')
	for _, allowed := range usage {
		w.Bool(allowed)
	}
	w.Close(']')
}

// writeGeneralNames writes a list of lists, each starting with the number of the name's kind. A
// name its getter cannot print makes the whole list null.
func writeGeneralNames(w *strictjson.Writer, names []generalName) {
	unshown := names == nil
	for _, name := range names {
		unshown = unshown || name.unshown
	}
	if unshown {
		w.Null()
		return
	}
	w.Open('[')
	for _, name := range names {
		w.Open('[')
		w.Int(int64(name.kind))
		if name.encoded != nil {
			w.Base64(name.encoded)
		} else {
			w.Text(name.text)
		}
		if name.kind == nameOther {
			w.Text(name.typeID)
			if name.value != nil {
				w.Base64(name.value)
			} else {
				w.Text(name.text)
			}
		}
		w.Close(']')
	}
	w.Close(']')
}

func (k *publicKey) write(w *strictjson.Writer) {
	w.Open('{')
	w.Name("algorithm")
	w.Text(k.algorithm)
	w.Name("format")
	w.Text("X.509")
	w.Name("encoded")
	writeOctets(w, k.encoded())
	w.Name("params")
	switch {
	case k.curve != nil:
		k.curve.write(w)
	case k.pss != nil:
		k.pss.write(w)
	case k.numbers != nil:
		names := [3]string{"p", "q", "g"}
		if k.id.oid == oidDH {
			names = [3]string{"p", "g", "l"}
		}
		writeNumbers(w, names, k.numbers)
	case k.paramsName != "":
		w.Open('{')
		w.Name("name")
		w.Text(k.paramsName)
		w.Close('}')
	default:
		w.Null()
	}
	w.Close('}')
}

func writeNumbers(w *strictjson.Writer, names [3]string, numbers []*big.Int) {
	w.Open('{')
	for i, name := range names {
		w.Name(name)
		w.BigInt(numbers[i])
	}
	w.Close('}')
}

func (c *namedCurve) write(w *strictjson.Writer) {
	w.Open('{')
	w.Name("curve")
	w.Open('{')
	w.Name("field")
	w.Open('{')
	w.Name("fieldSize")
	w.Int(int64(c.fieldSize))
	if c.binary {
		w.Name("m")
		w.Int(int64(c.fieldSize))
		w.Name("reductionPolynomial")
	} else {
		w.Name("p")
	}
	w.Raw(c.field)
	w.Close('}')
	w.Name("a")
	w.Raw(c.a)
	w.Name("b")
	w.Raw(c.b)
	w.Name("seed")
	w.Null()
	w.Close('}')
	w.Name("generator")
	w.Open('{')
	w.Name("affineX")
	w.Raw(c.x)
	w.Name("affineY")
	w.Raw(c.y)
	w.Close('}')
	w.Name("order")
	w.Raw(c.order)
	w.Name("cofactor")
	w.Raw(c.cofactor)
	w.Close('}')
}

func (p *pssParams) write(w *strictjson.Writer) {
	w.Open('{')
	w.Name("digestAlgorithm")
	w.Text(p.digest)
	w.Name("mgfalgorithm")
	w.Text(nameMGF1)
	w.Name("mgfparameters")
	w.Open('{')
	w.Name("digestAlgorithm")
	w.Text(p.maskDigest)
	w.Close('}')
	w.Name("saltLength")
	w.Int(int64(p.saltLength))
	w.Name("trailerField")
	w.Int(int64(p.trailerField))
	w.Close('}')
}
