package register_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"tenure/handlers/register"
	"tenure/handlers/web"
	"tenure/jwk/jwktest"
	"tenure/tenancy/db/dbtest"
)

// from sends a request from an address.
func (f *fixture) from(address, method, target, body string, header ...string) answer {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.RemoteAddr = address + ":1"
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, r)
	return answer{w}
}

func (a answer) throttled(t testing.TB, wait string) {
	t.Helper()
	a.want(t, http.StatusTooManyRequests, `"error":"Too many requests"`)
	if got := a.Header().Get("Retry-After"); got != wait {
		t.Errorf("Retry-After %q, want %q", got, wait)
	}
}

// TestOpenRegistrationIsLimited per address and per setup, and where it is
// not open not at all.
func TestOpenRegistrationIsLimited(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t), func(c *register.Deps) {
		c.Addresses, c.Setups = web.Rate{Every: 10 * time.Second, Burst: 3}, web.Rate{Every: time.Minute, Burst: 5}
	})
	post := func(address string) answer {
		return f.from(address, "POST", "/oauth2/register", `{"client_secret": "averylongsecret"}`)
	}
	for range 3 {
		post("192.0.2.1").want(t, 400) // what is refused counts as well
	}
	post("192.0.2.1").throttled(t, "10")
	post("[2001:db8::1]").want(t, 400)
	post("[2001:db8::2]").want(t, 400) // the same /64
	post("[2001:db8::3]").throttled(t, "60")
	post("192.0.2.9").throttled(t, "60") // the setup's
	for range 10 {
		f.from("192.0.2.1", "POST", below+string(f.guarded)+"/oauth2/register", minimal, bearer(f.initial)).want(t, 201)
		f.from("192.0.2.1", "POST", below+string(f.closed)+"/oauth2/register", minimal).want(t, 404)
	}
	f.Clock.Advance(time.Minute)
	post("192.0.2.1").want(t, 400)
	post("192.0.2.1").throttled(t, "60")
}

// own registers a client in the open setup and returns where it manages itself, its
// token and what it is.
func (f *fixture) own(t testing.TB, body string) (path, token, document string) {
	made := f.from("192.0.2.77", "POST", "/oauth2/register", body).want(t, 201)
	var c struct {
		ID    string `json:"client_id"`
		Token string `json:"registration_access_token"`
	}
	must(t, json.Unmarshal(made.Body.Bytes(), &c))
	return "/oauth2/register/" + c.ID, c.Token, made.Body.String()
}

// TestOwnWritesAreLimited per client and by the bytes of a setup, and a document by
// its length, whether or not a length is declared.
func TestOwnWritesAreLimited(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t), func(c *register.Deps) {
		c.Writes, c.Bytes = web.Rate{Every: 30 * time.Second, Burst: 3}, web.Rate{Every: time.Millisecond, Burst: 70_000}
	})
	path, token, _ := f.own(t, `{"client_name":"a","redirect_uris":["https://a.example/cb"]}`)
	other, otherToken, _ := f.own(t, `{"client_name":"b","redirect_uris":["https://a.example/cb"]}`)
	put := func(path, token, body string) answer {
		return f.from("192.0.2.1", "PUT", path, body, bearer(token))
	}
	for i := range 3 {
		body := put(path, token, fmt.Sprintf(`{"client_name":"c%d","redirect_uris":["https://a.example/cb"]}`, i)).want(t, 200).Body.Bytes()
		var c struct {
			Token string `json:"registration_access_token"`
		}
		must(t, json.Unmarshal(body, &c))
		token = c.Token
	}
	put(path, token, `{"client_name":"d","redirect_uris":["https://a.example/cb"]}`).throttled(t, "30")
	size := func(n int) string {
		const document = `{"client_name":"x","redirect_uris":["https://a.example/cb"]}`
		return document + strings.Repeat(" ", n-len(document))
	}
	f.Clock.Advance(time.Hour)
	put(other, otherToken, size(64<<10+1)).want(t, 413)
	f.from("192.0.2.2", "POST", "/oauth2/register", size(64<<10+1)).want(t, 413)
	f.from("192.0.2.2", "POST", "/oauth2/register", size(64<<10)).want(t, 201)
	put(other, otherToken, size(10_000)).throttled(t, "6")
	put(other, otherToken, `{"client_name":"e","redirect_uris":["https://a.example/cb"]}`).want(t, 200)
}

// TestAnEqualPutKeepsItsToken, and appends nothing.
func TestAnEqualPutKeepsItsToken(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	path, token, _ := f.own(t, `{"client_name":"a","redirect_uris":["https://a.example/cb"]}`)
	const same = `{"redirect_uris":["https://a.example/cb"],"client_name":"a"}`
	before := f.Log.Size()
	for range 3 {
		f.from("192.0.2.1", "PUT", path, same, bearer(token)).want(t, 200, `"registration_access_token":"`+token+`"`)
	}
	if now := f.Log.Size(); now != before {
		t.Errorf("%d entries for what changed nothing", now-before)
	}
	changed := f.from("192.0.2.1", "PUT", path, `{"client_name":"b","redirect_uris":["https://a.example/cb"]}`, bearer(token)).want(t, 200, `"client_name":"b"`)
	if strings.Contains(changed.Body.String(), token) {
		t.Error("a change keeps the token")
	}
	f.from("192.0.2.1", "GET", path, "", bearer(token)).want(t, 401)
}

// TestGuessesAreLimited per client and address, for clients that are there and
// those that are not alike. A right token is never locked out, nor is a right
// secret elsewhere, and what holds does not use up the limit.
func TestGuessesAreLimited(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t), func(c *register.Deps) {
		c.Guesses, c.Guessers = web.Rate{Every: 10 * time.Second, Burst: 3}, web.Rate{Every: time.Second, Burst: 20}
	})
	c := f.stored(t, f.setup, "c", "client_secret_basic")
	get := func(address, id string, header ...string) answer {
		return f.from(address, "GET", "/oauth2/register/"+id, "", header...)
	}
	for range 10 {
		get("192.0.2.1", "c", basicHeader("c", c.secret)).want(t, 200)
		get("192.0.2.1", "c", bearer(c.token)).want(t, 200)
		get("192.0.2.1", "c").refused(t) // no guess
	}
	for _, id := range []string{"c", "nobody"} {
		for range 3 {
			get("192.0.2.1", id, basicHeader(id, "wrong")).refused(t)
		}
		get("192.0.2.1", id, basicHeader(id, "wrong")).throttled(t, "10")
		get("192.0.2.1", id, bearer("wrong")).throttled(t, "10")
	}
	get("192.0.2.1", "c", basicHeader("c", c.secret)).throttled(t, "10") // nothing is told of a guess beyond the limit
	get("192.0.2.1", "c", bearer(c.token)).want(t, 200)
	get("192.0.2.2", "c", basicHeader("c", c.secret)).want(t, 200)
	f.Clock.Advance(10 * time.Second)
	get("192.0.2.1", "c", basicHeader("c", c.secret)).want(t, 200)

	for i := range 20 {
		get("192.0.2.7", fmt.Sprint("c", i), bearer("wrong")).refused(t)
	}
	get("192.0.2.7", "c99", bearer("wrong")).throttled(t, "1")
	get("192.0.2.7", "c", bearer(c.token)).want(t, 200)
	f.from("192.0.2.7", "POST", below+string(f.guarded)+"/oauth2/register", minimal, bearer("wrong")).throttled(t, "1")
	f.from("192.0.2.7", "POST", below+string(f.guarded)+"/oauth2/register", minimal, bearer(f.initial)).want(t, 201)
}

// TestGuessesAtOnce do not go past the limit either.
func TestGuessesAtOnce(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t), func(c *register.Deps) { c.Guesses = web.Rate{Every: time.Hour, Burst: 4} })
	f.stored(t, f.setup, "c", "client_secret_basic")
	var all sync.WaitGroup
	codes := make(chan int, 30)
	for i := range 30 {
		all.Go(func() { codes <- f.send("GET", "/oauth2/register/c", "", basicHeader("c", fmt.Sprint(i))).Code })
	}
	all.Wait()
	counts := map[int]int{}
	for range 30 {
		counts[<-codes]++
	}
	if counts[401] != 4 || counts[429] != 26 {
		t.Errorf("%v", counts)
	}
}

// TestDefaultLimits tries what docs/limits.md says of callers without an API key from both
// sides.
func TestDefaultLimits(t *testing.T) {
	limit := func(name string) (burst int, wait string) {
		n := append(jwktest.Limit(t, "Callers without an API key", name), 1)
		return n[0], fmt.Sprint(n[1])
	}
	const refused = `{"redirect_uris": ["javascript:x"]}`
	fresh := func() *fixture { return newFixture(t, dbtest.SQLite(t)) }
	address := func(i int) string { return fmt.Sprintf("192.0.%d.%d", 2+i/250, 1+i%250) }

	f := fresh()
	burst, wait := limit("open registrations from one address at `/oauth2/register`")
	for range burst {
		f.from(address(0), "POST", "/oauth2/register", refused).want(t, 400)
	}
	f.from(address(0), "POST", "/oauth2/register", refused).throttled(t, wait)

	setup, wait := limit("open registrations into one setup at `/oauth2/register`")
	for i := range setup - burst {
		f.from(address(1+i/burst), "POST", "/oauth2/register", refused).want(t, 400)
	}
	f.from(address(300), "POST", "/oauth2/register", refused).throttled(t, wait)

	f = fresh()
	path, token, _ := f.own(t, `{"client_name":"a","redirect_uris":["https://a.example/cb"]}`)
	burst, wait = limit("changes of a client by itself at `/oauth2/register`")
	for range burst {
		f.from(address(0), "PUT", path, refused, bearer(token)).want(t, 400)
	}
	f.from(address(0), "PUT", path, refused, bearer(token)).throttled(t, wait)
	most := jwktest.Limit(t, "Requests", "what a client says of itself at `/oauth2/register` and `/reg`")[0]
	n := jwktest.Limit(t, "Callers without an API key", "bytes of documents that clients bring to one setup at `/oauth2/register`")
	f = fresh()
	long := refused + strings.Repeat(" ", most-len(refused))
	for i := range n[0] / most {
		f.from(address(i/20), "POST", "/oauth2/register", long).want(t, 400)
	}
	f.from(address(300), "POST", "/oauth2/register", long).throttled(t, fmt.Sprint((most+n[1]-1)/n[1]))

	f = fresh()
	burst, wait = limit("wrong credentials for one client from one address")
	for range burst {
		f.from(address(0), "GET", "/oauth2/register/c", "", bearer("wrong")).refused(t)
	}
	f.from(address(0), "GET", "/oauth2/register/c", "", bearer("wrong")).throttled(t, wait)
	all, wait := limit("wrong credentials from one address")
	for i := range all - burst {
		f.from(address(0), "GET", fmt.Sprint("/oauth2/register/c", i), "", bearer("wrong")).refused(t)
	}
	f.from(address(0), "GET", "/oauth2/register/another", "", bearer("wrong")).throttled(t, wait)
}

// BenchmarkGet reads a client by its registration token.
func BenchmarkGet(b *testing.B) {
	f := newFixture(b, dbtest.SQLite(b))
	c := f.stored(b, f.setup, "c", "client_secret_basic")
	for b.Loop() {
		f.send("GET", "/oauth2/register/c", "", bearer(c.token)).want(b, 200)
	}
}
