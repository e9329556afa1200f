package diff

import (
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"tenure/jwk/strictjson"
	"tenure/jwk/x509view"
	"tenure/snapshots/document"
)

// show makes the value of a member, an item or a part of one.
func show(p place, value string) Value {
	if value == "" {
		return Value{}
	}
	v := Value{Text: unquote(value), JSON: value}
	if p.form == document.FormLifetime {
		v.Text = lifetime(p.member, value)
	}
	if p.form == document.FormJSON || p.form == document.FormKeySet {
		v.Text = value // the quotes tell "1" from 1
	}
	return v
}

// lifetime adds to a number of seconds, or of nanoseconds where the member has
// those, what it is in larger units.
func lifetime(name, number string) string {
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return number
	}
	if perSecond(name) == 1 {
		return number + " s" + inBrackets(span(n), number+" s")
	}
	if n%int64(time.Second) == 0 {
		return number + " ns (" + span(n/int64(time.Second)) + ")"
	}
	return number + " ns (" + time.Duration(n).String() + ")"
}

// perSecond is the number of a lifetime's units in a second: Hydra's overrides
// are nanoseconds.
func perSecond(name string) int64 {
	if strings.HasSuffix(name, "_lifespan") {
		return int64(time.Second)
	}
	return 1
}

func inBrackets(text, unless string) string {
	if text == unless {
		return ""
	}
	return " (" + text + ")"
}

// span writes seconds in days, hours, minutes and seconds, zeros left out.
func span(seconds int64) string {
	if seconds <= 0 {
		return strconv.FormatInt(seconds, 10) + " s"
	}
	var parts []string
	for _, unit := range []struct {
		name string
		size int64
	}{{"d", 86400}, {"h", 3600}, {"min", 60}, {"s", 1}} {
		if n := seconds / unit.size; n > 0 {
			parts = append(parts, strconv.FormatInt(n, 10)+" "+unit.name)
			seconds %= unit.size
		}
	}
	return strings.Join(parts, " ")
}

// showCertificate makes the value of an x5c item; nil is one that cannot be
// read.
func showCertificate(c *x509view.Facts, raw string) Value {
	if c == nil {
		return Value{Text: "a certificate that cannot be read", JSON: raw}
	}
	serial := c.SerialNumber.Text(16)
	var json []byte
	for _, m := range []struct{ name, value string }{
		{`{"subject":`, c.Subject}, {`,"issuer":`, c.Issuer}, {`,"serial":`, serial}, {`,"not_before":`, instant(c.NotBefore)},
		{`,"not_after":`, instant(c.NotAfter)}, {`,"sha256":`, hex.EncodeToString(c.SHA256[:])},
	} {
		json = strictjson.AppendText(append(json, m.name...), m.value)
	}
	return Value{Text: certificateText(c), JSON: string(append(json, '}'))}
}

func certificateText(c *x509view.Facts) string {
	return "certificate of " + nobody(c.Subject) + ", issued by " + nobody(c.Issuer) + ", serial " + c.SerialNumber.Text(16) +
		", valid from " + instant(c.NotBefore) + " to " + instant(c.NotAfter)
}

func nobody(name string) string {
	if name == "" {
		return "(empty name)"
	}
	return name
}

// instant is RFC 3339 in UTC.
func instant(t time.Time) string { return t.UTC().Format(time.RFC3339) }
