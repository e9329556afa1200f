package node

import (
	"path/filepath"
	"testing"

	"tenure/tenancy/db"
)

func TestWhereTheLogKeyIs(t *testing.T) {
	for _, c := range []struct {
		database, given, wants string
	}{
		{"x/tenure.db", "", "x/tenure.db.log-key"},
		{"x/tenure.db", "none", ""},
		{"x/tenure.db", "keys", "keys"},
		{"postgres://x", "", ""},
		{"postgres://x", "none", ""},
		{"postgres://x", "keys", "keys"},
	} {
		if got := LogKeyFile(c.database, c.given); got != c.wants {
			t.Errorf("%s, %q: %q, want %q", c.database, c.given, got, c.wants)
		}
	}
	missing := filepath.Join(t.TempDir(), "missing")
	if keys, err := LoadLogKeys(db.Postgres, missing, false); err == nil {
		t.Errorf("with PostgreSQL a key is made: %v", keys) // no other node would have it
	}
	made, err := LoadLogKeys(db.SQLite, missing, false)
	must(t, err)
	again, err := LoadLogKeys(db.Postgres, missing, true)
	must(t, err)
	a, errA := made.VerifierKeys("o")
	b, errB := again.VerifierKeys("o")
	if errA != nil || errB != nil || len(a) != 1 || a[0] != b[0] {
		t.Errorf("made %v (%v), read %v (%v)", a, errA, b, errB)
	}
}

func TestLogOrigin(t *testing.T) {
	for url, want := range map[string]string{"": "", "https://conf.example.org": "conf.example.org/log", "https://conf.example.org:8443/": "conf.example.org:8443/log",
		"http://h/a/b/": "h/a/b/log", "no url": "", "://": ""} {
		if got := logOrigin(url); got != want {
			t.Errorf("%q: %q, want %q", url, got, want)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
