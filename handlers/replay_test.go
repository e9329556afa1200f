package handlers_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"tenure/handlers"
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/tenancytest"
)

// installation runs both listeners as somebody does who comes from Hydra: the
// trusted one acts with an editor key of an organization below the root, the
// root's setup is the default one, and lets clients register themselves for
// that organization.
type installation struct {
	*tenancytest.World
	stores         handlers.Stores
	setup          snapshots.EntityID
	admin, public  *httptest.Server
	editor, reader string // keys of the organization
}

// fetch is asked for URLs that requests bring; none for the program's own.
func newInstallation(t *testing.T, fetch ...web.Fetch) *installation {
	t.Helper()
	ctx := context.Background()
	in := &installation{World: tenancytest.New(t, dbtest.SQLite(t))}
	store, err := snapshots.Open(ctx, in.DB, in.Log, in.Store.IDs(), snapshots.Options{})
	must(t, err)
	in.public = httptest.NewUnstartedServer(nil)
	base := "http://" + in.public.Listener.Addr().String()
	in.stores = handlers.Stores{Tenancy: in.Store, Snapshots: store, PublicURL: base,
		Version: "head-83127c5"} // what the recorded one said of itself
	for _, f := range fetch {
		in.stores.Fetch = f
	}
	must(t, store.CreateModule(ctx, in.Store.Operator("test"), snapshots.DefaultModule))
	root := in.Scope(t, in.Root, tenancy.Admin)
	made, err := store.CreateSetup(ctx, root, snapshots.DefaultModule, setupChange("default", nil))
	must(t, err)
	in.setup = made.Entity.ID
	_, err = in.Store.SetDefaultSetup(ctx, root, in.Root, string(in.setup), func(tx *db.Tx) error { return nil })
	must(t, err)
	in.register(t, snapshots.RegistrationOpen)
	in.editor, in.reader = in.Key(in.Harbour, tenancy.Editor), in.Key(in.Harbour, tenancy.Reader)

	cfg := web.Config{Tenancy: in.Store, Log: zerolog.Nop()}
	in.public.Config.Handler = handlers.New(cfg, in.stores)
	in.public.Start()
	t.Cleanup(in.public.Close)
	in.admin = httptest.NewServer(handlers.NewHydraAdmin(cfg, in.stores, in.editor, []string{"127.0.0.1"}))
	t.Cleanup(in.admin.Close)
	return in
}

// register lets callers without an API key register clients. The recorded clients
// have an RSA key of 512 bits (exchanges 005 and 008, then 068 and 165), as the
// setup of an installation that moves here may allow.
func (in *installation) register(t *testing.T, mode string) {
	t.Helper()
	policy := snapshots.DefaultPolicy()
	policy.Registration, policy.RegistrationOwner = mode, in.Harbour
	policy.WeakKeys = snapshots.WeakWarn
	policy.Allow = []string{"code-without-redirect-uri"} // which 170 to 181, 194 and 205 break
	must(t, in.stores.Snapshots.SetPolicy(context.Background(), in.Scope(t, in.Root, tenancy.Admin), snapshots.DefaultModule, in.setup, policy))
}

type answer struct {
	status int
	header http.Header
	body   string
}

func (in *installation) send(t *testing.T, listener, method, path string, headers map[string]string, body *string) answer {
	t.Helper()
	base := map[string]string{"admin": in.admin.URL, "public": in.public.URL}[listener]
	var from io.Reader
	if body != nil {
		from = strings.NewReader(*body)
	}
	req, err := http.NewRequest(method, base+path, from)
	must(t, err)
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	req.Header["User-Agent"] = nil
	res, err := in.public.Client().Transport.RoundTrip(req)
	must(t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	must(t, err)
	return answer{res.StatusCode, res.Header, string(raw)}
}

// unrecorded are clients that the recording finds and does not make.
var unrecorded = []string{
	`{"client_id":"golden-list-0","client_secret":"golden-secret-16","client_name":"list-me","owner":"owner-0"}`,
	`{"client_id":"golden-list-1","client_secret":"golden-secret-16","client_name":"list-me","owner":"owner-1"}`,
	`{"client_id":"golden-list-2","client_secret":"golden-secret-16","client_name":"list-me","owner":"owner-0"}`,
	`{"client_id":"golden-patch","client_secret":"golden-secret-16","redirect_uris":["https://a.example.org/cb"],"metadata":{"a":1}}`,
	`{"client_id":"golden-victim","client_secret":"golden-secret-16","client_name":"victim"}`,
}

// replay compares answers with recorded ones and keeps count.
type replay struct {
	*installation
	pairs    *pairs
	recorded map[string]answered // by number

	equal, asRelease, deliberate, failing int
	reasons                               map[string][]string // numbers of the exchanges
}

func newReplay(t *testing.T) *replay {
	in := newInstallation(t)
	return &replay{installation: in, pairs: newPairs(in.public.URL), recorded: map[string]answered{}, reasons: map[string][]string{}}
}

// exchange sends what was recorded and compares what comes back.
func (re *replay) exchange(t *testing.T, r recorded) answer {
	t.Helper()
	headers := map[string]string{"X-Request-Id": "replay"}
	for name, value := range r.Request.Headers {
		headers[name] = re.pairs.header(value)
	}
	sent, body := "", r.Request.Body
	if body != nil {
		own := re.pairs.ours(*body)
		sent, body = *body, &own
	}
	got := re.send(t, r.Request.Listener, r.Request.Method, re.pairs.path(r.Request.Path), headers, body)
	listed := differencesOf(r)
	// Each listed difference must be one: without it the comparison fails.
	for i, d := range listed {
		without := slices.Delete(slices.Clone(listed), i, i+1)
		trial := re.pairs.clone()
		if len(trial.compare(re.edited(r, without), sent, got)) == 0 {
			t.Errorf("%s: no difference any more, strike it out: %s", r.name(), d.why)
		}
	}
	problems := re.try(re.edited(r, listed), sent, got)
	switch {
	case len(problems) > 0 && len(listed) == 0 && r.release != nil && len(re.try(*r.release, sent, got)) == 0:
		re.asRelease++
	case len(problems) > 0:
		re.failing++
		kind := "an unlisted difference"
		if len(listed) > 0 {
			kind = "a listed difference, but not in this way"
		}
		t.Errorf("%s: %s %s %s: %s\n  %s", r.name(), r.Request.Method, r.Request.Path, sent, kind, strings.Join(problems, "\n  "))
	case len(listed) > 0:
		re.deliberate++
	default:
		re.equal++
	}
	for _, d := range listed {
		re.reasons[d.why] = append(re.reasons[d.why], r.number)
	}
	return got
}

// try compares, and keeps what was learnt; from a failure too, so that one
// does not make the next.
func (re *replay) try(want answered, sent string, got answer) []string {
	trial := re.pairs.clone()
	problems := trial.compare(want, sent, got)
	re.pairs = trial
	return problems
}

// edited is a recorded answer with deliberate differences.
func (re *replay) edited(r recorded, list []difference) answered {
	e, want := edit{r.number, re.pairs, re.recorded}, r.Response
	want.Headers = maps.Clone(want.Headers)
	for _, d := range list {
		d.edit(e, &want)
	}
	return want
}

// report fails for listed differences that no exchange has, and says how many
// were equal. Exchanges are those whose number begins with prefix.
func (re *replay) report(t *testing.T, total int, mine func(number string) bool) {
	t.Helper()
	for _, d := range differences {
		for _, number := range d.cases {
			if mine(number) && !slices.Contains(re.reasons[d.why], number) {
				t.Errorf("there is no exchange %s to differ in: %s", number, d.why)
			}
		}
	}
	var lines []string
	for why, numbers := range re.reasons {
		lines = append(lines, fmt.Sprintf("%3d  %s: %s", len(numbers), why, strings.Join(numbers, " ")))
	}
	slices.Sort(lines)
	t.Logf("%d exchanges: %d equal, %d equal to release 26.2.0, %d with deliberate differences, %d failing\n%s", total, re.equal,
		re.asRelease, re.deliberate, re.failing, strings.Join(lines, "\n"))
}

// TestReplayHydra asks what was asked of a running Hydra and compares the
// answers: status, headers, body to the byte. Where Tenure means to answer
// something else, differences says what and why, and that is compared as
// strictly.
func TestReplayHydra(t *testing.T) {
	all := loadRecorded(t, goldenDir(t))
	re := newReplay(t)
	for _, body := range unrecorded {
		if got := re.send(t, "admin", "POST", "/admin/clients", nil, &body); got.status != http.StatusCreated {
			t.Fatalf("%s: %d %s", body, got.status, got.body)
		}
	}
	for _, r := range all {
		re.recorded[r.number] = r.Response
	}
	for _, r := range all {
		if r.Group == "register-disabled" {
			re.register(t, snapshots.RegistrationOff)
		}
		re.exchange(t, r)
	}
	re.report(t, len(all), func(number string) bool { return !strings.HasPrefix(number, "cli-") })
}
