package hydraimport

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"

	"tenure/snapshots/document"
)

// columnTypes is Hydra's client table as its migrations leave it (head of
// July 2026), less a few columns that nothing here reads.
var columnTypes = map[string]string{
	"id": "VARCHAR(255) NOT NULL", "nid": "CHAR(36) NOT NULL", "pk": "TEXT NULL", "client_name": "TEXT NOT NULL DEFAULT ''",
	"client_secret": "TEXT NOT NULL DEFAULT ''", "rotated_secrets": "JSONB NULL", "scope": "TEXT NOT NULL DEFAULT ''",
	"redirect_uris": "TEXT NOT NULL DEFAULT '[]'", "grant_types": "TEXT NOT NULL DEFAULT '[]'", "response_types": "TEXT NOT NULL DEFAULT '[]'",
	"owner": "TEXT NOT NULL DEFAULT ''", "policy_uri": "TEXT NOT NULL DEFAULT ''", "tos_uri": "TEXT NOT NULL DEFAULT ''",
	"client_uri": "TEXT NOT NULL DEFAULT ''", "logo_uri": "TEXT NOT NULL DEFAULT ''", "contacts": "TEXT NOT NULL DEFAULT '[]'",
	"client_secret_expires_at": "INTEGER NOT NULL DEFAULT 0", "sector_identifier_uri": "TEXT NOT NULL DEFAULT ''",
	"jwks": "TEXT NOT NULL DEFAULT '{}'", "jwks_uri": "TEXT NOT NULL DEFAULT ''", "request_uris": "TEXT NOT NULL DEFAULT ''",
	"token_endpoint_auth_method": "VARCHAR(25) NOT NULL DEFAULT ''", "token_endpoint_auth_signing_alg": "VARCHAR(10) NOT NULL DEFAULT ''",
	"request_object_signing_alg": "VARCHAR(10) NOT NULL DEFAULT ''", "userinfo_signed_response_alg": "VARCHAR(10) NOT NULL DEFAULT ''",
	"subject_type": "VARCHAR(15) NOT NULL DEFAULT ''", "allowed_cors_origins": "TEXT NOT NULL DEFAULT '[]'", "audience": "TEXT NOT NULL DEFAULT '[]'",
	"created_at": "TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP", "updated_at": "TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP",
	"frontchannel_logout_uri": "TEXT NOT NULL DEFAULT ''", "frontchannel_logout_session_required": "INTEGER NOT NULL DEFAULT false",
	"backchannel_logout_uri": "TEXT NOT NULL DEFAULT ''", "backchannel_logout_session_required": "INTEGER NOT NULL DEFAULT false",
	"post_logout_redirect_uris": "TEXT NOT NULL DEFAULT ''", "metadata": "TEXT NOT NULL DEFAULT '{}'",
	"registration_access_token_signature": "VARCHAR(128) NOT NULL DEFAULT ''", "access_token_strategy": "VARCHAR(10) NOT NULL DEFAULT ''",
	"skip_consent": "BOOLEAN NOT NULL DEFAULT false", "skip_logout_consent": "BOOLEAN NULL",
	"authorization_code_grant_access_token_lifespan": "BIGINT NULL", "client_credentials_grant_access_token_lifespan": "BIGINT NULL",
	"device_authorization_grant_id_token_lifespan": "BIGINT NULL", "password_grant_access_token_lifespan": "BIGINT NULL",
}

// hydraDatabase is a SQLite file as Hydra leaves it.
type hydraDatabase struct {
	t    *testing.T
	path string
}

func newHydraDatabase(t *testing.T, journal string, without ...string) hydraDatabase {
	t.Helper()
	h := hydraDatabase{t, filepath.Join(t.TempDir(), "hydra's own.sqlite")}
	var columns []string
	for _, name := range slices.Sorted(maps.Keys(columnTypes)) {
		if !slices.Contains(without, name) {
			columns = append(columns, name+" "+columnTypes[name])
		}
	}
	h.exec("PRAGMA journal_mode = " + journal)
	h.exec("CREATE TABLE hydra_client (" + strings.Join(columns, ", ") + ")")
	h.exec("CREATE TABLE hydra_jwk (pk TEXT)")
	return h
}

func (h hydraDatabase) exec(statement string, args ...any) {
	h.t.Helper()
	d, err := sql.Open("sqlite3", h.path)
	must(h.t, err)
	defer d.Close()
	_, err = d.Exec(statement, args...)
	must(h.t, err)
}

// add stores a client.
func (h hydraDatabase) add(row map[string]any) {
	h.t.Helper()
	if row["nid"] == nil && columnTypes["nid"] != "" {
		row["nid"] = "8a3a4a4e-4d2e-4b6e-9d0c-5f5f5f5f5f5f"
	}
	names := slices.Sorted(maps.Keys(row))
	args := make([]any, len(names))
	for i, name := range names {
		args[i] = row[name]
	}
	h.exec("INSERT INTO hydra_client ("+strings.Join(names, ", ")+") VALUES (?"+strings.Repeat(", ?", len(names)-1)+")", args...)
}

func pbkdf2Hash(t *testing.T, secret string) string {
	t.Helper()
	const rounds = 25000
	salt := randomBytes(t)
	key, err := pbkdf2.Key(sha256.New, secret, salt, rounds, 32)
	must(t, err)
	return fmt.Sprintf("$pbkdf2-sha256$i=%d,l=32$%s$%s", rounds, base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
}

func bcryptHash(t *testing.T, secret string) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(secret), 10)
	must(t, err)
	return string(hash)
}

func argon2Hash(t *testing.T, secret string) string {
	t.Helper()
	salt := randomBytes(t)
	key := argon2.IDKey([]byte(secret), salt, 1, 4096, 2, 32)
	return fmt.Sprintf("$argon2id$v=19$m=4096,t=1,p=2$%s$%s", base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
}

func randomBytes(t *testing.T) []byte {
	t.Helper()
	raw := make([]byte, 16)
	_, err := rand.Read(raw)
	must(t, err)
	return raw
}

func jsonText(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	must(t, err)
	return string(raw)
}

func TestImportOfHydrasDatabase(t *testing.T) {
	for _, journal := range []string{"DELETE", "WAL"} {
		t.Run(journal, func(t *testing.T) {
			h := newHydraDatabase(t, journal)
			h.add(map[string]any{"id": "web", "client_name": "Web", "client_secret": pbkdf2Hash(t, "the current one"),
				"rotated_secrets": jsonText(t, []string{bcryptHash(t, "the one before"), argon2Hash(t, "the oldest")}),
				"redirect_uris":   `["https://web.example/cb"]`, "grant_types": `["authorization_code"]`, "scope": "openid",
				"token_endpoint_auth_method": "client_secret_basic", "subject_type": "public", "userinfo_signed_response_alg": "none",
				"jwks": `{"keys":null}`, "metadata": `{"keys":[]}`, "skip_consent": true, "skip_logout_consent": false,
				"authorization_code_grant_access_token_lifespan": int64(90 * time.Minute), "password_grant_access_token_lifespan": int64(time.Hour),
				"created_at": "2020-01-02 03:04:05", "updated_at": "2021-02-03 04:05:06.789012 +0000 UTC", "owner": "team"})
			h.add(map[string]any{"id": "old", "client_secret": bcryptHash(t, "made by 1.x"), "redirect_uris": "https://a.example/cb|https://b.example/cb",
				"token_endpoint_auth_method": "client_secret_post", "updated_at": time.Date(2022, 3, 4, 5, 6, 7, 0, time.UTC)})
			h.add(map[string]any{"id": "public", "client_secret": pbkdf2Hash(t, "of no use"), "token_endpoint_auth_method": "none"})
			h.add(map[string]any{"id": "unknown hash", "client_secret": "$scrypt$ln=14$x$y"})
			h.add(map[string]any{"id": "broken", "contacts": `[1]`})
			h.add(map[string]any{"id": "costly", "client_secret": strings.Replace(bcryptHash(t, "x"), "$10$", "$15$", 1)})
			h.add(map[string]any{"id": "short", "client_secret": "$2a"})
			before := contents(t, filepath.Dir(h.path))
			f := Options{Database: filepath.Join(t.TempDir(), "tenure.db")}
			rehearsal := f
			rehearsal.DryRun = true
			if out, err := imports(t, h.path, rehearsal); err == nil || !strings.Contains(out, "3 created, 0 updated, 0 unchanged, 4 refused; nothing was written") {
				t.Errorf("%v %s", err, out)
			}
			out, err := imports(t, h.path, f)
			if err == nil || strings.Contains(out, "$pbkdf2") {
				t.Errorf("%v %s", err, out)
			}
			wants(t, out, "created    web", "created    old", "created    public", "refused    unknown hash", "refused    broken",
				"           /contacts: must be a list of strings",
				"           /client_secret: bcrypt cost 15 exceeds 14: --max-cost 15", "           /client_secret: a scrypt hash in this form cannot be verified here", "           /client_secret: the bcrypt hash is not whole: it must have 60 characters",
				"7 clients: 3 created, 0 updated, 0 unchanged, 4 refused")
			if after := contents(t, filepath.Dir(h.path)); !maps.Equal(before, after) {
				t.Errorf("Hydra's files changed: %v, were %v", slices.Sorted(maps.Keys(after)), slices.Sorted(maps.Keys(before)))
			}
			checkImportedRows(t, f.Database)

			again, err := imports(t, h.path, f)
			if err == nil {
				t.Error("no error for refused clients")
			}
			wants(t, again, "unchanged  web", "unchanged  old", "7 clients: 0 created, 0 updated, 3 unchanged, 4 refused")
			f.MaxCost = 15
			again, _ = imports(t, h.path, f)
			wants(t, again, "created    costly", "7 clients: 1 created, 0 updated, 3 unchanged, 3 refused")

			// Rotated there since.
			h.exec(`UPDATE hydra_client SET rotated_secrets = json_array(client_secret), client_secret = ? WHERE id = 'web'`, pbkdf2Hash(t, "the newest"))
			h.exec("DELETE FROM hydra_client WHERE id IN ('broken', 'unknown hash', 'costly', 'short')")
			wants(t, mustImport(t, h.path, f), "updated    web  client_secret", "3 clients: 0 created, 1 updated, 2 unchanged, 0 refused")
			n := openImported(t, f.Database)
			for secret, holds := range map[string]bool{"the newest": true, "the current one": true, "the one before": false, "the oldest": false} {
				if n.authenticates("web", "client_secret_basic", secret) != holds {
					t.Errorf("after the rotation: %q holds: %t", secret, !holds)
				}
			}
			n.done()
		})
	}
}

func checkImportedRows(t *testing.T, database string) {
	t.Helper()
	n := openImported(t, database)
	defer n.done()
	web := n.client("web")
	if want := time.Date(2021, 2, 3, 4, 5, 6, 789e6, time.UTC); !web.ValidFrom.Time().Equal(want) || !web.Imported {
		t.Errorf("%+v", web.Version)
	}
	if c := web.Content; c.JWKS != "" || c.FreeMetadata != `{"keys":[]}` || c.OwnerLabel != "team" || c.SkipConsent != document.True ||
		c.SkipLogoutConsent != document.False || *c.Lifespans.AuthorizationCodeAccessToken != int64(90*time.Minute) {
		t.Errorf("%+v", c)
	}
	old := n.client("old")
	if want := time.Date(2022, 3, 4, 5, 6, 7, 0, time.UTC); !old.ValidFrom.Time().Equal(want) ||
		!slices.Equal(old.Content.RedirectURIs, []string{"https://a.example/cb", "https://b.example/cb"}) {
		t.Errorf("%+v %+v", old.Version, old.Content)
	}
	for _, c := range []struct {
		id, method, secret string
		holds              bool
	}{
		{"web", "client_secret_basic", "the current one", true},
		{"web", "client_secret_basic", "the one before", true},
		{"web", "client_secret_basic", "the oldest", true},
		{"web", "client_secret_basic", "no secret", false},
		{"web", "client_secret_post", "the current one", false},
		{"old", "client_secret_post", "made by 1.x", true},
		{"public", "client_secret_basic", "of no use", false},
		{"public", "none", "of no use", false},
	} {
		if n.authenticates(c.id, c.method, c.secret) != c.holds {
			t.Errorf("%+v", c)
		}
	}
}

// TestImportOfADatabaseInUse: Hydra still runs, and its last write is in the
// write-ahead log only.
func TestImportOfADatabaseInUse(t *testing.T) {
	h := newHydraDatabase(t, "WAL")
	d, err := sql.Open("sqlite3", h.path)
	must(t, err)
	defer d.Close()
	_, err = d.Exec("INSERT INTO hydra_client (id, nid) VALUES ('a', 'n')")
	must(t, err)
	sum := contents(t, filepath.Dir(h.path))[filepath.Base(h.path)]
	wants(t, mustImport(t, h.path, Options{Database: filepath.Join(t.TempDir(), "tenure.db")}),
		"created    a  (its secret is not in the file: rotate one in)")
	if now := contents(t, filepath.Dir(h.path))[filepath.Base(h.path)]; now != sum {
		t.Error("Hydra's file changed")
	}
}

func TestOtherDatabasesAreRefused(t *testing.T) {
	other := newHydraDatabase(t, "DELETE")
	other.exec("DROP TABLE hydra_client")
	two := newHydraDatabase(t, "DELETE")
	two.add(map[string]any{"id": "a", "nid": "n1"})
	two.add(map[string]any{"id": "a", "nid": "n2"})
	damaged := filepath.Join(t.TempDir(), "damaged.sqlite")
	must(t, os.WriteFile(damaged, append(slices.Clone(sqliteMagic), make([]byte, 4000)...), 0o600))
	for path, says := range map[string]string{
		other.path: "no table hydra_client", two.path: "clients of 2 networks", damaged: "reading ",
	} {
		_, err := imports(t, path, Options{Database: filepath.Join(t.TempDir(), "tenure.db")})
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("want %q: %v", says, err)
		}
	}
	if _, err := imports(t, newHydraDatabase(t, "DELETE").path, Options{URL: "http://127.0.0.1:1"}); err == nil || !strings.Contains(err.Error(), "does not take hashes") {
		t.Errorf("a SQLite file for a server: %v", err)
	}
}

// TestImportOfAnOldRelease: columns that are not there yet are no fault.
func TestImportOfAnOldRelease(t *testing.T) {
	h := newHydraDatabase(t, "DELETE", "nid", "rotated_secrets", "skip_consent", "skip_logout_consent", "access_token_strategy",
		"device_authorization_grant_id_token_lifespan")
	h.exec("INSERT INTO hydra_client (id, client_secret, token_endpoint_auth_method) VALUES ('a', ?, 'client_secret_basic')", bcryptHash(t, "a secret"))
	f := Options{Database: filepath.Join(t.TempDir(), "tenure.db")}
	mustImport(t, h.path, f)
	n := openImported(t, f.Database)
	if !n.authenticates("a", "client_secret_basic", "a secret") {
		t.Error("its secret does not hold")
	}
	n.done()
}
