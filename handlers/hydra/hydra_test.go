package hydra_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tenure/handlers/hydra"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/snapshots/document/documenttest"
	"tenure/tenancy"
	"tenure/tenancy/db/dbtest"
)

// TestParallelPatches: Hydra keeps 2 of 40 values.
func TestParallelPatches(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		f := newFixture(t, dsn)
		f.create(t, `{"client_id":"shared"}`)
		var done sync.WaitGroup
		answers := make([]answer, 40)
		for i := range answers {
			done.Go(func() {
				answers[i] = f.send("PATCH", "/admin/clients/shared",
					fmt.Sprintf(`[{"op":"add","path":"/redirect_uris/-","value":"https://a.example/%d"}]`, i))
			})
		}
		done.Wait()
		for _, a := range answers {
			a.want(t, http.StatusOK)
		}
		got := f.found(t, "shared").Content.RedirectURIs
		slices.Sort(got)
		if got = slices.Compact(got); len(got) != 40 || f.history(t, "shared") != 41 {
			t.Errorf("%d values, %d snapshots", len(got), f.history(t, "shared"))
		}
		f.sound(t)
	})
}

// TestParallelCreates: of many of one id, one wins.
func TestParallelCreates(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	var done sync.WaitGroup
	codes := make([]int, 20)
	for i := range codes {
		done.Go(func() { codes[i] = f.send("POST", "/admin/clients", `{"client_id":"one"}`).Code })
	}
	done.Wait()
	slices.Sort(codes)
	if codes[0] != 201 || codes[1] != 409 || codes[19] != 409 {
		t.Errorf("%v", codes)
	}
}

// TestEveryWriteIsASnapshot, also one that changes nothing.
func TestEveryWriteIsASnapshot(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	f.create(t, `{"client_id":"c","client_name":"n"}`)
	read := f.get("/admin/clients/c").Body.String()
	updated := f.get("/admin/clients/c").text(t, "updated_at")
	for i, send := range []func() answer{
		func() answer { return f.send("PUT", "/admin/clients/c", read) },
		func() answer { return f.send("PATCH", "/admin/clients/c", "[]") },
		func() answer { return f.send("PUT", "/admin/clients/c/lifespans", "{}") },
	} {
		f.Clock.Advance(time.Second)
		before := f.found(t, "c")
		a := send().want(t, 200)
		if n := f.history(t, "c"); n != i+2 {
			t.Errorf("%d snapshots after %d writes", n, i+2)
		}
		after := f.found(t, "c")
		if changed := document.Changed(before.Content, after.Content); len(changed) > 0 || after.Base != before.ID {
			t.Errorf("changed %v, base %s", changed, after.Base)
		}
		if now := a.text(t, "updated_at"); now <= updated {
			t.Errorf("updated_at %s does not follow %s", now, updated)
		} else {
			updated = now
		}
	}
	f.sound(t)
}

// TestForeignClients: what other dialects store reads, and goes back.
func TestForeignClients(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	full := documenttest.FullClient()
	full.JWKSURI = ""
	for name, doc := range map[string]document.Client{"full": full, "bare": {}} {
		f.stored(t, name, doc)
		a := f.get("/admin/clients/"+name).want(t, 200)
		f.send("PUT", "/admin/clients/"+name, a.Body.String()).want(t, 200)
		f.send("PATCH", "/admin/clients/"+name, `[{"op":"replace","path":"/owner","value":"someone"}]`).want(t, 200)
		if changed := document.Changed(&doc, f.found(t, name).Content); len(changed) != 1 || changed[0] != "owner" {
			t.Errorf("%s: %v", name, changed)
		}
	}
	if len(f.asked) > 0 {
		t.Errorf("fetched %v", f.asked)
	}
}

// TestSectorIdentifier is fetched when it is new, and not again.
func TestSectorIdentifier(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	const uri, a, b = "https://sector.example/uris.json", "https://a.example/cb", "https://b.example/cb"
	f.sectors[uri] = []string{a, b}
	f.create(t, `{"client_id":"c","sector_identifier_uri":"`+uri+`","redirect_uris":["`+a+`"]}`)
	f.send("PUT", "/admin/clients/c", `{"sector_identifier_uri":"`+uri+`","redirect_uris":["`+b+`"]}`).want(t, 200)
	f.send("PATCH", "/admin/clients/c", `[{"op":"replace","path":"/owner","value":"o"}]`).want(t, 200)
	f.send("POST", "/admin/clients", `{"sector_identifier_uri":"`+uri+`","tos_uri":"x"}`).want(t, 400, "tos_uri")
	if len(f.asked) != 1 {
		t.Errorf("fetched %v", f.asked)
	}
	for _, send := range []func() answer{
		func() answer {
			return f.send("POST", "/admin/clients", `{"sector_identifier_uri":"`+uri+`","redirect_uris":["https://c.example"]}`)
		},
		func() answer {
			return f.send("PUT", "/admin/clients/c", `{"sector_identifier_uri":"https://away.example"}`)
		},
		func() answer {
			return f.send("PATCH", "/admin/clients/c", `[{"op":"replace","path":"/sector_identifier_uri","value":"https://away.example"}]`)
		},
	} {
		send().want(t, 400, "invalid_client_metadata")
	}
	if len(f.asked) != 4 {
		t.Errorf("fetched %v", f.asked)
	}
}

// works reports whether a secret authenticates.
func (f *fixture) works(id, secret string) bool {
	_, err := f.store.VerifySecret(ctx, f.setup, id, "client_secret_basic", secret)
	return err == nil
}

func TestRotation(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	secrets := []string{f.create(t, `{"client_id":"c"}`).text(t, "client_secret")}
	rotate := func(query string) {
		a := f.send("POST", "/admin/clients/c/secrets/rotate"+query, "").want(t, 200)
		secrets = append(secrets, a.text(t, "client_secret"))
		if id := a.Header().Get("Tenure-Secret-Id"); id == "" {
			t.Error("the secret has no id")
		}
	}
	check := func(when string, want ...bool) {
		t.Helper()
		for i, secret := range secrets {
			if got := f.works("c", secret); got != want[i] {
				t.Errorf("%s: secret %d works: %t", when, i, got)
			}
		}
	}
	rotate("")
	check("after a rotation", true, true)
	f.Clock.Advance(1000 * time.Hour)
	check("long after", true, true)
	rotate("?overlap=1h")
	check("within the overlap", true, true, true)
	f.Clock.Advance(61 * time.Minute)
	check("after the overlap", false, false, true)
	f.send("POST", "/admin/clients/c/secrets/rotate?overlap=1h&overlap=2h", "").want(t, 400)
	rotate("?overlap=0s")
	check("without overlap", false, false, false, true)
	rotate("")
	f.send("PATCH", "/admin/clients/c", `[{"op":"replace","path":"/owner","value":"o"}]`).want(t, 200)
	check("after another change", false, false, false, true, true)
	f.send("DELETE", "/admin/clients/c/secrets/rotate", "").want(t, 200)
	check("after the end of the old ones", false, false, false, false, true)
	rotate("")
	f.send("PUT", "/admin/clients/c", `{"client_secret":"chosen-secret-16"}`).want(t, 200)
	secrets = append(secrets, "chosen-secret-16")
	f.Clock.Advance(time.Second)
	check("after a chosen one", false, false, false, false, false, false, true)
	f.send("PUT", "/admin/clients/c", `{"client_secret":""}`).want(t, 200)
	check("after a PUT without one", false, false, false, false, false, false, true)
	f.sound(t)
}

// TestRegistrationTokenLivesOn through an administrator's writes.
func TestRegistrationTokenLivesOn(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	token := f.create(t, `{"client_id":"c"}`).text(t, "registration_access_token")
	f.send("PUT", "/admin/clients/c", `{"client_name":"put"}`).want(t, 200)
	f.send("PATCH", "/admin/clients/c", `[{"op":"replace","path":"/registration_access_token","value":"mine"}]`).want(t, 200)
	f.send("PUT", "/admin/clients/c/lifespans", `{}`).want(t, 200)
	if _, _, err := f.store.VerifyToken(ctx, f.setup, "c", "oauth2-register", strings.TrimPrefix(token, "ory_at_")); err != nil {
		t.Error(err)
	}
	f.send("DELETE", "/admin/clients/c", "").want(t, 204)
	if _, _, err := f.store.VerifyToken(ctx, f.setup, "c", "oauth2-register", strings.TrimPrefix(token, "ory_at_")); err == nil {
		t.Error("the token outlives its client")
	}
}

// TestPlannedClients do not exist here, but hold their id.
func TestPlannedClients(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	later := f.Log.Now().Millis() + 3_600_000
	_, err := f.store.CreateClient(ctx, f.Scope(t, f.North, tenancy.Editor), snapshots.NewClient{Module: module, Setup: f.setup, ClientID: "c"},
		snapshots.Change[document.Client]{ValidFrom: &later, Apply: func(*document.Client, *document.Setup) (*document.Client, error) {
			return &document.Client{ClientName: "later"}, nil
		}})
	must(t, err)
	f.get("/admin/clients/c").want(t, 404)
	f.send("PUT", "/admin/clients/c", "{}").want(t, 404)
	f.send("PATCH", "/admin/clients/c", "[]").want(t, 404)
	f.send("DELETE", "/admin/clients/c", "").want(t, 404)
	f.send("POST", "/admin/clients", `{"client_id":"c"}`).want(t, 409)
	f.Clock.Advance(2 * time.Hour)
	f.get("/admin/clients/c").want(t, 200, `"client_name":"later"`)
}

func TestNextValidFromIsForThoseWhoSeePlans(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	f.create(t, `{"client_id":"c"}`)
	later := f.Log.Now().Millis() + 3_600_000
	e := f.found(t, "c").Entity
	_, err := snapshots.Edit(ctx, f.store, f.Scope(t, f.North, tenancy.Editor), snapshots.Ref{Module: module, Setup: f.setup, Entity: e.ID},
		snapshots.Change[document.Client]{ValidFrom: &later, Apply: func(*document.Client, *document.Setup) (*document.Client, error) {
			return &document.Client{ClientName: "later"}, nil
		}})
	must(t, err)
	if got := f.get("/admin/clients/c").Header().Get("Tenure-Next-Valid-From"); got == "" {
		t.Error("an editor is not told of the plan")
	}
	if got := f.as(f.North, tenancy.Reader).get("/admin/clients/c").Header().Get("Tenure-Next-Valid-From"); got != "" {
		t.Error("a reader is told of the plan")
	}
	if got := f.send("PUT", "/admin/clients/c", "{}").Header().Get("Tenure-Next-Valid-From"); got == "" {
		t.Error("a write does not tell of the plan")
	}
}

// TestCachedReadsFollowWrites, and none of them ever holds a secret.
func TestCachedReadsFollowWrites(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	f.create(t, `{"client_id":"c","client_secret":"never-read-16-or"}`)
	for i := range 3 {
		name := fmt.Sprint("name ", i)
		f.send("PATCH", "/admin/clients/c", `[{"op":"replace","path":"/client_name","value":"`+name+`"}]`).want(t, 200)
		for range 2 {
			for _, a := range []answer{f.get("/admin/clients/c"), f.get("/admin/clients")} {
				a.want(t, 200, name)
				if strings.Contains(a.Body.String(), "secret\"") || strings.Contains(a.Body.String(), "never-read-16-or") {
					t.Errorf("a read shows %s", a.Body)
				}
			}
		}
	}
}

func TestNotReady(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	f.notReady = true
	if a := f.get("/admin/health/ready").want(t, 503); strings.Contains(a.Body.String(), "secret.host") {
		t.Errorf("it tells %s", a.Body)
	}
}

func TestRewrite(t *testing.T) {
	for path, want := range map[string]string{"/clients": "/admin/clients", "/clients/a%2Fb": "/admin/clients/a%2Fb", "/admin/clients": "/admin/clients",
		"/administrator": "/admin/administrator", "/admin": "/admin", "/health/alive": "/admin/health/alive",
		"/modules/m/setups/s/admin/clients": "/modules/m/setups/s/admin/clients", "/": "/admin/"} {
		if got := hydra.Rewrite(path); got != want {
			t.Errorf("%s becomes %s", path, got)
		}
	}
}

// TestFailuresStayInside breaks the database under every route: whatever the
// driver says does not reach the caller.
func TestFailuresStayInside(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	f.create(t, `{"client_id":"c"}`)
	must(t, f.DB.Close())
	for _, r := range f.surface().Routes {
		if r.Open || strings.HasPrefix(r.Pattern, "/modules") {
			continue
		}
		path := strings.ReplaceAll(r.Pattern, "{client}", "other")
		body := map[string]string{"PATCH": "[]", "PUT": "{}", "POST": "{}"}[r.Method]
		a := f.send(r.Method, path, body)
		if a.Code < 500 {
			t.Errorf("%s %s: %d", r.Method, path, a.Code)
		}
		for _, word := range []string{"sql", "database", "closed", ".go", "SELECT", "tenure/"} {
			if strings.Contains(a.Body.String(), word) {
				t.Errorf("%s %s tells %s", r.Method, path, a.Body)
			}
		}
	}
}

// TestOutsideIsExactlyUnknown: whoever asks for a client outside its subtree
// cannot tell from any byte that it is there.
func TestOutsideIsExactlyUnknown(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	f.create(t, `{"client_id":"hidden"}`)
	other := f.as(f.Harbour, tenancy.Editor)
	stranger := f.as(f.South, tenancy.Editor)
	for _, r := range f.surface().Routes {
		if r.Object != "client" {
			continue
		}
		for who, own := range map[string]*fixture{"below": other, "beside": stranger} {
			path := strings.NewReplacer("{module}", module, "{setupId}", string(f.setup)).Replace(r.Pattern)
			for _, body := range []string{"", "{}", "[]", `[{"op":"test"}]`, `{"client_secret":"x"}`, `{"sector_identifier_uri":"https://x.example"}`} {
				hidden := own.send(r.Method, strings.ReplaceAll(path, "{client}", "hidden"), body)
				unknown := own.send(r.Method, strings.ReplaceAll(path, "{client}", "nobody"), body)
				for _, answer := range []http.Header{hidden.Header(), unknown.Header()} {
					answer.Del("X-Request-Id") // random in each call
				}
				if hidden.Code != unknown.Code || hidden.Code < 400 || hidden.Body.String() != unknown.Body.String() ||
					fmt.Sprint(hidden.Header()) != fmt.Sprint(unknown.Header()) {
					t.Errorf("%s %s, %s, %q: %d %s\nagainst %d %s", r.Method, r.Pattern, who, body, hidden.Code, hidden.Body, unknown.Code, unknown.Body)
				}
			}
		}
	}
	if len(f.asked) > 0 {
		t.Errorf("fetched %v", f.asked)
	}
}
