package credential

import (
	"regexp"
	"strings"
	"unicode"
)

// forms are the texts that systems store for a secret, by what their makers call
// them, in any case. A text without such a mark, like plain hexadecimal digits, may
// be a secret.
var forms = []struct {
	name    string
	pattern *regexp.Regexp
}{
	{"bcrypt", form(`([^\s{}]*\$)?2[abxy]?\$\d\d\$[./a-z0-9]{53}$`, `(\$wp)?\$2[abxy]?\$\d\d\$.+`, `\$bcrypt(-sha\d+)?\$.+\$.+`, `bcrypt(_sha256)?\$+2[abxy]?\$\d\d\$.+`)},
	{"argon2", form(`(argon2)?\$?argon2(id|i|d)\$(v=\d+\$)?.*[mtp]=\d+.*\$.+`)},
	{"PBKDF2", form(`\$pbkdf2(-[a-z0-9-]+)?\$.+\$.+`, `pbkdf2_[a-z0-9_]+\$\d+\$.+\$.+`, `pbkdf2:[a-z0-9-]+(:\d+)?\$.+\$.+`,
		`(sha1|sha256|sha512):\d+:[a-z0-9+/=]+:[a-z0-9+/=]+`, `[:$]?(grub\.)?pbkdf2[a-z0-9_-]*[.:$]([a-z0-9-]+[.:$])?\d+[.:$]\S{8,}`,
		`\$p5k2\$[0-9a-f]*\$\S+\$\S+`, `\$ml\$\d+\$[0-9a-f]+\$[0-9a-f]+`)},
	{"scrypt", form(`\$(fire)?scrypt\$.+\$.+`, `scrypt(:\d+:\d+:\d+)?\$.+\$.+`, `\$7\$.+\$.+`, `\$s0\$.+\$.+`,
		`scrypt:\d+:\d+:\d+:\S+:\S+`, `([0-9a-f]{1,5}\$){3}[0-9a-f]{16,}\$[0-9a-f]{32,}$`)},
	{"crypt", form(`\$(1|3|5|6|y|gy|md5|apr1|sha1)\$(rounds=\d+\$)?[^$]+\$[^$]+`, `\$(5|6)\$\$?[./a-z0-9]{43,86}$`, `_[./a-z0-9]{3}\.[./a-z0-9]{15}$`,
		`\$md5(,rounds=\d+)?\$[^$]+\${1,2}[./a-z0-9]{22}$`)},
	{"phpass", form(`\$[ph]\$[./a-z0-9]{31}$`)},
	{"Drupal", form(`u?\$s\$[./a-z0-9]{40,52}$`)},
	{"NT", form(`\$(3\$|nt)\$[0-9a-f]{32}$`)},
	{"Cisco", form(`\$[89]\$[./a-z0-9]{14}\$[./a-z0-9]{43}$`)},
	{"SCRAM", form(`scram-sha-(1|256|512)\$\d+:[^$]+\$[^:]+:.+`)},
	{"MySQL", form(`\*[0-9a-f]{40}$`, `\$a\$\d{3}\$.+`)},
	{"PostgreSQL", form(`md5[0-9a-f]{32}$`)},
	{"Oracle", form(`((s:[0-9a-f]{60}|t:[0-9a-f]{160}|h:[0-9a-f]{32});?)+$`)},
	{"MSSQL", form(`0x0100([0-9a-f]{48}|[0-9a-f]{88})$`, `0x0200[0-9a-f]{136}$`)},
	// The latter is 49 octets of which the first is 0.
	{"ASP.NET", form(`AQAAAA[AEI][a-z0-9+/]{70,}={0,2}$`, `(?-i:A[A-P][A-Za-z0-9+/]{63}[AQgw]==$)`)},
	{"salted digest", form(digest+`\$[^$]*\$[0-9a-f]{32,128}$`, `\$(sha256|sha512|sha1|md5)\$.+`, `\$`+digest+`\$(\S+\$)?[a-z0-9+/]{32,}={0,2}$`)},
	{"digest", form(digest+`[:$=-]([^:$]*[:$])?[0-9a-f]{32,128}$`, digest+`[:$=-](`+octets+`)$`, digest+`:[a-z0-9_-]{43}$`)},
	{"directory's", form(`\{[a-z0-9@_.+-]+([|, ]+\d+)*\}\S{8,}$`)},
	{"PHC", form(`\$[a-z0-9-]{1,32}\$(v=\d+\$)?[a-z0-9-]+=[a-z0-9/+.-]+(,[a-z0-9-]+=[a-z0-9/+.-]+)*\$[a-z0-9/+.=-]+(\$[a-z0-9/+=]+)?$`)},
}

// digest is the name of a digest, octets are as many as it has, in base64.
const (
	digest = `(hmac[_-]?)?(md[245]|sha-?(1|2|224|256|384|512([_/](224|256))?)|(sha-?3|keccak|blake2[bs]p?|blake3|ripemd|rmd|shake|streebog)([_-]?\d{3})?|whirlpool|tiger|sm3)`
	octets = `[a-z0-9+/]{22}==|[a-z0-9+/]{27}=|[a-z0-9+/]{43}=|[a-z0-9+/]{64}|[a-z0-9+/]{86}==`
)

// form is a pattern for texts that begin with one of the given ones.
func form(beginnings ...string) *regexp.Regexp {
	return regexp.MustCompile(`(?i)^(?:` + strings.Join(beginnings, "|") + `)`)
}

// Form names the form of a hash that a text has, empty if it has none that is known.
// What cannot be seen is passed over, as are blanks, quotation marks and a user's name
// in front of a colon around it.
func Form(text string) string {
	text = strings.TrimFunc(strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) {
			return -1
		}
		return r
	}, text), func(r rune) bool { return unicode.IsSpace(r) || r == '`' || unicode.Is(unicode.Quotation_Mark, r) })
	if name := formOf(text); name != "" {
		return name
	}
	if user, rest, found := strings.Cut(text, ":"); found && strings.HasPrefix(rest, "$") && !strings.ContainsAny(user, " $") {
		return formOf(rest)
	}
	return ""
}

func formOf(text string) string {
	for _, f := range forms {
		if f.pattern.MatchString(text) {
			return f.name
		}
	}
	return ""
}
