package pages

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"tenure/snapshots/document"
	"tenure/snapshots/document/documenttest"
	"tenure/tenancy/history"
)

// TestForm: a change of the files of an existing bundle is a new form, since
// verifiers compare them. Whoever sees this fail, and means the change, raises
// Form and writes the digest that is printed.
func TestForm(t *testing.T) {
	digests := map[int]string{1: "decbe1701ee3e31da87e87011cb6a79580386af0cf7cb4a869fbcf8c33b018ea", 2: "787e12676704e0d4eb70e16570552963325ab749eff889385d380482e8475dc0"}
	if len(digests) != Form-FormOld+1 {
		t.Fatalf("%d digests of the forms %d to %d", len(digests), FormOld, Form)
	}
	for form, want := range digests {
		s := example()
		if s.Form = form; form > 1 {
			s.inherits()
		}
		sum := sha256.New()
		files := made(t, &s.Bundle)
		for _, name := range slices.Sorted(maps.Keys(files)) {
			fmt.Fprintf(sum, "%s %d\n%s", name, len(files[name]), files[name])
		}
		if got := hex.EncodeToString(sum.Sum(nil)); got != want {
			t.Errorf("the pages of form %d are %s", form, got)
		}
	}
}

// TestNothingRuns: every page is well-formed, has no script, no event
// attribute, no address of elsewhere and no tag that came from a bundle's text.
func TestNothingRuns(t *testing.T) {
	s := example()
	s.inherits()
	files := made(t, &s.Bundle)
	tags := map[string]bool{}
	for _, tag := range strings.Fields(`html head meta title style body a main nav h1 h2 h3 p dl div dt dd table caption thead tbody tr th td span code bdi br b i
		time article header footer ul ol li del ins pre`) {
		tags[tag] = true
	}
	for name, text := range files {
		if !strings.HasSuffix(name, ".html") {
			continue
		}
		ids := map[string]bool{}
		tokens := html.NewTokenizer(strings.NewReader(text))
		for tokens.Next() != html.ErrorToken {
			tok := tokens.Token()
			if tok.Type != html.StartTagToken && tok.Type != html.SelfClosingTagToken {
				continue
			}
			if !tags[tok.Data] {
				t.Errorf("%s: the tag %s", name, tok.Data)
			}
			for _, a := range tok.Attr {
				switch {
				case strings.HasPrefix(a.Key, "on"), a.Key == "src", a.Key == "style":
					t.Errorf("%s: the attribute %s", name, a.Key)
				case a.Key == "id" && ids[a.Val]:
					t.Errorf("%s: the id %s is repeated", name, a.Val)
				case a.Key == "id":
					ids[a.Val] = true
				case a.Key == "href" && !regexp.MustCompile(`^(\.\./)?(index\.html|events\.(html|csv)|(pages|snapshots)/[0-9a-f]{32}\.(html|json)|[0-9a-f]{32}\.html)?(#[a-z0-9_]+)?$`).MatchString(a.Val):
					t.Errorf("%s: a link to %s", name, a.Val)
				}
			}
		}
		if !errors.Is(tokens.Err(), io.EOF) {
			t.Errorf("%s: %v", name, tokens.Err())
		}
		if i := strings.IndexFunc(text, func(r rune) bool {
			return r < ' ' && r != '\n' || r == '\u202e' || r == '\u200b' || r == '\u00a0' || r == '\u2029'
		}); i >= 0 {
			t.Errorf("%s: a hidden character at %q", name, text[max(0, i-20):i+20])
		}
		if !strings.Contains(text, "default-src 'none'") || !strings.HasSuffix(text, "</html>\n") {
			t.Errorf("%s: no policy, or no end", name)
		}
	}
}

// TestLinksLead: every link inside the bundle leads to a file or a part that
// is there.
func TestLinksLead(t *testing.T) {
	s := example()
	s.inherits()
	files := made(t, &s.Bundle)
	link := regexp.MustCompile(` href="([^"#]*)(#[^"]*)?"`)
	for name, text := range files {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			to := m[1]
			switch in, _, nested := strings.Cut(name, "/"); {
			case to == "":
				to = name
			case strings.HasPrefix(to, "../"):
				to = to[3:]
			case nested:
				to = in + "/" + to
			}
			if id, ok := strings.CutPrefix(to, "snapshots/"); ok {
				if _, there := s.contents[strings.TrimSuffix(id, ".json")]; !there {
					t.Errorf("%s: %s is not there", name, to)
				}
				continue
			}
			if _, there := files[to]; !there || m[2] != "" && !strings.Contains(files[to], ` id="`+m[2][1:]+`"`) {
				t.Errorf("%s: %s%s is not there", name, to, m[2])
			}
		}
	}
}

// seen is what a page shows, without its tags, blanks put together.
func seen(page string) string {
	var b strings.Builder
	tokens := html.NewTokenizer(strings.NewReader(page[strings.Index(page, "<body"):]))
	for tokens.Next() != html.ErrorToken {
		if tok := tokens.Token(); tok.Type == html.TextToken {
			b.WriteString(tok.Data + " ")
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// TestSays: a page says what happened in the words of the difference, to
// whom, by whom and why, and what is not here.
func TestSays(t *testing.T) {
	files := made(t, &example().Bundle)
	for name, wants := range map[string][]string{
		Dir + shop + ".html": {
			"client Online shop client_id shop", "8 events, 5 versions", "the whole history up to the bundle’s checkpoint: events 1 to 8 of 8",
			"1. Created 2026-01-02 03:08:16.679819 UTC Who API key deploy <b> of North", "Why onboarding, ticket OPS-4410", "The first version: these are all settings.",
			"access_token_ttl changed was", "now 259200 s (3 d)", "redirect_uris added now https://*.shop.example.com/cb critical : redirect URI with wildcard added",
			"redirect_uris removed was /relative", "(the first part of", "<script>alert('1')</script> U+202E gnp.exe & U+001B [31m U+200B U+000A second",
			"3. Change planned", "Takes effect later: 2026-01-03 03:10:18.680 UTC", "client_name changed was Online shop now Online shop, next year",
			"Who API key not named here 1c0a0000000000000000000000000002", "5. Planned change withdrawn", "never takes effect",
			"6. Secret added", "7. Secret shown to somebody", "The settings are the same as before."},
		Dir + kiosk + ".html": {"somebody without a key, from 192.0.2.7", "the client itself, Kiosk", "3. Deleted", "it is not in force",
			"4. Restored", "client_uri added now https://kiosk.example"},
		Dir + erasedClient + ".html": {"client gone", "The content was erased", "Content erased", "an operator of the installation: data protection", "Why request 17"},
		Dir + quiet + ".html":        {"Nothing was recorded in the time that was asked for. There are 4 events in all."},
		Dir + setup + ".html":        {"Policy set", "registration.mode open", "allow [\"weak-key\"]"},
		FileEvents: {"21 events, in the order", "1001 Moved : organization", "what the event says beside this is withheld", "Unknown thing : later x",
			"takes effect 2026-01-03 03:10:18.680 UTC", "max_below 3", "persons_pool none"},
		FileIndex: {"Made for North", "from 2026-01-01 00:00:00.000000 UTC to the checkpoint", "clients 4 14", "setups 1 2", "snapshots 12", "of them erased 1",
			"Online shop c1000000000000000000000000000001 shop Harbour", "critical", "none in the period", "client: Changed 4", "tenure verify evidence.zip", "What it cannot prove", "Glossary"},
	} {
		shown := seen(files[name])
		for _, want := range wants {
			if !strings.Contains(shown, want) {
				t.Errorf("%s: nothing of %q in\n%s", name, want, shown)
			}
		}
	}
	if strings.Contains(seen(files[Dir+erasedClient+".html"]), "Jane") {
		t.Error("what was erased is there")
	}
	if strings.Index(files[Dir+shop+".html"], "1. Created") > strings.Index(files[Dir+shop+".html"], "2. Changed") {
		t.Error("the order is another")
	}
}

// TestEveryKindHasWords: no kind of event that this program records is shown
// by its code alone.
func TestEveryKindHasWords(t *testing.T) {
	for _, kind := range append(history.Kinds(), "log.origin") {
		if _, verb, _ := strings.Cut(string(kind), "."); titles[verb] == "" {
			t.Errorf("%s has no words", kind)
		}
	}
}

// TestComparedWithTheRightVersion: a change is compared with the version in
// force before it takes effect, of those that were recorded then, not with the
// last one that was written.
func TestComparedWithTheRightVersion(t *testing.T) {
	var line timeline
	at := func(instant history.Millis, want string) {
		t.Helper()
		got := ""
		if v := line.before(instant); v != nil {
			got = v.id
		}
		if got != want {
			t.Errorf("before %d: %q, want %q", instant, got, want)
		}
	}
	at(5, "")
	line.add(version{"first", 10})
	line.add(version{"planned", 100})
	at(50, "first")
	line.add(version{"second", 50})
	at(50, "first")
	at(51, "second")
	at(101, "planned")
	line.withdraw("planned")
	at(101, "second")
	at(10, "")
}

// TestRisksWithTheSetup: what a client inherits when a change takes effect
// counts for its risks, where the bundle has the setup.
func TestRisksWithTheSetup(t *testing.T) {
	lifetime := func(known bool) string {
		s := example()
		if !known {
			s.Names.Clients[kiosk] = Client{ClientID: "kiosk"}
		}
		doc := documenttest.FullSetup()
		doc.AccessTokenTTL = hours(1)
		snap(s, "setup.changed", setup, doc, nil)
		snap(s, "client.changed", kiosk, document.Client{ClientName: "Kiosk", AccessTokenTTL: hours(4)}, nil)
		return seen(made(t, &s.Bundle)[Dir+kiosk+".html"])
	}
	const risk = "access token lifetime ×4 (1 h to 4 h)"
	if page := lifetime(true); !strings.Contains(page, risk) || !strings.Contains(page, "it inherits from its setup") {
		t.Errorf("nothing of the setup in %s", page)
	}
	if page := lifetime(false); strings.Contains(page, risk) || !strings.Contains(page, "is not in this bundle") {
		t.Errorf("a setup that is not there: %s", page)
	}
}

// TestParts: a long history has several pages, of which each leads to the
// others, and a change at the top of one is compared with the page before.
func TestParts(t *testing.T) {
	s := example()
	for range partSize {
		s.event("client.secret-added", shop, "5e", nil)
	}
	snap(s, "client.changed", shop, document.Client{ClientName: "Long after"}, nil)
	files := made(t, &s.Bundle)
	first, second := files[Dir+shop+".html"], files[Dir+shop+"-2.html"]
	if strings.Count(first, "<article") != partSize || strings.Count(second, "<article") != 9 || !strings.Contains(first, `href="`+shop+`-2.html"`) ||
		!strings.Contains(second, `href="`+shop+`.html"`) || !strings.Contains(seen(second), "client_name changed was Online shop now Long after") {
		t.Errorf("%d and %d events\n%s", strings.Count(first, "<article"), strings.Count(second, "<article"), seen(second))
	}
}

// TestPrints: the style keeps a change on one page and repeats the heads of
// tables. In print a value is as large as the word before it, since the second form.
func TestPrints(t *testing.T) {
	for form, wants := range map[int][]string{
		FormOld: {"break-inside:avoid", "thead{display:table-header-group}", "break-after:avoid", "@page"},
		Form:    {"break-inside:avoid", "thead{display:table-header-group}", "break-after:avoid", "@page", ".v b,.v code,.facts code,.sub code{font-size:1em}"},
	} {
		css, err := style(form)
		if err != nil {
			t.Fatal(err)
		}
		_, print, _ := strings.Cut(string(css), "@media print{")
		for _, want := range wants {
			if !strings.Contains(print, want) {
				t.Errorf("form %d: nothing of %s for print", form, want)
			}
		}
	}
	for form := FormOld; form <= Form; form++ {
		s := example()
		s.Form = form
		for name, text := range made(t, &s.Bundle) {
			if strings.HasSuffix(name, ".html") && strings.Contains(text, ".v b,.v code") != (form != FormOld) {
				t.Errorf("form %d: the style of %s is another form's", form, name)
			}
		}
	}
}

// TestForeignBundles: what no program of ours writes, but a foreign bundle can
// hold, is shown too: instants at the end of time, deep details, large contents
// and contents that are none.
func TestForeignBundles(t *testing.T) {
	s := example()
	late := snap(s, "client.scheduled", shop, document.Client{ClientName: "at the end"}, func(env *history.Envelope) { env.Effective = math.MaxInt64 })
	snap(s, "client.published", "../../etc", document.Client{ClientName: "x"}, func(env *history.Envelope) { env.Effective = math.MinInt64 })
	only := snap(s, "client.scheduled", "c1000000000000000000000000000009", document.Client{ClientName: "only at the end"}, func(env *history.Envelope) { env.Effective = math.MaxInt64 })
	large := snap(s, "client.changed", shop, document.Client{ClientName: strings.Repeat("x", maxCompared)}, nil)
	none := snap(s, "client.changed", shop, document.Client{}, nil)
	s.contents[none] = []byte("{")
	s.event("key.created", "k", "", nil).Detail = strings.Repeat(`{"a":`, 2000) + "1" + strings.Repeat("}", 2000)
	s.event("key.created", "l", "", nil).Detail = "no JSON"
	files := made(t, &s.Bundle)
	page := seen(files[Dir+shop+".html"])
	for _, want := range []string{fileOf(large), fileOf(none), "client_name changed was Online shop now at the end", late} {
		if !strings.Contains(page, want) {
			t.Errorf("nothing of %q in %s", want, page)
		}
	}
	if events := seen(files[FileEvents]); !strings.Contains(events, "a.a.a.a.a.a.a.a {") || !strings.Contains(events, "detail no JSON") || !strings.Contains(events, "only at the end") {
		t.Errorf("%s\n%s", only, events)
	}
}

// TestTableIsText: no cell of events.csv is a formula, and each is what the
// event says.
func TestTableIsText(t *testing.T) {
	s := example()
	for _, reason := range []string{"=1+1", "＝1+1", "\u3000-1", " +1", "'@x", "a\r\nb"} {
		s.event("client.secret-added", shop, "5e", because(reason))
		text := made(t, &s.Bundle)[FileCSV]
		want := "'" + reason
		if reason[0] == 'a' {
			want = "\"" + reason + "\""
		}
		if !strings.Contains(text, ",api,"+want+",") && !strings.Contains(text, ",api,\""+want+"\",") {
			t.Errorf("%q: %s", reason, text[strings.LastIndex(text[:len(text)-2], "\r\n"):])
		}
	}
}

// TestWritesStop: what the writer of a file reports ends the work.
func TestWritesStop(t *testing.T) {
	full := errors.New("full")
	for _, at := range []string{FileCSV, FileEvents, Dir + shop + ".html", FileIndex} {
		err := Write(&example().Bundle, func(name string, write func(io.Writer) error) error {
			if name == at {
				return write(broken{full})
			}
			return write(io.Discard)
		})
		if !errors.Is(err, full) {
			t.Errorf("%s: %v", at, err)
		}
	}
	s := example()
	delete(s.contents, fmt.Sprintf("%032x", 0xabc+2))
	if err := Write(&s.Bundle, func(_ string, write func(io.Writer) error) error { return write(io.Discard) }); err == nil {
		t.Error("a content that cannot be read is left out")
	}
}

type broken struct{ err error }

func (b broken) Write([]byte) (int, error) { return 0, b.err }
