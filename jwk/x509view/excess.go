package x509view

import "fmt"

// Bounds of a certificate that somebody wants to store. Each is far above what certificates have; past
// them the view grows many times faster than the certificate.
const (
	maxUniqueIDOctets = 64   // each bit is shown as a word
	maxKeyUsageBits   = 16   // likewise; RFC 5280 section 4.2.1.3 defines nine
	maxNameOctets     = 4096 // shown four times in two encodings
	maxExtensions     = 64
)

// Excess says what the certificate must have, if it is beyond a bound; "" if it keeps them all.
func (c *Certificate) Excess() string {
	extensions, keyUsage := 0, 0
	if c.extensions != nil {
		extensions = len(c.extensions.critical) + len(c.extensions.nonCritical)
		keyUsage = len(c.extensions.keyUsage)
	}
	for _, bound := range []struct {
		size, most int
		of         string
	}{
		{c.issuerUniqueID.size(), maxUniqueIDOctets, "octets in its issuerUniqueID"},
		{c.subjectUniqueID.size(), maxUniqueIDOctets, "octets in its subjectUniqueID"},
		{keyUsage, maxKeyUsageBits, "bits in its keyUsage"},
		{c.nameOctets(c.issuer), maxNameOctets, "octets in its issuer"},
		{c.nameOctets(c.subject), maxNameOctets, "octets in its subject"},
		{extensions, maxExtensions, "extensions"},
	} {
		if bound.size > bound.most {
			return fmt.Sprintf("at most %d %s", bound.most, bound.of)
		}
	}
	return ""
}

// nameOctets is the length of the name's encoding, or 0 if a certificate of this length has no name beyond the bound.
func (c *Certificate) nameOctets(n distinguishedName) int {
	if len(c.tbs) <= maxNameOctets {
		return 0
	}
	return len(n.encoded())
}

// size is the number of octets; an absent BIT STRING has none.
func (b *bitString) size() int {
	if b == nil {
		return 0
	}
	return len(b.octets)
}
