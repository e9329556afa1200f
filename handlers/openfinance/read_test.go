package openfinance_test

import (
	"net/http"
	"reflect"
	"strings"
	"testing"

	"tenure/tenancy/db/dbtest"
)

// TestA17ReadTwice: every registered member, the same address and token.
func TestA17ReadTwice(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	made := f.registered(t)
	for range 2 {
		got := f.send(t, good(), "GET", made.uri(), "", made.bearer()).want(t, 200)
		want := made.doc
		delete(want, "software_statement") // of the write that brought it
		if !reflect.DeepEqual(got.doc, want) {
			t.Errorf("got %s\nmade %s", got.raw, made.raw)
		}
	}
	f.send(t, good(), "GET", made.uri(), "", "Authorization: bEARER  "+made.token()).want(t, 200)
	f.send(t, good(), "GET", made.uri()+"/", "", made.bearer(), "Accept: application/xml", "Accept-Charset: utf-8").want(t, 200)
	plain := f.send(t, nil, "POST", f.plain, f.body(map[string]any{"token_endpoint_auth_method": "client_secret_basic"})).want(t, 201)
	got := f.send(t, nil, "GET", plain.uri(), "", plain.bearer()).want(t, 200)
	if got.text("client_secret") != plain.text("client_secret") || got.token() != plain.token() || got.uri() != plain.uri() {
		t.Errorf("got %s\nmade %s", got.raw, plain.raw)
	}
}

// TestA18NoToken: 401 with a challenge and nothing of the client.
func TestA18NoToken(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	made := f.registered(t)
	for about, c := range map[string]struct {
		query, header string
		status        int
		shown         bool // the challenge says what is wrong with what was shown
	}{
		"none": {"", "X: x", 401, false}, "wrong": {"", bearer("reg_at_" + strings.Repeat("A", 43)), 401, true}, "empty": {"", "Authorization: Bearer", 401, true},
		"basic": {"", "Authorization: Basic " + made.token(), 401, true}, "query": {"?access_token=" + made.token(), "X: x", 401, false},
		"of the client's id": {"", bearer(made.text("client_id")), 401, true}, "without its prefix": {"", bearer(strings.TrimPrefix(made.token(), "reg_at_")), 401, true},
		"and more": {"", bearer(made.token() + "x"), 401, true}, "and another": {"", bearer(made.token() + ", Bearer x"), 401, true},
	} {
		for _, method := range []string{"GET", "PUT", "DELETE"} {
			t.Log(about, method)
			refused := f.send(t, good(), method, made.uri()+c.query, "", c.header).want(t, c.status, "invalid_token")
			challenge := refused.header.Get("Www-Authenticate")
			if !strings.HasPrefix(challenge, `Bearer realm="`) || strings.Contains(challenge, `error="invalid_token"`) != c.shown || strings.Contains(challenge, "error_description") != c.shown {
				t.Errorf("the challenge is %s", challenge)
			}
		}
	}
	f.send(t, good(), "GET", made.uri(), "", made.bearer(), made.bearer()).want(t, 400, "invalid_request")
	f.send(t, good(), "GET", made.uri(), "", made.bearer()).want(t, 200)
}

// TestA19UnknownIDAndWrongToken are indistinguishable: status, body and every
// header but the interaction id, which is each request's own here too.
func TestA19UnknownIDAndWrongToken(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	made := f.registered(t)
	gone := f.send(t, sister(), "POST", "/reg", f.body(map[string]any{"software_statement": f.statementOf("software-2", orgID)})).want(t, 201)
	f.send(t, sister(), "DELETE", gone.uri(), "", gone.bearer()).want(t, 204)
	plain := f.send(t, nil, "POST", f.plain, f.body(nil)).want(t, 201)
	wrong := "reg_at_" + strings.Repeat("A", 43)
	type seen struct {
		status int
		header http.Header
		body   string
	}
	look := func(method, target, token string) seen {
		body := ""
		if method == "PUT" {
			body = f.own(made, nil)
		}
		a := f.send(t, good(), method, target, body, bearer(token), "X-Fapi-Interaction-Id: "+interaction, "X-Request-Id: same")
		a.header.Del("Date")
		return seen{a.status, a.header, string(a.raw)}
	}
	for _, method := range []string{"GET", "HEAD", "PUT", "DELETE"} {
		want := look(method, made.uri(), wrong)
		if want.status != 401 {
			t.Fatal(want)
		}
		for about, c := range map[string][2]string{"unknown": {"/reg/unknown", wrong}, "unknown, a token that holds elsewhere": {"/reg/unknown", made.token()},
			"deleted": {gone.uri(), wrong}, "deleted, its own token": {gone.uri(), gone.token()}, "another's token": {plain.uri(), made.token()},
			"unknown under another setup": {f.id3 + "/unknown", wrong}, "no such setup": {"/modules/" + module + "/setups/none/reg/x", wrong},
			"no such module": {strings.Replace(f.plain, module, "none", 1) + "/x", wrong}, "of another setup": {f.id3 + "/" + made.text("client_id"), made.token()},
			"plain, wrong": {plain.uri(), wrong}, "another dialect's form": {made.uri(), "ory_at_x.y"}} {
			if got := look(method, c[0], c[1]); !reflect.DeepEqual(got, want) {
				t.Errorf("%s, %s: %+v\nwant %+v", method, about, got, want)
			}
		}
	}
	f.send(t, good(), "GET", made.uri(), "", made.bearer()).want(t, 200)
}

// TestA20AlienCertificate: the right token with another's certificate is
// refused, and the owner goes on (attempt-client-takeover).
func TestA20AlienCertificate(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	made := f.registered(t)
	before := f.stored(t)
	for _, alien := range []string{"software-2 " + orgID, "software-3 rival-bank"} {
		software, org, _ := strings.Cut(alien, " ")
		pair := sister()
		if software == "software-3" {
			pair = rival()
		}
		f.send(t, pair, "GET", made.uri(), "", made.bearer()).want(t, 401)
		f.send(t, pair, "DELETE", made.uri(), "", made.bearer()).want(t, 401)
		f.send(t, pair, "PUT", made.uri(), f.own(made, map[string]any{"software_statement": f.statementOf(software, org)}), made.bearer()).want(t, 401)
		f.send(t, good(), "PUT", made.uri(), f.own(made, map[string]any{"software_statement": f.statementOf(software, org)}), made.bearer()).want(t, 400, "unapproved_software_statement")
	}
	f.unchanged(t, before)
	f.send(t, renewed(), "GET", made.uri(), "", made.bearer()).want(t, 200) // brcac2022-support
	f.send(t, good(), "DELETE", made.uri(), "", made.bearer()).want(t, 204)
}

// TestA21InteractionIDOnTheWire: echoed in any case, else made; send wants one
// on every answer, whatever its status.
func TestA21InteractionIDOnTheWire(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	made := f.registered(t)
	for _, id := range []string{interaction, strings.ToLower(interaction), strings.ToUpper(interaction)} {
		for target, status := range map[string]int{made.uri(): 200, "/reg/unknown": 401, "/reg": 405, "/reg/a/b": 404} {
			if got := f.send(t, good(), "GET", target, "", made.bearer(), "X-Fapi-Interaction-Id: "+id).want(t, status).header.Get("X-Fapi-Interaction-Id"); got != id {
				t.Errorf("%s comes back as %s from %s", id, got, target)
			}
		}
	}
	for about, headers := range map[string][]string{"absent": {}, "malformed": {"X-Fapi-Interaction-Id: x"}, "empty": {"X-Fapi-Interaction-Id: "},
		"two": {"X-Fapi-Interaction-Id: " + interaction, "X-Fapi-Interaction-Id: " + interaction}} {
		first := f.send(t, good(), "GET", made.uri(), "", append(headers, made.bearer())...).want(t, 200)
		next := f.send(t, good(), "GET", made.uri(), "", append(headers, made.bearer())...).want(t, 200)
		if a, b := first.header.Get("X-Fapi-Interaction-Id"), next.header.Get("X-Fapi-Interaction-Id"); a == b || a == interaction {
			t.Errorf("%s: %s and %s", about, a, b)
		}
	}
}

// TestA23ClientIDs of any form are 401, or 400 where no client could have one.
func TestA23ClientIDs(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	made := f.registered(t)
	for id, status := range map[string]int{"a": 401, strings.Repeat("a", 255): 401, strings.Repeat("a", 256): 401, strings.Repeat("a", 8000): 401, "%3C": 401, "%3E": 401,
		"<x>": 401, "%2F": 401, "a%2Fb": 401, ".": 401, "..": 401, "%2E%2E": 401, "...": 401, "%C3%A9": 401, "é": 401, "%E2%80%AE": 401, "%25": 401, "*": 401, "%27%3B--": 401, "a b": 401,
		"%00": 400, "a%00": 400, "%FF": 400, "%ED%A0%80": 400} {
		for _, method := range []string{"GET", "DELETE", "PUT"} {
			a := f.send(t, good(), method, "/reg/"+id, "", made.bearer())
			if a.status != status {
				t.Errorf("%s %.40s: %d %s, want %d", method, id, a.status, a.raw, status)
			}
		}
	}
}

// TestA25HeadAndOtherMethods.
func TestA25HeadAndOtherMethods(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	made := f.registered(t)
	got := f.send(t, good(), "GET", made.uri(), "", made.bearer(), "X-Fapi-Interaction-Id: "+interaction, "X-Request-Id: same").want(t, 200)
	head := f.send(t, good(), "HEAD", made.uri(), "", made.bearer(), "X-Fapi-Interaction-Id: "+interaction, "X-Request-Id: same")
	got.header.Del("Date")
	head.header.Del("Date")
	if head.status != 200 || len(head.raw) != 0 || !reflect.DeepEqual(head.header, got.header) {
		t.Errorf("%d %v\nwant %v", head.status, head.header, got.header)
	}
	for _, prefix := range []string{"/reg", f.plain} {
		for target, allow := range map[string]string{prefix: "POST", prefix + "/x": "DELETE, GET, HEAD, PUT"} {
			for _, method := range []string{"GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "TRACE", "PURGE", strings.Repeat("X", 40)} {
				if strings.Contains(allow, method) {
					continue
				}
				a := f.send(t, good(), method, target, "", made.bearer()).want(t, 405)
				if a.header.Get("Allow") != allow {
					t.Errorf("%s %s: Allow is %q", method, target, a.header.Get("Allow"))
				}
			}
		}
	}
}
