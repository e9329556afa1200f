package credential

import "regexp"

// forms are the texts that systems store for a secret, by what their makers call
// them. A text without such a mark, like plain hexadecimal digits, may be a secret.
var forms = []struct {
	name    string
	pattern *regexp.Regexp
}{
	{"bcrypt", regexp.MustCompile(`^(bcrypt(_sha256)?\$+)?\$?2[abxy]?\$\d\d\$[./A-Za-z0-9]{53}$|^\$bcrypt(-sha256)?\$.+\$.+`)},
	{"argon2", regexp.MustCompile(`^(argon2)?\$?argon2(id|i|d)\$(v=\d+\$)?.*[mtp]=\d+.*\$.+`)},
	{"PBKDF2", regexp.MustCompile(`^\$pbkdf2(-[a-z0-9-]+)?\$.+\$.+|^pbkdf2_[a-z0-9_]+\$\d+\$.+\$.+|^pbkdf2:[a-z0-9-]+(:\d+)?\$.+\$.+|^(?i:sha1|sha256|sha512):\d+:[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+`)},
	{"scrypt", regexp.MustCompile(`^\$(fire)?scrypt\$.+\$.+|^scrypt(:\d+:\d+:\d+)?\$.+\$.+|^\$7\$.+\$.+|^\$s0\$.+\$.+`)},
	{"crypt", regexp.MustCompile(`^\$(1|3|5|6|y|gy|md5|apr1|sha1)\$(rounds=\d+\$)?[^$]+\$[^$]+|^\$(5|6)\$\$?[./A-Za-z0-9]{43,86}$|^_[./A-Za-z0-9]{19}$`)},
	{"salted digest", regexp.MustCompile(`^(md5|sha1|sha224|sha256|sha384|sha512)\$[^$]*\$[0-9a-fA-F]{32,128}$|^\$(sha256|sha512|sha1|md5)\$.+`)},
	{"directory's", regexp.MustCompile(`^\{[A-Za-z0-9@_.+-]+\}\S{8,}$`)},
	{"PHC", regexp.MustCompile(`^\$[a-z0-9-]{1,32}\$(v=\d+\$)?[a-z0-9-]+=[A-Za-z0-9/+.-]+(,[a-z0-9-]+=[A-Za-z0-9/+.-]+)*\$[A-Za-z0-9/+.=-]+(\$[A-Za-z0-9/+=]+)?$`)},
}

// Form names the form of a hash that a text has; empty if it has none that is known.
func Form(text string) string {
	for _, f := range forms {
		if f.pattern.MatchString(text) {
			return f.name
		}
	}
	return ""
}
