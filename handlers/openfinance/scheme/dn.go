package scheme

import (
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// DN is a distinguished name in the order of certificates: the most general
// relative name first.
type DN []RelativeName

// RelativeName is the attributes of one level; usually there is one.
type RelativeName []Attribute

// Attribute is a type, in dotted form, and its value: Text if Is says so, and DER
// if the value was read from DER.
type Attribute struct {
	OID  string
	Text string
	Is   Value
	DER  []byte
}

// Value is the kind of an attribute's value.
type Value uint8

// The two values of Value.
const (
	Opaque Value = iota // not a character string: only DER
	Text
)

// Object identifiers of the scheme's certificate profile.
const (
	oidCommonName             = "2.5.4.3"
	oidSerialNumber           = "2.5.4.5"
	oidCountry                = "2.5.4.6"
	oidLocality               = "2.5.4.7"
	oidState                  = "2.5.4.8"
	oidStreet                 = "2.5.4.9"
	oidOrganization           = "2.5.4.10"
	oidOrganizationalUnit     = "2.5.4.11"
	oidBusinessCategory       = "2.5.4.15"
	oidOrganizationIdentifier = "2.5.4.97"
	oidJurisdictionCountry    = "1.3.6.1.4.1.311.60.2.1.3"
	oidUID                    = "0.9.2342.19200300.100.1.1"
	oidDomainComponent        = "0.9.2342.19200300.100.1.25"
)

// shortName returns the names of RFC 4514 section 3, the only ones that String
// writes; empty for any other type.
func shortName(oid string) string {
	switch oid {
	case oidCommonName:
		return "CN"
	case oidLocality:
		return "L"
	case oidState:
		return "ST"
	case oidOrganization:
		return "O"
	case oidOrganizationalUnit:
		return "OU"
	case oidCountry:
		return "C"
	case oidStreet:
		return "STREET"
	case oidDomainComponent:
		return "DC"
	case oidUID:
		return "UID"
	}
	return ""
}

const (
	maxNameDER  = 16 << 10
	maxNameText = 4096 // bytes; the scheme's names have about 400
	maxOIDText  = 128
)

var (
	errName       = errors.New("the name is not DER of a distinguished name")
	errNameLength = errors.New("the name is too long")
)

// derAttribute is AttributeTypeAndValue (RFC 5280 section 4.1.2.4).
type derAttribute struct {
	Type  asn1.ObjectIdentifier
	Value asn1.RawValue
}

// derRelativeNameSET ends in SET because encoding/asn1 reads that from the name.
type derRelativeNameSET []derAttribute

// ParseDER reads a name from DER, for example a certificate's RawSubject.
func ParseDER(der []byte) (DN, error) {
	var sequence []derRelativeNameSET
	if len(der) > maxNameDER {
		return nil, errNameLength
	}
	if rest, err := asn1.Unmarshal(der, &sequence); err != nil || len(rest) > 0 {
		return nil, errName
	}
	name := make(DN, len(sequence))
	for i, set := range sequence {
		if len(set) == 0 {
			return nil, errName
		}
		for _, a := range set {
			attr, err := derValue(a.Type.String(), a.Value)
			if err != nil {
				return nil, err
			}
			name[i] = append(name[i], attr)
		}
	}
	return name, nil
}

// derValue makes an attribute of a value in DER. A character string that does not
// decode is an error.
func derValue(oid string, raw asn1.RawValue) (Attribute, error) {
	attr := Attribute{OID: oid, DER: raw.FullBytes}
	if raw.Class != asn1.ClassUniversal || raw.IsCompound {
		return attr, nil
	}
	text, isText, err := characterString(raw.Tag, raw.Bytes)
	if err != nil {
		return Attribute{}, err
	}
	if isText {
		attr.Text, attr.Is = text, Text
	}
	return attr, nil
}

var errCharacters = errors.New("a value contains characters that its type does not allow")

const tagUniversalString = 28

// characterString decodes the string types of DirectoryString (RFC 5280), and the
// others that attributes of names use.
func characterString(tag int, b []byte) (text string, isText bool, err error) {
	switch tag {
	case asn1.TagUTF8String:
		text = string(b)
	case asn1.TagPrintableString, asn1.TagIA5String, asn1.TagNumericString:
		for _, c := range b {
			if c >= utf8.RuneSelf {
				return "", false, errCharacters
			}
		}
		text = string(b)
	case asn1.TagT61String:
		runes := make([]rune, len(b))
		for i, c := range b {
			runes[i] = rune(c)
		}
		text = string(runes)
	case asn1.TagBMPString:
		if len(b)%2 != 0 {
			return "", false, errCharacters
		}
		units := make([]uint16, 0, len(b)/2)
		for i := 0; i < len(b); i += 2 {
			units = append(units, uint16(b[i])<<8|uint16(b[i+1]))
		}
		text = string(utf16.Decode(units))
	case tagUniversalString:
		if len(b)%4 != 0 {
			return "", false, errCharacters
		}
		for i := 0; i < len(b); i += 4 {
			r := rune(b[i])<<24 | rune(b[i+1])<<16 | rune(b[i+2])<<8 | rune(b[i+3])
			if !utf8.ValidRune(r) {
				return "", false, errCharacters
			}
			text += string(r)
		}
	default:
		return "", false, nil
	}
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return "", false, errCharacters
	}
	return text, true, nil
}

// String writes the form of tls_client_auth_subject_dn (ID3 7.1.2, RFC 4514): the
// last relative name first; the types of RFC 4514's list by short name with
// readable values, all others as dotted OID with the value's DER in lower-case
// hexadecimal. A text without DER is written there as UTF8String.
func (n DN) String() string {
	var b strings.Builder
	for i := len(n) - 1; i >= 0; i-- {
		if i < len(n)-1 {
			b.WriteByte(',')
		}
		for j, attr := range n[i] {
			if j > 0 {
				b.WriteByte('+')
			}
			attr.write(&b)
		}
	}
	return b.String()
}

func (a Attribute) write(b *strings.Builder) {
	short := shortName(a.OID)
	if short != "" && a.Is == Text {
		b.WriteString(short)
		b.WriteByte('=')
		writeEscaped(b, a.Text)
		return
	}
	b.WriteString(a.OID)
	b.WriteString("=#")
	b.WriteString(hex.EncodeToString(a.encoded()))
}

// encoded is the value's DER.
func (a Attribute) encoded() []byte {
	if a.DER != nil {
		return a.DER
	}
	der, err := asn1.Marshal(asn1.RawValue{Tag: asn1.TagUTF8String, Bytes: []byte(a.Text)})
	if err != nil {
		return nil // RawValue of a universal tag always encodes
	}
	return der
}

// writeEscaped escapes the characters of RFC 4514 section 2.4, and control
// characters as hexadecimal pairs.
func writeEscaped(b *strings.Builder, text string) {
	const digits = "0123456789abcdef"
	for i := range len(text) {
		c := text[i]
		switch {
		case c < ' ' || c == 0x7f:
			b.WriteByte('\\')
			b.WriteByte(digits[c>>4])
			b.WriteByte(digits[c&15])
			continue
		case strings.IndexByte(`,+"\<>;=`, c) >= 0, i == 0 && (c == ' ' || c == '#'), i == len(text)-1 && c == ' ':
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
}

// Values lists the texts of all attributes of a type, in their order.
func (n DN) Values(oid string) []string {
	var texts []string
	for _, relative := range n {
		for _, attr := range relative {
			if attr.OID == oid && attr.Is == Text {
				texts = append(texts, attr.Text)
			}
		}
	}
	return texts
}
