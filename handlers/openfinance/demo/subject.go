package demo

import (
	"encoding/asn1"
	"time"
)

// Subject is the subject of a client certificate in the scheme's certificate
// standard.
type Subject struct {
	SoftwareID   string // UID
	OrgID        string // organizationIdentifier, without OFBBR-
	CNPJ         string // serialNumber
	Organization string
	CommonName   string
	// Tag is the ASN.1 string type of the scheme's own four attributes:
	// asn1.TagUTF8String if 0, or asn1.TagPrintableString.
	Tag int
	// OldForm puts OrgID into the OU, as until 2022-08-31.
	OldForm     bool
	From, Until time.Time // zero: an hour ago, and a year after From
}

type attribute struct {
	Type  asn1.ObjectIdentifier
	Value asn1.RawValue
}

type relativeSET []attribute

// encode writes the name in the order of the standard's table.
func (s Subject) encode() ([]byte, error) {
	tag := s.Tag
	if tag == 0 {
		tag = asn1.TagUTF8String
	}
	organization := []entry{{asn1.ObjectIdentifier{2, 5, 4, 97}, "OFBBR-" + s.OrgID, tag}}
	if s.OldForm {
		organization = []entry{{asn1.ObjectIdentifier{2, 5, 4, 11}, s.OrgID, asn1.TagUTF8String}}
	}
	entries := append([]entry{
		{asn1.ObjectIdentifier{2, 5, 4, 15}, "Private Organization", tag},
		{asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 60, 2, 1, 3}, "BR", tag},
		{asn1.ObjectIdentifier{2, 5, 4, 5}, s.CNPJ, tag},
		{asn1.ObjectIdentifier{2, 5, 4, 6}, "BR", asn1.TagPrintableString},
		{asn1.ObjectIdentifier{2, 5, 4, 10}, s.Organization, asn1.TagUTF8String},
		{asn1.ObjectIdentifier{2, 5, 4, 8}, "SP", asn1.TagUTF8String},
		{asn1.ObjectIdentifier{2, 5, 4, 7}, "São Paulo", asn1.TagUTF8String},
	}, organization...)
	entries = append(entries,
		entry{asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 1}, s.SoftwareID, asn1.TagUTF8String},
		entry{asn1.ObjectIdentifier{2, 5, 4, 3}, s.CommonName, asn1.TagUTF8String})
	var name []relativeSET
	for _, e := range entries {
		name = append(name, relativeSET{{e.oid, asn1.RawValue{Tag: e.tag, Bytes: []byte(e.text)}}})
	}
	return asn1.Marshal(name)
}

type entry struct {
	oid  asn1.ObjectIdentifier
	text string
	tag  int
}
