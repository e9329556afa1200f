package document

import (
	"encoding/hex"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"tenure/snapshots/document/uri"
	"tenure/tenancy/fault"
)

// nameForms are the members of RFC 8705 section 2.1.2 and the form of each (RFC 4514, RFC 5280
// section 4.2.1.6).
var nameForms = []struct {
	member, says string
	fits         func(name string) bool
}{
	{"tls_client_auth_subject_dn", "the value is no distinguished name, such as CN=a,O=b (RFC 4514)", isDN},
	{"tls_client_auth_san_dns", "the value is no host name", func(name string) bool { return isHostName(strings.TrimPrefix(name, "*.")) }},
	{"tls_client_auth_san_uri", "the value is no absolute URI", isAbsoluteURI},
	{"tls_client_auth_san_ip", "the value is no IP address", isAddress},
	{"tls_client_auth_san_email", "the value is no e-mail address", isMailbox},
}

var certificateNames = func() (members []string) {
	for _, form := range nameForms {
		members = append(members, form.member)
	}
	return members
}()

func certificateName(in Input[Client]) (all []fault.Field) {
	if in.Next.TokenEndpointAuthMethod == "tls_client_auth" && in.Next.CertificateNames() > 1 {
		all = broken("/token_endpoint_auth_method", "tls_client_auth takes exactly one of %s", strings.Join(certificateNames, ", "))
	}
	for _, form := range nameForms {
		name := *memberAt[Client](form.member)(in.Next).(*string)
		if name != "" && in.Binds(form.member) && !form.fits(name) {
			all = append(all, broken("/"+form.member, "%s", form.says)...)
		}
	}
	return all
}

func isAddress(name string) bool {
	address, err := netip.ParseAddr(name)
	return err == nil && address.Zone() == ""
}

func isASCII(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool { return r >= utf8.RuneSelf })
}

// isAbsoluteURI wants something behind the scheme, too.
func isAbsoluteURI(name string) bool {
	if !isASCII(name) || len(uri.Broken(name, uri.Identifier, false)) > 0 {
		return false
	}
	u, err := url.Parse(name)
	return err == nil && (u.Opaque != "" || u.Host != "" || strings.Trim(u.Path, "/") != "")
}

var hostLabel = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$`)

// isHostName wants the preferred syntax of RFC 1034 section 3.5 as RFC 1123 has it. A last label of
// digits makes a name an IPv4 address for many readers.
func isHostName(name string) bool {
	const longest, longestLabel = 253, 63
	labels := strings.Split(name, ".")
	wrong := func(label string) bool { return len(label) > longestLabel || !hostLabel.MatchString(label) }
	return len(name) <= longest && !slices.ContainsFunc(labels, wrong) && strings.Trim(labels[len(labels)-1], "0123456789") != ""
}

// localPart is that of RFC 5321 section 4.1.2.
var localPart = regexp.MustCompile("^([A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*|" + `"([ !#-\[\]-~]|\\[ -~])+")$`)

func isMailbox(name string) bool {
	const longest = 64
	at := strings.LastIndexByte(name, '@')
	return at > 0 && at <= longest && localPart.MatchString(name[:at]) && isHostName(name[at+1:])
}

// attributeType is a name or an object identifier of RFC 4514 section 2.3, with the prefix that RFC 2253
// had, too.
var attributeType = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9-]*|([Oo][Ii][Dd]\.)?([01]\.[1-3]?[0-9]|2\.(0|[1-9][0-9]*))(\.(0|[1-9][0-9]*))*)$`)

// isDN wants the string form of RFC 4514. Spaces around separators pass, as RFC 2253 had them.
func isDN(name string) bool {
	for {
		typ, rest, found := strings.Cut(name, "=")
		if !found || !attributeType.MatchString(strings.Trim(typ, " ")) {
			return false
		}
		rest = strings.TrimLeft(rest, " ")
		end, ok := valueEnd(rest)
		if !ok {
			return false
		}
		if end == len(rest) {
			return true
		}
		name = rest[end+1:]
	}
}

// valueEnd is where the value that a text begins with ends: at a comma, a plus or the end of the text.
func valueEnd(text string) (end int, ok bool) {
	if strings.HasPrefix(text, "#") {
		if end = strings.IndexAny(text, ",+"); end < 0 {
			end = len(text)
		}
		der, err := hex.DecodeString(strings.TrimRight(text[1:end], " "))
		return end, err == nil && len(der) > 0
	}
	var value []byte // without escapes
	for end < len(text) && text[end] != ',' && text[end] != '+' {
		c, length := text[end], 1
		if strings.IndexByte("\"<>;\x00", c) >= 0 {
			return 0, false
		}
		if c == '\\' {
			if c, length = escaped(text[end:]); length == 0 {
				return 0, false
			}
		}
		value = append(value, c)
		end += length
	}
	return end, utf8.Valid(value)
}

// escaped is the octet that an escape at the beginning of a text means, and the escape's length; 0 if
// it is none.
func escaped(text string) (c byte, length int) {
	if len(text) >= 2 && strings.IndexByte(`\"+,;<> #=`, text[1]) >= 0 {
		return text[1], 2
	}
	if len(text) < 3 {
		return 0, 0
	}
	pair, err := hex.DecodeString(text[1:3])
	if err != nil {
		return 0, 0
	}
	return pair[0], 3
}
