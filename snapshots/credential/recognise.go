package credential

import (
	"regexp"
	"strings"
)

// forms are the texts that systems store for a secret, by what their makers call
// them, in any case. A text without such a mark, like plain hexadecimal digits, may
// be a secret.
var forms = []struct {
	name    string
	pattern *regexp.Regexp
}{
	{"bcrypt", form(`(bcrypt(_sha256)?\$+)?\$?2[abxy]?\$\d\d\$[./a-z0-9]{53}$`, `\$2[abxy]?\$\d\d\$.+`, `\$bcrypt(-sha256)?\$.+\$.+`, `bcrypt(_sha256)?\$+2[abxy]?\$\d\d\$.+`)},
	{"argon2", form(`(argon2)?\$?argon2(id|i|d)\$(v=\d+\$)?.*[mtp]=\d+.*\$.+`)},
	{"PBKDF2", form(`\$pbkdf2(-[a-z0-9-]+)?\$.+\$.+`, `pbkdf2_[a-z0-9_]+\$\d+\$.+\$.+`, `pbkdf2:[a-z0-9-]+(:\d+)?\$.+\$.+`,
		`(sha1|sha256|sha512):\d+:[a-z0-9+/=]+:[a-z0-9+/=]+`)},
	{"scrypt", form(`\$(fire)?scrypt\$.+\$.+`, `scrypt(:\d+:\d+:\d+)?\$.+\$.+`, `\$7\$.+\$.+`, `\$s0\$.+\$.+`)},
	{"crypt", form(`\$(1|3|5|6|y|gy|md5|apr1|sha1)\$(rounds=\d+\$)?[^$]+\$[^$]+`, `\$(5|6)\$\$?[./a-z0-9]{43,86}$`, `_[./a-z0-9]{19}$`,
		`\$md5(,rounds=\d+)?\$[^$]+\${1,2}[./a-z0-9]{22}$`)},
	{"phpass", form(`\$[ph]\$[./a-z0-9]{31}$`)},
	{"Drupal", form(`u?\$s\$[./a-z0-9]{40,52}$`)},
	{"NT", form(`\$(3\$|nt)\$[0-9a-f]{32}$`)},
	{"Cisco", form(`\$[89]\$[./a-z0-9]{14}\$[./a-z0-9]{43}$`)},
	{"SCRAM", form(`scram-sha-(1|256|512)\$\d+:[^$]+\$[^:]+:.+`)},
	{"MySQL", form(`\*[0-9a-f]{40}$`, `\$a\$\d{3}\$.+`)},
	{"PostgreSQL", form(`md5[0-9a-f]{32}$`)},
	{"ASP.NET", form(`AQAAAA[AEI][a-z0-9+/]{70,}={0,2}$`)},
	{"salted digest", form(`(md5|sha1|sha224|sha256|sha384|sha512)\$[^$]*\$[0-9a-f]{32,128}$`, `\$(sha256|sha512|sha1|md5)\$.+`)},
	{"digest", form(`(md5|sha-?(1|224|256|384|512))[:$]([^:$]*[:$])?[0-9a-f]{32,128}$`)},
	{"directory's", form(`\{[a-z0-9@_.+-]+\}\S{8,}$`)},
	{"PHC", form(`\$[a-z0-9-]{1,32}\$(v=\d+\$)?[a-z0-9-]+=[a-z0-9/+.-]+(,[a-z0-9-]+=[a-z0-9/+.-]+)*\$[a-z0-9/+.=-]+(\$[a-z0-9/+=]+)?$`)},
}

// form is a pattern for texts that begin with one of the given ones.
func form(beginnings ...string) *regexp.Regexp {
	return regexp.MustCompile(`(?i)^(?:` + strings.Join(beginnings, "|") + `)`)
}

// Form names the form of a hash that a text has, blanks around it aside; empty if it
// has none that is known.
func Form(text string) string {
	text = strings.TrimSpace(text)
	for _, f := range forms {
		if f.pattern.MatchString(text) {
			return f.name
		}
	}
	return ""
}
