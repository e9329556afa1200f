package register_test

import (
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"tenure/handlers/register"
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/tenancy/db/dbtest"
)

// counted is a body that counts what is read of it.
type counted struct {
	io.Reader
	read int
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.read += n
	return n, err
}

// TestWhoMayNotRegisterIsNotRead: the policy and the limits come before the body,
// which may hold the token.
func TestWhoMayNotRegisterIsNotRead(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t), func(c *register.Deps) { c.Addresses = web.Rate{Every: 1e9, Burst: 1} })
	const form = "application/x-www-form-urlencoded"
	for _, row := range []struct {
		setup  snapshots.EntityID
		kind   string
		status int
		read   bool
	}{
		{f.closed, form, 404, false},
		{f.closed, "application/json", 404, false},
		{"0123456789abcdef0123456789abcdef", form, 404, false},
		{f.setup, form, 400, true}, // let in, and no JSON
		{f.setup, form, 429, false},
		{f.guarded, "application/json", 401, false},
		{f.guarded, form, 401, true}, // where the token may be
	} {
		body := &counted{Reader: strings.NewReader("access_token=x")}
		r := httptest.NewRequest("POST", below+string(row.setup)+"/oauth2/register", body)
		r.Header.Set("Content-Type", row.kind)
		w := httptest.NewRecorder()
		f.handler.ServeHTTP(w, r)
		if w.Code != row.status || (body.read > 0) != row.read {
			t.Errorf("%s into %s: %d, not %d; %d bytes read", row.kind, row.setup, w.Code, row.status, body.read)
		}
	}
}

// TestOneDoor: where /reg asks for software statements nobody registers here, nor
// manages what registered here before.
func TestOneDoor(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t), loose)
	c := f.stored(t, f.setup, "c", "client_secret_basic")
	for profile, status := range map[string]int{snapshots.ProfileDCR2: 404, snapshots.ProfileID3: 404, snapshots.ProfilePlain: 201,
		snapshots.ProfileOff: 201, "": 201} {
		for _, registration := range []string{snapshots.RegistrationOpen, snapshots.RegistrationToken} {
			f.policy(t, f.Root, f.setup, func(p *snapshots.Policy) { p.Registration, p.OpenFinanceProfile = registration, profile })
			want, read := status, 404
			if status == 201 {
				read = 200
				if registration == snapshots.RegistrationToken {
					want = 401
				}
			}
			f.send("POST", "/oauth2/register", minimal).want(t, want)
			f.send("GET", "/oauth2/register/c", "", bearer(c.token)).want(t, read)
		}
	}
}
