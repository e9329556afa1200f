package uri

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"tenure/tenancy/text"
)

// Use is what an address is for. It decides which rules hold for it.
type Use uint16

// The uses. A row of the table holds for a set of them.
const (
	Redirect   Use = 1 << iota // a browser is sent there with a code or token
	Logout                     // a browser is sent there after a logout
	Page                       // people's browsers open it, or load it as a picture
	Frame                      // people's browsers load it in a frame
	Called                     // the authorization server calls it
	Request                    // the authorization server fetches requests there
	Keys                       // the authorization server fetches keys or a list there
	Origin                     // scripts of a page come from there
	Identifier                 // it names something, and nobody goes there
	Unknown                    // a name of the caller's own says that it is an address
)

const (
	all       = Redirect | Logout | Page | Frame | Called | Request | Keys | Origin | Identifier
	followed  = all &^ Identifier
	every     = all | Unknown
	redirects = Redirect | Logout
	fetched   = Called | Request | Keys
)

// Rule is one row of the table.
type Rule struct {
	Name string // does not change: policies and plans name it
	// Everywhere are the uses for which no surface takes an address that breaks
	// the rule, Self those for which one who registers itself may not bring one.
	Everywhere, Self Use
	// Waivable says that a setup's policy may allow it.
	Waivable bool
	Message  string // one sentence
	// whole says that an address which breaks it is none that other rules could
	// judge.
	whole  bool
	breaks func(a *Address) bool
}

// maxAddress is the longest address, in bytes.
const maxAddress = text.MaxLine

// Rules is the table; it is never written to. Sources: RFC 3986, 6749 section 3.1.2, 7591 section 5, 8252
// sections 7 and 8, 9700 sections 2.1 and 4.1, OpenID Connect Back-Channel Logout
// section 2.2, the WHATWG URL standard, UTS 39.
var Rules = []Rule{
	{"uri-script-scheme", every, every, false,
		"the address has a scheme that runs a script or reads a local document", true, (*Address).scripts},
	{"uri-character", every, every, false,
		"an address has no spaces, control characters, or characters that cannot be seen", true, (*Address).unseen},
	{"text-length", every, every, false,
		"the text is longer than 8192 bytes", true, func(a *Address) bool { return len(a.text) > maxAddress }},
	{"redirect-uri", redirects, 0, false,
		"a redirect URI needs a scheme or a leading slash, and has to parse", false, (*Address).nowhere},
	{"redirect-uri-fragment", Redirect, Redirect, false,
		"a redirect URI must not have a fragment (#)", false, (*Address).fragment},
	{"uri-absolute", all &^ redirects, all, false,
		"the value is not an absolute URI", true, func(a *Address) bool { return a.scheme() == "" }},
	{"uri-http", Page | Frame | Called | Keys | Origin, followed &^ redirects, false,
		"the URI is not an http or https URI with a host", false, func(a *Address) bool { return !a.web() || a.url.Host == "" }},
	{"uri-origin", Origin, Origin, false,
		"an origin has a scheme, a host and a port, and nothing else: no path, query, fragment or user name", false, func(a *Address) bool { return !a.bare() }},
	{"uri-fragment", 0, Logout | Frame | Called | Keys, true,
		"the address must not have a fragment (#)", false, (*Address).fragment},
	{"uri-without-host", 0, redirects, true,
		"the address has no host", false, func(a *Address) bool { return a.web() && a.url.Host == "" }},
	{"uri-host", 0, followed, true,
		"the address has a host or port that readers take for different ones", false, func(a *Address) bool { return a.host.odd || a.host.mixed }},
	{"uri-encoded-control", 0, followed, true,
		"the address has a control character in it, encoded with percents", false, (*Address).encodedControl},
	{"uri-unencoded", 0, followed, true,
		"the address has a character that must be encoded with percents", false, func(a *Address) bool { return strings.ContainsAny(a.text, "\"<>^`{|}") }},
	{"uri-backslash", 0, followed, true,
		"the address has a backslash, which browsers read as a slash", false, func(a *Address) bool { return strings.Contains(a.text, `\`) }},
	{"uri-userinfo", 0, followed, true,
		"the address has a user name or password in it", false, func(a *Address) bool { return a.url != nil && a.url.User != nil }},
	{"uri-wildcard", 0, followed, true,
		"the address has a wildcard (*)", false, func(a *Address) bool { return strings.Contains(a.text, "*") }},
	{"uri-dot-segment", 0, followed, true,
		"the address has a path segment . or ..", false, (*Address).dotSegments},
	{"uri-without-tls", 0, followed, true,
		"the address is http, and not one of this device", false, func(a *Address) bool { return a.scheme() == "http" && !a.host.device() }},
	{"uri-scheme-without-dot", 0, redirects, true,
		"the address has a private-use scheme that is no domain name in reverse, such as com.example.app", false, (*Address).plainScheme},
	{"uri-loopback", Called | Request, Logout | Page | Frame | fetched, true,
		"the address leads to this machine", false, func(a *Address) bool { return a.host.place == loopback }},
	{"uri-inside", Called | Request, Logout | Page | Frame | fetched, true,
		"the address leads into the network behind this machine", false, func(a *Address) bool { return a.host.place == inside }},
}

// scriptSchemes run what follows them, or show a document of the reader's own.
var scriptSchemes = map[string]bool{"javascript": true, "data": true, "vbscript": true, "file": true, "blob": true, "about": true,
	"view-source": true, "jscript": true, "livescript": true, "filesystem": true, "jar": true, "mhtml": true,
	"feed": true, "mocha": true, "ecmascript": true, "mk": true, "ms-msdt": true}

func (a *Address) scripts() bool {
	for _, scheme := range a.schemes {
		if scriptSchemes[scheme] {
			return true
		}
	}
	return false
}

func (a *Address) unseen() bool {
	return !utf8.ValidString(a.text) || strings.ContainsFunc(a.text, text.UnseenInAddress)
}

// nowhere takes what Hydra takes: any scheme, or a path alone.
func (a *Address) nowhere() bool {
	return a.url == nil || a.url.Scheme == "" && !strings.HasPrefix(a.text, "/")
}

// fragment finds an empty one as well: OAuth 2.0 appends to these addresses.
func (a *Address) fragment() bool { return strings.Contains(a.text, "#") }

// plainScheme: reversed names of a domain keep schemes of two apps apart (RFC
// 8252 section 7.1).
func (a *Address) plainScheme() bool {
	return a.scheme() != "" && !a.web() && !reversedName.MatchString(a.scheme())
}

// reversedName is two labels of a domain or more.
var reversedName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$`)

// Broken are the rules that an address breaks: those that no policy can allow,
// else those that one could. self says that who brings the address registers
// itself.
func Broken(address string, use Use, self bool) []*Rule {
	a := Parse(address)
	var fixed, waivable []*Rule
	for i := range Rules {
		row := &Rules[i]
		if (row.Everywhere|row.selfUses(self))&use == 0 || !row.breaks(a) {
			continue
		}
		if row.Waivable {
			waivable = append(waivable, row)
			continue
		}
		if fixed = append(fixed, row); row.whole {
			break
		}
	}
	if len(fixed) > 0 {
		return fixed
	}
	return waivable
}

func (r *Rule) selfUses(self bool) Use {
	if self {
		return r.Self
	}
	return 0
}
