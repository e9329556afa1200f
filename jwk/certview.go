package jwk

import "math/big"

// AppendCertificate appends the getter view of one certificate, given as DER or PEM: an object of
// the 25 members of one parsedX509CertChain element, every one present, or {"error":{"message":…}}
// when the certificate cannot be read.
func AppendCertificate(dst, der []byte) []byte {
	c, err := parseCertificate(der)
	w := writer{buf: dst, start: len(dst)}
	if err != nil {
		w.failure("The certificate cannot be read: " + err.Error() + ".")
	} else {
		c.write(&w)
	}
	return w.buf
}

func (c *certificate) write(w *writer) {
	none := extensions{pathLength: -1}
	x := &none
	if c.extensions != nil {
		x = c.extensions
	}
	w.open('{')
	w.name("type")
	w.text("X.509")
	w.name("version")
	w.number(int64(c.version) + 1)
	w.name("serialNumber")
	w.bigNumber(c.serialNumber)
	w.name("issuerDN")
	c.issuer.writePlain(w)
	w.name("issuerX500Principal")
	c.issuer.writePrincipal(w)
	w.name("subjectDN")
	c.subject.writePlain(w)
	w.name("subjectX500Principal")
	c.subject.writePrincipal(w)
	w.name("notBefore")
	w.time(c.notBefore)
	w.name("notAfter")
	w.time(c.notAfter)
	w.name("publicKey")
	c.publicKey.write(w)
	w.name("issuerUniqueID")
	w.bits(c.issuerUniqueID)
	w.name("subjectUniqueID")
	w.bits(c.subjectUniqueID)
	w.name("criticalExtensionOIDs")
	w.texts(x.critical)
	w.name("nonCriticalExtensionOIDs")
	w.texts(x.nonCritical)
	w.name("basicConstraints")
	w.number(int64(x.pathLength))
	w.name("keyUsage")
	writeKeyUsage(w, x.keyUsage)
	w.name("extendedKeyUsage")
	w.texts(x.extKeyUsage)
	w.name("subjectAlternativeNames")
	writeGeneralNames(w, x.subjectAltNames)
	w.name("issuerAlternativeNames")
	writeGeneralNames(w, x.issuerAltNames)
	w.name("sigAlgName")
	w.text(c.algorithm.name())
	w.name("sigAlgOID")
	w.text(c.algorithm.oid)
	w.name("sigAlgParams")
	// The hash of ecdsa-with-SHA2 is part of its name, not a parameter the getter gives.
	if c.algorithm.params == nil || c.algorithm.oid == oidECDSASHA2 {
		w.null()
	} else {
		w.octets(c.algorithm.params)
	}
	w.name("signature")
	w.octets(c.signature)
	w.name("tbscertificate")
	w.octets(c.tbs)
	w.name("encoded")
	w.octets(c.encoded)
	w.close('}')
}

func (n distinguishedName) writePlain(w *writer) {
	w.open('{')
	w.name("name")
	w.text(n.plainText())
	w.close('}')
}

func (n distinguishedName) writePrincipal(w *writer) {
	w.open('{')
	w.name("name")
	w.text(n.rfc2253Text())
	w.name("encoded")
	w.octets(n.encoded())
	w.close('}')
}

func writeKeyUsage(w *writer, usage []bool) {
	if usage == nil {
		w.null()
		return
	}
	w.open('[')
	for _, allowed := range usage {
		w.boolean(allowed)
	}
	w.close(']')
}

// writeGeneralNames writes a list of lists, each starting with the number of the name's kind. A
// name its getter cannot print makes the whole list null.
func writeGeneralNames(w *writer, names []generalName) {
	unshown := names == nil
	for _, name := range names {
		unshown = unshown || name.unshown
	}
	if unshown {
		w.null()
		return
	}
	w.open('[')
	for _, name := range names {
		w.open('[')
		w.number(int64(name.kind))
		if name.encoded != nil {
			w.base64(name.encoded)
		} else {
			w.text(name.text)
		}
		if name.kind == nameOther {
			w.text(name.typeID)
			if name.value != nil {
				w.base64(name.value)
			} else {
				w.text(name.text)
			}
		}
		w.close(']')
	}
	w.close(']')
}

func (k *publicKey) write(w *writer) {
	w.open('{')
	w.name("algorithm")
	w.text(k.algorithm)
	w.name("format")
	w.text("X.509")
	w.name("encoded")
	w.octets(k.encoded())
	w.name("params")
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
		w.open('{')
		w.name("name")
		w.text(k.paramsName)
		w.close('}')
	default:
		w.null()
	}
	w.close('}')
}

func writeNumbers(w *writer, names [3]string, numbers []*big.Int) {
	w.open('{')
	for i, name := range names {
		w.name(name)
		w.bigNumber(numbers[i])
	}
	w.close('}')
}

func (c *namedCurve) write(w *writer) {
	w.open('{')
	w.name("curve")
	w.open('{')
	w.name("field")
	w.open('{')
	w.name("fieldSize")
	w.number(int64(c.fieldSize))
	if c.binary {
		w.name("m")
		w.number(int64(c.fieldSize))
		w.name("reductionPolynomial")
	} else {
		w.name("p")
	}
	w.raw(c.field)
	w.close('}')
	w.name("a")
	w.raw(c.a)
	w.name("b")
	w.raw(c.b)
	w.name("seed")
	w.null()
	w.close('}')
	w.name("generator")
	w.open('{')
	w.name("affineX")
	w.raw(c.x)
	w.name("affineY")
	w.raw(c.y)
	w.close('}')
	w.name("order")
	w.raw(c.order)
	w.name("cofactor")
	w.raw(c.cofactor)
	w.close('}')
}

func (p *pssParams) write(w *writer) {
	w.open('{')
	w.name("digestAlgorithm")
	w.text(p.digest)
	w.name("mgfalgorithm")
	w.text(nameMGF1)
	w.name("mgfparameters")
	w.open('{')
	w.name("digestAlgorithm")
	w.text(p.maskDigest)
	w.close('}')
	w.name("saltLength")
	w.number(int64(p.saltLength))
	w.name("trailerField")
	w.number(int64(p.trailerField))
	w.close('}')
}
