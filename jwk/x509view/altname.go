package x509view

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"
)

// Alternatives of GeneralName (RFC 5280 section 4.2.1.6).
const (
	nameOther = iota
	nameRFC822
	nameDNS
	nameX400
	nameDirectory
	nameEDIParty
	nameURI
	nameIPAddress
	nameRegisteredID
)

var (
	errGeneralName = errors.New("an invalid GeneralName")
	errNoNames     = errors.New("a list of names without any")
)

// generalName is one GeneralName as the view shows it.
type generalName struct {
	kind    int
	text    string
	encoded []byte // otherName, x400Address and ediPartyName
	typeID  string // otherName
	value   []byte // otherName: the value element when it is not text
	unshown bool   // readable, but the getter of the whole list fails on it
}

// parseGeneralNames reads the content of a GeneralNames, which must not be empty.
func parseGeneralNames(content []byte) ([]generalName, error) {
	if len(content) == 0 {
		return nil, errNoNames
	}
	var names []generalName
	for r := reader(content); len(r) > 0; {
		e, err := r.next()
		if err != nil {
			return nil, err
		}
		name, err := parseGeneralName(e, false)
		if err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, nil
}

// parseGeneralName reads one name. In a name constraint a URI is a bare host (RFC 5280 section
// 4.2.1.10).
func parseGeneralName(e element, constraint bool) (generalName, error) {
	name := generalName{kind: int(e.tag & 0x1f)}
	constructed := name.kind == nameOther || name.kind >= nameX400 && name.kind <= nameEDIParty
	if !e.context(byte(name.kind), constructed) {
		return name, errGeneralName
	}
	var err error
	switch name.kind {
	case nameOther:
		err = name.parseOther(e.body)
	case nameRFC822:
		name.text = decodeASCII(e.body)
		if domain := name.text[strings.IndexByte(name.text, '@')+1:]; domain == "" || domain == "." {
			err = errGeneralName
		}
	case nameDNS:
		name.text = decodeASCII(e.body)
	case nameX400:
		// The reference gives the content another tag before it encodes it.
		name.encoded = appendElement(nil, tagIA5String, e.body)
	case nameDirectory:
		err = name.parseDirectory(e.body)
	case nameEDIParty:
		err = name.parseEDIParty(e.body)
	case nameURI:
		name.text = decodeASCII(e.body)
		if constraint {
			err = checkURIConstraint(name.text)
		} else {
			err = checkURIName(name.text)
		}
	case nameIPAddress:
		err = name.parseIPAddress(e.body)
	case nameRegisteredID:
		name.text, err = element{tag: tagOID, body: e.body}.oid()
	default:
		err = errGeneralName
	}
	return name, err
}

// parseOther reads the content of an OtherName: type-id and an explicitly tagged value.
func (n *generalName) parseOther(content []byte) error {
	r := reader(content)
	id, err := r.next()
	if err != nil {
		return err
	}
	if n.typeID, err = id.oid(); err != nil {
		return err
	}
	wrapper, err := r.next()
	if err != nil {
		return err
	}
	if !wrapper.context(0, true) {
		return errGeneralName
	}
	n.encoded = appendElement(appendElement(nil, tagOID, id.body), wrapper.tag, wrapper.body)
	n.encoded = appendElement(nil, tagSequence, n.encoded)
	if value, err := single(wrapper.body); err == nil {
		if text, ok := value.text(); ok {
			n.text = text
			return nil
		}
	}
	n.value = wrapper.body
	return nil
}

// parseDirectory reads a Name; one whose SEQUENCE was left out by implicit tagging is taken too.
func (n *generalName) parseDirectory(content []byte) error {
	r := reader(content)
	sequence, err := r.expect(tagSequence)
	if err != nil {
		sequence.body = content
	}
	name, err := parseRelativeNames(sequence.body)
	n.text = name.rfc2253Text()
	return err
}

// parseEDIParty reads an EDIPartyName in the one form the reference can read: string types spelled
// out inside tags that are not marked constructed. It writes them back as PrintableString.
func (n *generalName) parseEDIParty(content []byte) error {
	var parts [2][]byte // nameAssigner, partyName
	count := 0
	for r := reader(content); len(r) > 0; count++ {
		part, err := r.next()
		if err != nil {
			return err
		}
		number := part.tag & 0x1f
		if number > 1 || !part.context(number, false) {
			continue
		}
		if parts[number] != nil {
			return errGeneralName
		}
		inner := reader(part.body)
		value, err := inner.next()
		if err != nil {
			return err
		}
		if text, ok := value.text(); ok {
			parts[number] = appendElement(nil, part.tag, appendElement(nil, tagPrintableString, encodeASCII(text)))
		}
	}
	if count > 2 || parts[1] == nil {
		return errGeneralName
	}
	n.encoded = appendElement(nil, tagSequence, append(parts[0], parts[1]...))
	return nil
}

// parseIPAddress reads an address or, in twice its length, an address and mask.
func (n *generalName) parseIPAddress(octets []byte) error {
	switch len(octets) {
	case 4, 16:
		n.text = addressText(octets)
	case 8:
		n.text = addressText(octets[:4]) + "/" + addressText(octets[4:])
	case 32:
		mask := bitString{octets: octets[16:], length: 128}
		prefix := 0
		for prefix < 128 && mask.at(prefix) {
			prefix++
		}
		for i := prefix; i < 128; i++ {
			n.unshown = n.unshown || mask.at(i)
		}
		n.text = addressText(octets[:16]) + "/" + strconv.Itoa(prefix)
	default:
		return errGeneralName
	}
	return nil
}

// addressText prints IPv6 as eight groups without compression, IPv4 mapped into it as IPv4.
func addressText(octets []byte) string {
	address, _ := netip.AddrFromSlice(octets)
	if address = address.Unmap(); address.Is4() {
		return address.String()
	}
	var text []byte
	for i := 0; i < 16; i += 2 {
		if i > 0 {
			text = append(text, ':')
		}
		text = strconv.AppendUint(text, uint64(octets[i])<<8|uint64(octets[i+1]), 16)
	}
	return string(text)
}

// checkURIName checks the URI of a name: a scheme, and a host, if any, without a final dot or zone.
func checkURIName(text string) error {
	u, err := parseURI(text)
	switch {
	case err != nil:
		return err
	case u.scheme == "", strings.HasSuffix(u.host, "."), strings.Contains(u.host, "%"):
		return errURI
	}
	return nil
}

// checkURIConstraint checks the URI of a name constraint: a host or, after a dot, a domain.
func checkURIConstraint(text string) error {
	u, err := parseURI(text)
	if err != nil {
		return err
	}
	host := strings.TrimPrefix(text, ".")
	if u.scheme != "" || host == "" {
		return errURI
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || !only(label, uriAlnum+"-") || label[0] == '-' {
			return errURI
		}
	}
	return nil
}
