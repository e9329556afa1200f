package handlers_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// This file compares answers with recorded ones of an Ory Hydra; replay_test.go
// and cliruns_test.go send the requests.

// goldenDir is the folder of recorded exchanges. They are other people's data
// and not part of the project: a checkout without them skips.
func goldenDir(t *testing.T) string {
	t.Helper()
	shared := os.Getenv("TENURE_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "shared")
	}
	if !filepath.IsAbs(shared) {
		shared = filepath.Join("..", shared) // from the module's root; tests run in their package
	}
	dir := filepath.Join(shared, "hydra", "goldens")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no recorded exchanges: %v (TENURE_SHARED names the folder that has hydra/goldens)", err)
	}
	return dir
}

// recorded is one exchange with a running Hydra.
type recorded struct {
	Case    string `json:"case"`
	Group   string `json:"group"`
	Request struct {
		Listener string            `json:"listener"`
		Method   string            `json:"method"`
		Path     string            `json:"path"`
		Headers  map[string]string `json:"headers"`
		Body     *string           `json:"body_raw"`
	} `json:"request"`
	Response answered `json:"response"`

	number  string    // of its file
	release *answered // what release 26.2.0 answered, if something else
}

type answered struct {
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body_raw"`
	Omitted string            `json:"body_omitted"` // why the body is not there
}

func (r recorded) name() string { return r.number + " " + r.Group + " " + r.Case }

func loadRecorded(t *testing.T, dir string) []recorded {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "[0-9]*.json"))
	must(t, err)
	slices.Sort(files)
	var all []recorded
	for _, file := range files {
		var r, release recorded
		readJSON(t, file, &r)
		r.number = filepath.Base(file)[:3]
		other := filepath.Join(dir, "v26.2.0", filepath.Base(file))
		if _, err := os.Stat(other); err == nil {
			readJSON(t, other, &release)
			r.release = &release.Response
		}
		all = append(all, r)
	}
	return all
}

func readJSON(t *testing.T, file string, into any) {
	t.Helper()
	raw, err := os.ReadFile(file)
	must(t, err)
	raw = []byte(rfc6902.Replace(tooShort.Replace(string(raw))))
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// rfc6902 makes the patches of 123 and 126 add the member that they would replace: replace
// of a member that is not there is refused (RFC 6902 section 4.3; issue 12, point 7).
var rfc6902 = strings.NewReplacer(`[{\"op\": \"replace\", \"path\": \"/metadata/b\"`, `[{\"op\": \"add\", \"path\": \"/metadata/b\"`,
	`[{\"op\": \"replace\", \"path\": \"/frontchannel_logout_uri\"`, `[{\"op\": \"add\", \"path\": \"/frontchannel_logout_uri\"`)

// tooShort replaces the secrets of the recording that are refused now (rule
// client-secret: 16 characters, or 80 bits by an estimate), in 002, 004, 005, 007,
// 011, 098, 108, 109, 113, 116, 127, 203, 213, cli-02, cli-11 and cli-14. The one of 022 is
// sent as it was, and refused.
var tooShort = strings.NewReplacer("golden-secret", "golden-secret-16", "patched-secret", "patched-secret-16",
	"imported-secret", "imported-secret-16", "cli-secret-a", "cli-secret-a-of-16", "cli-secret-b", "cli-secret-b-of-16", "not-echoed-1", "not-echoed-1-of-16")

// recordedBase is where the recorded server's public listener was.
const recordedBase = "http://127.0.0.1:14444"

// pairs says what this server generated where the recorded one generated
// something else. It is learnt from answers and used in later requests and
// answers, so that a value is compared wherever it comes again.
type pairs struct {
	words map[string]string       // ids, secrets, tokens: one text wherever it stands
	times map[timeKey]string      // instants, which are not unique
	first map[string]string       // recorded client → its recorded created_at
	moved map[string][2]time.Time // recorded client → latest updated_at, recorded and ours
}

type timeKey struct{ client, member, recorded string }

func newPairs(public string) *pairs {
	return &pairs{map[string]string{recordedBase: public}, map[timeKey]string{}, map[string]string{}, map[string][2]time.Time{}}
}

func (p *pairs) clone() *pairs {
	return &pairs{maps.Clone(p.words), maps.Clone(p.times), maps.Clone(p.first), maps.Clone(p.moved)}
}

// ours translates a recorded text.
func (p *pairs) ours(text string) string {
	var list []string
	for recorded, own := range p.words {
		list = append(list, recorded, own)
	}
	return strings.NewReplacer(list...).Replace(text)
}

// header translates a recorded request header; Basic credentials from within.
func (p *pairs) header(value string) string {
	if encoded, ok := strings.CutPrefix(value, "Basic "); ok {
		if plain, err := base64.StdEncoding.DecodeString(encoded); err == nil {
			return "Basic " + base64.StdEncoding.EncodeToString([]byte(p.ours(string(plain))))
		}
	}
	return p.ours(value)
}

const tokenPrefix = "ory_at_"

var (
	uuid       = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	secretForm = regexp.MustCompile(`^[A-Za-z0-9_.~-]{26}$`)
	tokenForm  = regexp.MustCompile(`^` + tokenPrefix + `[A-Za-z0-9_-]{43}(\.[A-Za-z0-9_-]{43})?$`)
	second     = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$`)
	micros     = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$`)
	nanos      = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7,9}Z$`)
	varying    = regexp.MustCompile(`"(client_id|client_secret|registration_access_token|created_at|updated_at)":"([^"]*)"`)
	pageToken  = regexp.MustCompile(`page_token=([^&>]*)`)
)

// place is where a varying member stands: in which client of the body.
type place struct {
	client int
	member string
}

// occurrences are the varying members of a body.
func occurrences(body string) map[place]string {
	found := map[place]string{}
	client := 0
	for _, m := range varying.FindAllStringSubmatch(body, -1) {
		if m[1] == "client_id" {
			client++
		}
		found[place{client, m[1]}] = m[2]
	}
	return found
}

// body is the recorded body as this server should have answered it, learning
// from what it did answer. sent is the recorded request's body: what stands in
// it was not generated.
func (p *pairs) body(recorded, answered, sent string, status int) (string, []string) {
	var problems []string
	say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	own := occurrences(answered)
	client, ordinal := "", 0
	// A value that p cannot know and that has the right form is as good as the recorded one.
	text := varying.ReplaceAllStringFunc(recorded, func(match string) string {
		m := varying.FindStringSubmatch(match)
		member, value := m[1], m[2]
		if member == "client_id" {
			client, ordinal = value, ordinal+1
			if status == http.StatusCreated {
				p.forget(client) // a new incarnation
			}
		}
		got := own[place{ordinal, member}]
		keep := func(own string) string { return fmt.Sprintf("%q:%q", member, own) }
		if strings.Contains(sent, `"`+value+`"`) {
			return match
		}
		switch member {
		case "created_at", "updated_at":
			if instant, problem := p.instant(timeKey{client, member, value}, got); problem != "" {
				say("%s: %s", member, problem)
			} else {
				return keep(instant)
			}
		case "client_id":
			if uuid.MatchString(value) {
				p.learn(value, got, uuid, say)
			}
		case "client_secret":
			p.learn(value, got, secretForm, say)
		case "registration_access_token":
			if strings.HasPrefix(value, tokenPrefix) {
				p.learnToken(value, got, say)
			}
		}
		return match
	})
	return p.ours(text), problems
}

func (p *pairs) learn(recorded, own string, form *regexp.Regexp, say func(string, ...any)) {
	if _, known := p.words[recorded]; known {
		return
	}
	if !form.MatchString(own) {
		say("%q is not of the form of %q", own, recorded)
		return
	}
	p.words[recorded] = own
}

// learnToken learns a registration token and what the recorder made of it:
// without its prefix, and with another end.
func (p *pairs) learnToken(recorded, own string, say func(string, ...any)) {
	p.learn(recorded, own, tokenForm, say)
	if tokenForm.MatchString(own) {
		p.words[strings.TrimPrefix(recorded, tokenPrefix)] = strings.TrimPrefix(own, tokenPrefix)
		p.words[recorded[:len(recorded)-4]+"AAAA"] = own[:len(own)-4] + "AAAA"
	}
}

// instant is what this server says where the recorded one said key.recorded:
// the same as before, or a new one in the same form; updated_at moves on when
// the recorded one did.
func (p *pairs) instant(key timeKey, got string) (string, string) {
	if known, ok := p.times[key]; ok {
		return known, ""
	}
	form := micros
	switch {
	case key.member == "created_at" && second.MatchString(key.recorded):
		form = second
	case nanos.MatchString(key.recorded):
		form = nanos
	}
	if !form.MatchString(got) {
		return "", fmt.Sprintf("%q is not of the form of %q", got, key.recorded)
	}
	there, err1 := time.Parse(time.RFC3339Nano, key.recorded)
	here, err2 := time.Parse(time.RFC3339Nano, got)
	if err1 != nil || err2 != nil {
		return "", fmt.Sprint(err1, err2)
	}
	if key.member == "created_at" {
		if p.first[key.client] == "" {
			p.first[key.client] = key.recorded
		}
	} else {
		last := p.moved[key.client]
		if there.After(last[0]) && !here.After(last[1]) {
			return "", fmt.Sprintf("%s is not after %s, as it was before", got, last[1].Format(time.RFC3339Nano))
		}
		p.moved[key.client] = [2]time.Time{there, here}
	}
	p.times[key] = got
	return got, ""
}

func (p *pairs) forget(client string) {
	maps.DeleteFunc(p.times, func(k timeKey, _ string) bool { return k.client == client })
	delete(p.first, client)
	delete(p.moved, client)
}

// link is the recorded Link header with this server's page tokens.
func (p *pairs) link(recorded, answered string) string {
	own := pageToken.FindAllStringSubmatch(answered, -1)
	for i, m := range pageToken.FindAllStringSubmatch(recorded, -1) {
		if i < len(own) && own[i][1] != "" {
			p.words[m[1]] = own[i][1]
			there, err1 := url.QueryUnescape(m[1])
			here, err2 := url.QueryUnescape(own[i][1])
			if err1 == nil && err2 == nil {
				p.words[there] = here
			}
		}
	}
	return p.ours(recorded)
}

// headersThatMatter are compared; in their absence too.
var headersThatMatter = []string{"Content-Type", "Location", "Cache-Control", "Link", "Allow", "Retry-After", "X-Content-Type-Options"}

// mayAdd are headers that Hydra does not send and that no caller of Hydra trips over.
func mayAdd(name string, status int) bool {
	switch name {
	case "Date", "Content-Length":
		return true // not recorded
	case "Www-Authenticate":
		return status == http.StatusUnauthorized // RFC 9110 §11.6.1 demands it
	case "Tenure-Snapshot-Id", "Tenure-Valid-From", "Tenure-Recorded-At", "Tenure-Next-Valid-From", "Tenure-Owner":
		return true // design §5: every resolving answer
	case "X-Request-Id":
		return true // issue 14, point 6: every answer
	case "Tenure-Secret-Id":
		return true // issue 3, point 3: secrets have ids
	case "Tenure-Revision":
		return true // design §9: every answer to a write
	}
	return slices.Contains(headersThatMatter, name)
}

// compare says how an answer differs from the recorded one.
func (p *pairs) compare(want answered, sent string, got answer) []string {
	var problems []string
	say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	if got.status != want.Status {
		say("status %d, recorded %d", got.status, want.Status)
	}
	expected, more := p.body(want.Body, got.body, sent, want.Status)
	if created, err := time.Parse(time.RFC3339, occurrences(got.body)[place{1, "created_at"}]); err == nil {
		// created_at is rounded, as Hydra's is; the instant that a client waits for is not ahead.
		issued := fmt.Sprintf(`"client_id_issued_at":%d`, created.Unix()-1)
		if !strings.Contains(got.body, issued) {
			issued = fmt.Sprintf(`"client_id_issued_at":%d`, created.Unix())
		}
		expected = strings.Replace(expected, issuedAt, issued, 1)
	}
	problems = append(problems, more...)
	switch {
	case want.Omitted != "": // a page for people: that it is one shows in Content-Type
	case got.body != expected:
		say("body\n%s", apart(got.body, expected))
	}
	for _, name := range headersThatMatter {
		own, expected := strings.Join(got.header.Values(name), "; "), want.Headers[name]
		switch name {
		case "Link":
			expected = p.link(expected, own)
		case "Location":
			expected = p.ours(expected)
		case "Allow":
			if expected == "" {
				continue // release 26.2.0 sends it
			}
		}
		if own != expected {
			say("%s %q, recorded %q", name, own, expected)
		}
	}
	for name := range got.header {
		if !mayAdd(name, got.status) {
			say("a header %s that Hydra does not send", name)
		}
	}
	return problems
}

// apart shows two texts around the first byte in which they differ.
func apart(got, want string) string {
	at := 0
	for at < min(len(got), len(want)) && got[at] == want[at] {
		at++
	}
	near := func(s string) string { return s[max(0, at-60):min(len(s), at+300)] }
	return fmt.Sprintf("     got …%s\n    want …%s", near(got), near(want))
}

// path is the path of a recorded request as this server is to be asked.
func (p *pairs) path(recorded string) string {
	path, query, _ := strings.Cut(recorded, "?")
	if query != "" {
		query = "?" + p.ours(query)
	}
	return p.ours(path) + query
}
