package uri

import (
	"html"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Address is an address as it was written, with what it is read as.
type Address struct {
	text string
	url  *url.URL // nil if it does not parse
	// schemes are what readers may take for its scheme, in lower case: the one of
	// RFC 3986, and the one that is left if what no scheme has in it is dropped.
	schemes []string
	host    host
}

// Parse reads an address. It reads every text; what is wrong with it is for
// the rules to say.
func Parse(text string) *Address {
	a := &Address{text: text}
	if len(text) > maxAddress { // refused for that, and not worth more work
		return a
	}
	if u, err := url.Parse(text); err == nil {
		a.url = u
		if u.Scheme != "" {
			a.schemes = append(a.schemes, strings.ToLower(u.Scheme))
		}
		a.host = hostOf(u)
	}
	if bent := bentScheme(text); bent != "" && !slices.Contains(a.schemes, bent) {
		a.schemes = append(a.schemes, bent)
	}
	return a
}

// bentScheme is the scheme of an address for readers that pass over spaces, tabs,
// line ends, marks and dots at its ends, decode percents and HTML's character references, or take
// letters of other widths for ASCII.
func bentScheme(text string) string {
	for range layers {
		text = html.UnescapeString(decoded(text))
	}
	head, _, found := strings.Cut(norm.NFKC.String(text), ":")
	if !found || strings.ContainsAny(head, "/?#") {
		return ""
	}
	return strings.Trim(strings.Map(func(r rune) rune {
		r = unicode.ToLower(r)
		if 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '+' || r == '-' || r == '.' {
			return r
		}
		return -1
	}, head), ".")
}

// layers is how often an address is decoded: readers one behind the other each do it
// once.
const layers = 3

// encodedControl reports whether decoding percents gives a control character of ASCII.
func (a *Address) encodedControl() bool {
	text := a.text
	for range layers {
		if !strings.Contains(text, "%") {
			return false
		}
		if text = decoded(text); strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return true
		}
	}
	return false
}

// decoded replaces each valid percent escape by the character that it encodes.
func decoded(text string) string {
	if !strings.Contains(text, "%") {
		return text
	}
	var out []byte
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) {
			if n, err := strconv.ParseUint(text[i+1:i+3], 16, 8); err == nil {
				out = append(out, byte(n))
				i += 2
				continue
			}
		}
		out = append(out, text[i])
	}
	return string(out)
}

// scheme is that of RFC 3986, in lower case; empty if it has none or does not
// parse.
func (a *Address) scheme() string {
	if a.url == nil {
		return ""
	}
	return strings.ToLower(a.url.Scheme)
}

// web reports whether it is an http or https address.
func (a *Address) web() bool { return a.scheme() == "http" || a.scheme() == "https" }

// spelt writes dots, slashes and semicolons of other spellings as they are; readers take a backslash for a slash.
var spelt = strings.NewReplacer("%2e", ".", "%2E", ".", "%2f", "/", "%2F", "/", "%3b", ";", "%3B", ";", "%5c", "/", "%5C", "/", `\`, "/")

// dotSegments reports whether a segment of the path is "." or "..", which
// readers take out of it, in whatever spelling and with whatever parameters (;x=y).
func (a *Address) dotSegments() bool {
	if a.url == nil {
		return false
	}
	path := a.url.EscapedPath()
	if a.url.Opaque != "" {
		path = a.url.Opaque
	}
	path = spelt.Replace(path)
	for segment := range strings.SplitSeq(path, "/") {
		if segment, _, _ = strings.Cut(segment, ";"); segment == "." || segment == ".." {
			return true
		}
	}
	return false
}

// Hostname is the host as a resolver is asked for it: lower case, in ASCII,
// without port and brackets; empty if there is none.
func (a *Address) Hostname() string { return a.host.name }
