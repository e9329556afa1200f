package x509view

import (
	"bytes"
	"errors"
	"slices"
)

var errSurrogate = errors.New("a BMPString with surrogates")

// attribute is an AttributeTypeAndValue (RFC 5280 section 4.1.2.4).
type attribute struct {
	oid    string
	rawOID []byte
	value  element
}

// relativeName is a RelativeDistinguishedName, attributes in encoded order.
type relativeName []attribute

// distinguishedName is an X.501 Name, relative names in encoded order.
type distinguishedName []relativeName

// parseName reads a Name.
func parseName(e element) (distinguishedName, error) {
	if e.tag != tagSequence {
		return nil, errTag
	}
	return parseRelativeNames(e.body)
}

// parseRelativeNames reads the content of a Name.
func parseRelativeNames(content []byte) (distinguishedName, error) {
	var name distinguishedName
	for r := reader(content); len(r) > 0; {
		e, err := r.expect(tagSet)
		if err != nil {
			return nil, err
		}
		relative, err := parseRelativeName(e.body)
		if err != nil {
			return nil, err
		}
		name = append(name, relative)
	}
	return name, nil
}

// parseRelativeName reads the content of a RelativeDistinguishedName; it may be empty.
func parseRelativeName(content []byte) (relativeName, error) {
	var relative relativeName
	for r := reader(content); len(r) > 0; {
		e, err := r.expect(tagSequence)
		if err != nil {
			return nil, err
		}
		attr, err := parseAttribute(e.body)
		if err != nil {
			return nil, err
		}
		relative = append(relative, attr)
	}
	return relative, nil
}

func parseAttribute(content []byte) (attribute, error) {
	r := reader(content)
	id, err := r.next()
	if err != nil {
		return attribute{}, err
	}
	attr := attribute{rawOID: id.body}
	if attr.oid, err = id.oid(); err != nil {
		return attribute{}, err
	}
	if attr.value, err = r.next(); err != nil {
		return attribute{}, err
	}
	if len(r) != 0 {
		return attribute{}, errTrailing
	}
	if attr.value.tag == tagBMPString {
		for i := 0; i+1 < len(attr.value.body); i += 2 {
			if attr.value.body[i]&0xf8 == 0xd8 {
				return attribute{}, errSurrogate
			}
		}
	}
	return attr, nil
}

// empty reports whether the name has no attribute at all.
func (n distinguishedName) empty() bool {
	return !slices.ContainsFunc(n, func(relative relativeName) bool { return len(relative) > 0 })
}

// encoded is the Name encoded anew, the attributes of each relative name in DER SET order.
func (n distinguishedName) encoded() []byte {
	var body []byte
	for _, relative := range n {
		attributes := make([][]byte, len(relative))
		for i, attr := range relative {
			pair := appendElement(nil, tagOID, attr.rawOID)
			pair = append(pair, attr.value.encoded()...)
			attributes[i] = appendElement(nil, tagSequence, pair)
		}
		slices.SortStableFunc(attributes, bytes.Compare)
		body = appendElement(body, tagSet, bytes.Join(attributes, nil))
	}
	return appendElement(nil, tagSequence, body)
}
