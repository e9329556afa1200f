package demo

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	"time"
)

// Issuer is the iss of statements.
const Issuer = "Open Banking Open Banking Brasil demonstration SSA issuer"

// Directory signs software statements with one key.
type Directory struct {
	KeyID string
	key   *rsa.PrivateKey
	now   func() time.Time
}

// NewDirectory makes a directory with a new key of 2048 bits.
func NewDirectory(keyID string, now func() time.Time) (*Directory, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	return &Directory{keyID, key, now}, nil
}

// JWKS is the directory's key set.
func (d *Directory) JWKS() []byte { return KeySet(d.Key("sig")) }

// Key is the directory's public key as a JWK with a use.
func (d *Directory) Key(use string) map[string]any { return PublicKey(&d.key.PublicKey, d.KeyID, use) }

// PublicKey is an RSA key as a JWK.
func PublicKey(key *rsa.PublicKey, kid, use string) map[string]any {
	return map[string]any{"kty": "RSA", "kid": kid, "use": use,
		"n": text(key.N.Bytes()), "e": text(big.NewInt(int64(key.E)).Bytes())}
}

// KeySet is a JWK Set of keys.
func KeySet(keys ...map[string]any) []byte {
	raw, err := json.Marshal(map[string]any{"keys": append([]map[string]any{}, keys...)})
	if err != nil {
		panic(err) // maps of strings encode
	}
	return raw
}

// Software is the subject of a statement.
type Software struct {
	ID, OrgID, OrgName, CNPJ, Name string
	JWKSURI                        string
	RedirectURIs, WebhookURIs      []string
	Roles                          []string
}

// Claims are the claims of a good statement issued now. The caller may change
// them.
func (d *Directory) Claims(s Software) map[string]any {
	var roles []map[string]any
	for _, role := range s.Roles {
		roles = append(roles, map[string]any{"role": role, "authorisation_domain": "Open Banking", "status": "Active"})
	}
	return map[string]any{
		"iss": Issuer, "iat": d.now().Unix(), "jti": fmt.Sprintf("statement-of-%s", s.ID),
		"software_id": s.ID, "software_client_id": "directory-" + s.ID, "software_client_name": s.Name,
		"software_client_description": "A demonstration of " + s.Name, "software_client_uri": "https://software.example",
		"software_logo_uri": "https://software.example/logo.png", "software_policy_uri": "https://software.example/policy",
		"software_tos_uri": "https://software.example/tos", "software_redirect_uris": s.RedirectURIs,
		"software_api_webhook_uris": s.WebhookURIs, "software_origin_uris": []string{"https://software.example"},
		"software_jwks_uri": s.JWKSURI, "software_jwks_transport_uri": "https://keystore.example/transport.jwks",
		"software_roles": s.Roles, "software_statement_roles": roles,
		"software_mode": "Live", "software_environment": "production", "software_version": 1.1,
		"org_id": s.OrgID, "org_name": s.OrgName, "org_number": s.CNPJ, "org_status": "Active",
		"org_jwks_uri": "https://keystore.example/organisation.jwks",
		"organisation_competent_authority_claims": []map[string]any{{"authority_name": "Banco Central do Brasil", "authorisation_domain": "Open Banking",
			"authorisation_role": "DADOS", "status": "Active"}},
	}
}

// Sign signs a statement as the directory does: PS256, typ JWT, its kid.
func (d *Directory) Sign(claims map[string]any) (string, error) {
	return d.SignAs(nil, claims)
}

// SignAs is Sign with other header members; nil removes one. It signs by alg:
// PS256, RS256, HS256 with the public key's PEM as the secret, or none, and as
// PS256 for any other alg.
func (d *Directory) SignAs(header, claims map[string]any) (string, error) {
	head := map[string]any{"alg": "PS256", "typ": "JWT", "kid": d.KeyID}
	maps.Copy(head, header)
	maps.DeleteFunc(head, func(_ string, value any) bool { return value == nil })
	rawHead, err := json.Marshal(head)
	if err != nil {
		return "", err
	}
	rawClaims, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	signed := text(rawHead) + "." + text(rawClaims)
	alg, _ := head["alg"].(string)
	signature, err := d.signature(alg, []byte(signed))
	return signed + "." + text(signature), err
}

func (d *Directory) signature(alg string, signed []byte) ([]byte, error) {
	digest := sha256.Sum256(signed)
	switch alg {
	case "none":
		return nil, nil
	case "RS256":
		return rsa.SignPKCS1v15(rand.Reader, d.key, crypto.SHA256, digest[:])
	case "HS256":
		der, err := x509.MarshalPKIXPublicKey(&d.key.PublicKey)
		if err != nil {
			return nil, err
		}
		mac := hmac.New(sha256.New, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
		mac.Write(signed)
		return mac.Sum(nil), nil
	}
	return rsa.SignPSS(rand.Reader, d.key, crypto.SHA256, digest[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
}

func text(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
