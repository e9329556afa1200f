package main

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
)

// importClients takes over clients of Hydra with hashes of all three forms,
// and one from a JSON file.
func (p program) importClients(w *world) {
	path := filepath.Join(p.work, "hydra.sqlite")
	d, err := sql.Open("sqlite3", path)
	check(err)
	defer d.Close()
	columns := []string{"id", "nid", "client_name", "client_secret", "scope", "redirect_uris", "grant_types", "response_types", "owner",
		"policy_uri", "tos_uri", "client_uri", "logo_uri", "contacts", "client_secret_expires_at", "sector_identifier_uri", "jwks",
		"jwks_uri", "request_uris", "token_endpoint_auth_method", "token_endpoint_auth_signing_alg", "request_object_signing_alg",
		"userinfo_signed_response_alg", "subject_type", "allowed_cors_origins", "audience", "created_at", "updated_at",
		"frontchannel_logout_uri", "frontchannel_logout_session_required", "backchannel_logout_uri", "backchannel_logout_session_required",
		"post_logout_redirect_uris", "metadata", "registration_access_token_signature", "access_token_strategy", "skip_consent",
		"skip_logout_consent", "pk", "rotated_secrets"}
	_, err = d.Exec("CREATE TABLE hydra_client (" + strings.Join(columns, " TEXT NOT NULL DEFAULT '', ") + " TEXT NULL)")
	check(err)
	_, err = d.Exec("CREATE TABLE hydra_jwk (pk TEXT)")
	check(err)
	salt := []byte("0123456789abcdef")
	raw := base64.RawStdEncoding.EncodeToString
	derived, err := pbkdf2.Key(sha256.New, "imported-secret-pbkdf2", salt, 25000, 32)
	check(err)
	crypted, err := bcrypt.GenerateFromPassword([]byte("imported-secret-bcrypt"), 4)
	check(err)
	for id, hash := range map[string]string{
		"imported-bcrypt": string(crypted),
		"imported-pbkdf2": "$pbkdf2-sha256$i=25000,l=32$" + raw(salt) + "$" + raw(derived),
		"imported-argon2": "$argon2id$v=19$m=4096,t=1,p=2$" + raw(salt) + "$" + raw(argon2.IDKey([]byte("imported-secret-argon2"), salt, 1, 4096, 2, 32)),
	} {
		_, err := d.Exec(`INSERT INTO hydra_client (id, nid, client_name, client_secret, scope, redirect_uris, grant_types, response_types, contacts,
			client_secret_expires_at, jwks, token_endpoint_auth_method, allowed_cors_origins, audience, created_at, updated_at,
			frontchannel_logout_session_required, backchannel_logout_session_required, metadata, skip_consent, skip_logout_consent)
			VALUES (?, '8a3a4a4e-4d2e-4b6e-9d0c-5f5f5f5f5f5f', ?, ?, 'openid', '["https://i.example/cb"]', '["authorization_code"]', '["code"]', '[]',
			0, '{}', 'client_secret_basic', '[]', '[]', '2023-01-02 03:04:05', '2024-05-06 07:08:09', 0, 0, '{"tier":"gold"}', 0, 0)`, id, "Imported "+id, hash)
		check(err)
	}
	check(d.Close())
	to := []string{"--database", p.database, "--secrets-key-file", p.key("sealing-key")}
	p.run(append([]string{"import", "hydra", path}, to...)...)
	file := filepath.Join(p.work, "clients.json")
	check(os.WriteFile(file, []byte(`{"client_id":"imported-json","client_name":"JSON “ü”","redirect_uris":["https://j.example/cb"],"grant_types":["authorization_code"],`+
		`"metadata":{"limits":{"daily":[1,2.50,1e300]},"text":"\u2028<&>"},"jwt_bearer_grant_access_token_lifespan":"1h30m0.5s",`+
		`"created_at":"2023-01-02T03:04:05Z","updated_at":"2024-05-06T07:08:09.123456Z"}`), 0o600))
	p.run(append([]string{"import", "hydra", file}, to...)...)
}
