package text_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"tenure/tenancy/text"
)

func TestKinds(t *testing.T) {
	for _, row := range []struct {
		kind text.Kind
		text string
		want string // the rule that it breaks; empty for none
	}{
		{text.Line, "Läden \"Ost\" & <West>", ""},
		{text.Line, "日本語の名前", ""},
		{text.Line, "عميل", ""},
		{text.Line, "می\u200cخواهم", ""},        // Persian needs the joiner
		{text.Line, "👨\u200d👩\u200d👧 Shop", ""}, // a family of joined emoji
		{text.Line, "❤\ufe0f", ""},
		{text.Line, "a\u00a0b", ""},
		{text.Line, "\ue000", ""}, // private use shows something somewhere
		{text.Line, "", "text-blank"},
		{text.Line, "   ", "text-blank"},
		{text.Line, "\u00a0\u2003", "text-blank"},
		{text.Line, "\u3164", "text-character"}, // a filler is a letter by category
		{text.Line, "\u2800", "text-character"}, // braille without a dot
		{text.Line, "a\nb", "text-character"},
		{text.Line, "a\tb", "text-character"},
		{text.Line, "a\x7fb", "text-character"},
		{text.Line, "a\u0085b", "text-character"},
		{text.Line, "a\u2028b", "text-character"},
		{text.Line, "a\u202egnp.exe", "text-character"},
		{text.Line, "a\u2066b\u2069", "text-character"},
		{text.Line, "a\u200eb", "text-character"},
		{text.Line, "a\u200bb", "text-character"},
		{text.Line, "\ufeffa", "text-character"},
		{text.Line, "a\u00adb", "text-character"},
		{text.Line, "a\u034fb", "text-character"},
		{text.Line, "a\U000e0041b", "text-character"},
		{text.Line, "a\ufffeb", "text-character"},
		{text.Line, "\u200da", "text-character"}, // nothing to join
		{text.Line, "a\u200d\u200db", "text-character"},
		{text.Line, "\u200c", "text-character"},
		{text.Line, "a\x00", "text"},
		{text.Line, "\xff", "text"},
		{text.Line, strings.Repeat("x", 8192), ""},
		{text.Line, strings.Repeat("x", 8193), "text-length"},
		{text.Title, strings.Repeat("x", 256<<10), ""},
		{text.Title, strings.Repeat("x", 256<<10+1), "text-length"},

		{text.Prose, "line one\r\n\tline two", ""},
		{text.Prose, "line one\u2028line two", "text-character"},
		{text.Prose, "\n\t", "text-blank"},
		{text.Prose, "a\x1b[31mb", "text-character"},

		{text.Name, strings.Repeat("ü", 127), ""},
		{text.Name, strings.Repeat("ü", 128), "text-length"},

		{text.Reason, "fix", ""},
		{text.Reason, "INC-4711", ""},
		{text.Reason, "é à ñ", ""},
		{text.Reason, ".", "reason"},
		{text.Reason, "ok", "reason"},
		{text.Reason, "4711", "reason"},
		{text.Reason, "a.b", "reason"},
		{text.Reason, "fix\nit", "text-character"},
		{text.Reason, strings.Repeat("x", 1001), "text-length"},

		{text.Word, "authorization_code", ""},
		{text.Word, "urn:ietf:params:oauth:grant-type:device_code", ""},
		{text.Word, "", "text-word"},
		{text.Word, "two words", "text-word"},
		{text.Word, "cödé", "text-word"},
		{text.Words, "code id_token", ""},
		{text.Words, "code  id_token", "text-word"},
		{text.Words, " code", "text-word"},
		{text.Words, "", "text-word"},

		{text.Scope, "orders:read", ""},
		{text.Scope, "https://a.example/x?y#z", ""},
		{text.Scope, "!#[]~", ""},
		{text.Scope, `a"b`, "scope-word"},
		{text.Scope, `a\b`, "scope-word"},
		{text.Scope, "a b", "scope-word"},
		{text.Scope, "ü", "scope-word"},
		{text.Scope, "", "scope-word"},
		{text.Scope, "a\x7f", "scope-word"},

		{text.ID, "a b/c?d%", ""},
		{text.ID, "läden", ""},
		{text.ID, "...", ""},
		{text.ID, ".a", ""},
		{text.ID, ".", "client-id"},
		{text.ID, "..", "client-id"},
		{text.ID, "", "client-id"},
		{text.ID, " ", "client-id"},
		{text.ID, "shop\u200b", "client-id"},
		{text.ID, "shop\u202e", "client-id"},
		{text.ID, "a\x00", "client-id"},
		{text.ID, strings.Repeat("x", 255), ""},
		{text.ID, strings.Repeat("x", 256), "client-id"},
		{text.VSChar, "a b", ""},
		{text.VSChar, "ä", "client-id"},
		{text.VSChar, "..", "client-id"},

		{text.Code, "{\u2028}", ""},
		{text.Code, "\x00", "text"},
	} {
		rule := ""
		if f := text.Check(row.kind, row.text); f != nil {
			if rule = f.Rule; f.Message == "" || len(row.text) > 3 && len(row.text) < 100 && strings.Contains(f.Message, row.text) {
				t.Errorf("%q: the message %q is empty, or repeats the text", row.text, f.Message)
			}
		}
		if rule != row.want {
			t.Errorf("%s %.60q: %q, want %q", text.Table[row.kind].Name, row.text, rule, row.want)
		}
	}
}

func TestSame(t *testing.T) {
	for _, row := range []struct {
		a, b string
		want bool
	}{
		{"Acme", "ACME", true}, {"Käfer", "Ka\u0308fer", true}, {"Ａｃｍｅ", "acme", true}, {"STRASSE", "straße", true}, {"a  b", " a b ", true},
		{"a\u00a0b", "a b", true}, {"ﬁsh", "fish", true}, {"Acme", "Acne", false}, {"ab", "a b", false}, {"é", "e", false},
	} {
		if text.Same(row.a, row.b) != row.want || text.Same(row.b, row.a) != row.want {
			t.Errorf("%q and %q: %t", row.a, row.b, !row.want)
		}
	}
}

func TestBare(t *testing.T) {
	for name, want := range map[string]string{
		"logo_uri": "logo_uri", "Logo_URI ": "logo_uri", "l\u00f3go": "logo", "lo\u0301go": "logo", "\uff4c\u200bo g\u3000o": "logo", "a-b.c": "a-b.c",
		"\u0130": "i", "\u00df": "ss", "\u65e5": "\u65e5", "": "", " \t": "",
	} {
		if got := text.Bare(name); got != want || text.Bare(got) != got {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

// FuzzCheck: what passes can be stored and shown, and a name that passes is the
// same as itself in every form.
func FuzzCheck(f *testing.F) {
	for _, seed := range []string{"", "a", "a\u200db", "\u202e", "a\nb", "ü", `"\`, "..", "👨\u200d👩", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for kind := range text.Table {
			if text.Check(kind, s) != nil {
				continue
			}
			if !utf8.ValidString(s) || strings.ContainsAny(s, "\x00") {
				t.Fatalf("kind %d takes %q", kind, s)
			}
			if kind != text.Code && strings.ContainsAny(s, "\x1b\x7f\u202e\u2066\u200b\ufeff\u2028") {
				t.Fatalf("kind %d takes %q", kind, s)
			}
			if kind == text.Line && text.Check(text.Prose, s) != nil || kind == text.Scope && text.Check(text.Word, s) != nil {
				t.Fatalf("%q is of kind %d, and not of the wider one", s, kind)
			}
		}
		if folded := text.Folded(s); text.Folded(folded) != folded {
			t.Fatalf("%q: %q, then %q", s, folded, text.Folded(folded))
		}
	})
}
