package scheme

import (
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// typeNames are the names of types that ParseDN accepts. Every attribute of the
// certificate profile has one (B-11).
var typeNames = map[string]string{
	"CN": oidCommonName, "L": oidLocality, "ST": oidState, "O": oidOrganization, "OU": oidOrganizationalUnit, "C": oidCountry,
	"STREET": oidStreet, "DC": oidDomainComponent, "UID": oidUID,
	"COMMONNAME": oidCommonName, "LOCALITYNAME": oidLocality, "STATEORPROVINCENAME": oidState, "S": oidState,
	"ORGANIZATIONNAME": oidOrganization, "ORGANIZATIONALUNITNAME": oidOrganizationalUnit, "COUNTRYNAME": oidCountry,
	"STREETADDRESS": oidStreet, "DOMAINCOMPONENT": oidDomainComponent, "USERID": oidUID,
	"SERIALNUMBER": oidSerialNumber, "BUSINESSCATEGORY": oidBusinessCategory, "ORGANIZATIONIDENTIFIER": oidOrganizationIdentifier,
	"JURISDICTIONCOUNTRYNAME": oidJurisdictionCountry, "JURISDICTIONC": oidJurisdictionCountry,
}

var (
	errNameText = errors.New("it does not have the form of RFC 4514")
	errNameType = errors.New("an attribute type is neither a known name nor an object identifier")
	errNameHex  = errors.New("a value in hexadecimal is not one DER element")
)

// ParseDN reads a name in the string form of RFC 4514: the last relative name
// first. Types are dotted OIDs, with or without the prefix "OID.", or names in
// upper or lower case; values are text, or # and the DER in hexadecimal. Spaces
// around separators are ignored, as in RFC 2253. An empty string is an error.
func ParseDN(text string) (DN, error) {
	switch {
	case text == "":
		return nil, errNameText
	case len(text) > maxNameText:
		return nil, errNameLength
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		return nil, errNameText
	}
	name, relative := DN{}, RelativeName(nil)
	for {
		attr, rest, err := parseAttribute(text)
		if err != nil {
			return nil, err
		}
		relative = append(relative, attr)
		if rest == "" {
			break
		}
		if rest[0] == ',' {
			name, relative = append(name, relative), nil
		}
		text = rest[1:]
	}
	name = append(name, relative)
	slices.Reverse(name)
	return name, nil
}

// parseAttribute reads one type and value; rest starts with the separator.
func parseAttribute(text string) (attr Attribute, rest string, err error) {
	typ, text, found := strings.Cut(text, "=")
	if !found {
		return attr, "", errNameText
	}
	if attr.OID, err = attributeType(strings.Trim(typ, " ")); err != nil {
		return attr, "", err
	}
	text = strings.TrimLeft(text, " ")
	if hexed, isHex := strings.CutPrefix(text, "#"); isHex {
		end := strings.IndexAny(hexed, ",+")
		if end < 0 {
			end = len(hexed)
		}
		attr, err = hexValue(attr.OID, strings.TrimRight(hexed[:end], " "))
		return attr, hexed[end:], err
	}
	attr.Is = Text
	attr.Text, rest, err = textValue(text)
	return attr, rest, err
}

func attributeType(typ string) (string, error) {
	upper := strings.ToUpper(typ)
	if oid, known := typeNames[upper]; known {
		return oid, nil
	}
	oid := strings.TrimPrefix(upper, "OID.")
	arcs := strings.Split(oid, ".")
	if len(oid) > maxOIDText || len(arcs) < 2 || !slices.Contains([]string{"0", "1", "2"}, arcs[0]) {
		return "", errNameType
	}
	for i, arc := range arcs {
		n, err := strconv.ParseUint(arc, 10, 31)
		if err != nil || strconv.FormatUint(n, 10) != arc || i == 1 && arcs[0] != "2" && n > 39 {
			return "", errNameType
		}
	}
	return oid, nil
}

func hexValue(oid, text string) (Attribute, error) {
	der, err := hex.DecodeString(text)
	if err != nil {
		return Attribute{}, errNameHex
	}
	var raw asn1.RawValue
	if rest, err := asn1.Unmarshal(der, &raw); err != nil || len(rest) > 0 {
		return Attribute{}, errNameHex
	}
	return derValue(oid, raw)
}

// textValue reads a value up to the next unescaped separator, and drops unescaped
// spaces at its end.
func textValue(text string) (value, rest string, err error) {
	var b []byte
	kept := 0 // bytes that must not be trimmed
	i := 0
	for ; i < len(text) && text[i] != ',' && text[i] != '+'; i++ {
		c := text[i]
		if strings.IndexByte(`"<>;`, c) >= 0 {
			return "", "", errNameText
		}
		if c == '\\' {
			escaped, length := escape(text[i+1:])
			if length == 0 {
				return "", "", errNameText
			}
			b = append(b, escaped)
			i += length
			kept = len(b)
			continue
		}
		b = append(b, c)
	}
	end := max(kept, len(strings.TrimRight(string(b), " ")))
	value = string(b[:end])
	if !utf8.ValidString(value) || strings.ContainsRune(value, 0) {
		return "", "", errNameText
	}
	return value, text[i:], nil
}

// escape reads the special character or hexadecimal pair after a backslash.
// length is 0 if there is neither.
func escape(text string) (c byte, length int) {
	if text == "" {
		return 0, 0
	}
	if strings.IndexByte(`\"+,;<> #=`, text[0]) >= 0 {
		return text[0], 1
	}
	if len(text) < 2 {
		return 0, 0
	}
	pair, err := hex.DecodeString(text[:2])
	if err != nil {
		return 0, 0
	}
	return pair[0], 2
}
