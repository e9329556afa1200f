package scheme

import (
	"context"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jws"

	"tenure/handlers/web"
)

// Statement has the claims of a verified software statement. A string is empty
// if its claim is absent.
type Statement struct {
	Raw      string // the JWT as it came, for software_statement in answers (R1-10)
	KeyID    string
	Issuer   string
	IssuedAt time.Time

	SoftwareID        string
	DirectoryClientID string // software_client_id: the client at the directory, not here
	Name              string // software_client_name
	Description       string
	ClientURI         string
	LogoURI           string
	PolicyURI         string
	TosURI            string
	RedirectURIs      []string
	WebhookURIs       []string // software_api_webhook_uris
	OriginURIs        []string
	Roles             []string // the active ones in their order, without repetition (B-26)
	Mode              string
	Environment       string
	Version           string // the claim is a string or a number

	JWKSURI              string
	JWKSInactiveURI      string
	TransportURI         string // software_jwks_transport_uri
	TransportInactiveURI string

	OrgID      string
	OrgName    string
	OrgNumber  string // CNPJ
	OrgJWKSURI string
}

// JWT is the statement as it was sent; empty for nil.
func (s *Statement) JWT() string {
	if s == nil {
		return ""
	}
	return s.Raw
}

// Limits of a statement. Texts have the limits of the members that they become on
// the scheme's page; the other limits are ours.
const (
	MaxStatement = 64 << 10 // bytes of the JWT
	maxKeyID     = 256
	maxClaimURIs = 500
	maxRoles     = 100
	MaxURI       = 2048 // characters; redirect URIs and webhooks have 255

	statementAge = 5 * time.Minute  // B-3
	clockSkew    = 30 * time.Second // how far ahead the directory's clock may be
)

const active = "Active"

// Verifier verifies software statements against one directory. Comparisons are
// exact; an empty string compares nothing.
type Verifier struct {
	Directory   *Directory
	Issuer      string // iss
	Environment string // software_environment
	Mode        string // software_mode
}

// Verify checks a software statement at an instant (B-2, B-3, B-26, A-03,
// Its faults are Invalid with CodeStatement if the statement proves
// nothing, Invalid with CodeUnapproved if organization, software or roles are not
// active, and those of Directory.Keys.
func (v Verifier) Verify(ctx context.Context, raw string, now time.Time) (*Statement, error) {
	payload, kid, err := v.open(ctx, raw, now)
	if err != nil {
		return nil, err
	}
	var c claims
	var members map[string]json.RawMessage
	err = web.DecodeJSON(payload, &members, false)
	if err == nil {
		err = web.DecodeMembers(members, &c)
	}
	if err != nil {
		return nil, broken(err, "the claims of the software statement do not have the types that the directory uses")
	}
	if v.Issuer != "" && c.Issuer != v.Issuer {
		return nil, broken(nil, "the software statement is from another issuer")
	}
	issued, err := checkTimes(&c, now)
	if err != nil {
		return nil, err
	}
	if v.Environment != "" && c.SoftwareEnvironment != v.Environment || v.Mode != "" && c.SoftwareMode != v.Mode {
		return nil, broken(nil, "the software statement is from another environment")
	}
	s := &Statement{Raw: raw, KeyID: kid, Issuer: c.Issuer, IssuedAt: issued}
	if err := s.fill(&c); err != nil {
		return nil, err
	}
	return s, s.approve(&c)
}

// open checks form and signature, and returns the payload and the kid.
func (v Verifier) open(ctx context.Context, raw string, now time.Time) (payload []byte, kid string, err error) {
	switch {
	case raw == "":
		return nil, "", broken(nil, "a software statement is required")
	case len(raw) > MaxStatement:
		return nil, "", broken(nil, "the software statement is longer than %d bytes", MaxStatement)
	}
	message, err := jws.Parse([]byte(raw), jws.WithCompact())
	if err != nil || !isCompact(raw) || len(message.Signatures()) != 1 {
		return nil, "", broken(err, "the software statement is not a signed JWT in compact form")
	}
	header := message.Signatures()[0].ProtectedHeaders()
	if alg, _ := header.Algorithm(); alg != jwa.PS256() {
		return nil, "", broken(nil, "the software statement must be signed with PS256")
	}
	if typ, has := header.Type(); has && !strings.EqualFold(typ, "JWT") {
		return nil, "", broken(nil, "the typ of the software statement must be JWT")
	}
	if header.Has("crit") || header.Has("b64") {
		return nil, "", broken(nil, "the software statement must not have critical header members")
	}
	kid, _ = header.KeyID()
	if kid == "" || len(kid) > maxKeyID {
		return nil, "", broken(nil, "the software statement must name the directory's key in kid")
	}
	keys, err := v.Directory.Keys(ctx, kid, now)
	if err != nil {
		return nil, "", err
	}
	if len(keys) == 0 {
		return nil, "", broken(nil, "the directory has no key with the software statement's kid")
	}
	payload, err = verifyWith(keys, raw)
	if err != nil {
		return nil, "", broken(err, "the signature of the software statement is not valid")
	}
	return payload, kid, nil
}

// isCompact reports whether a JWT has three parts in the base64url of RFC 7515:
// without padding, white space, or unused bits that are set. The library accepts
// more.
func isCompact(raw string) bool {
	parts := strings.Split(raw, ".")
	for _, part := range parts {
		if _, err := base64.RawURLEncoding.Strict().DecodeString(part); err != nil || strings.ContainsAny(part, "\r\n") {
			return false
		}
	}
	return len(parts) == 3
}

// verifyWith tries each key, as a set may use a kid twice, and returns the payload.
func verifyWith(keys []*rsa.PublicKey, raw string) ([]byte, error) {
	var failed []error
	for _, key := range keys {
		payload, err := jws.Verify([]byte(raw), jws.WithCompact(), jws.WithKey(jwa.PS256(), key), jws.WithAlgorithmMatch(true))
		if err == nil {
			return payload, nil
		}
		failed = append(failed, err)
	}
	return nil, errors.Join(failed...)
}

// checkTimes checks iat (B-3), and exp and nbf if they are present.
func checkTimes(c *claims, now time.Time) (issued time.Time, err error) {
	issued, ok := numericDate(c.IssuedAt)
	if !ok {
		return issued, broken(nil, "iat of the software statement must be a number of seconds")
	}
	switch age := now.Sub(issued); {
	case age > statementAge:
		return issued, broken(nil, "the software statement is older than 5 minutes")
	case age < -clockSkew:
		return issued, broken(nil, "the software statement was issued in the future")
	}
	if c.ExpiresAt != nil {
		if end, ok := numericDate(c.ExpiresAt); !ok || !now.Before(end) {
			return issued, broken(nil, "the software statement has expired")
		}
	}
	if c.NotBefore != nil {
		if start, ok := numericDate(c.NotBefore); !ok || start.Sub(now) > clockSkew {
			return issued, broken(nil, "the software statement is not valid yet")
		}
	}
	return issued, nil
}

// numericDate reads a NumericDate (RFC 7519 section 2), to the microsecond, from
// 1970 to 2242.
func numericDate(seconds *float64) (time.Time, bool) {
	if seconds == nil || *seconds < 0 || *seconds > 1<<33 {
		return time.Time{}, false
	}
	return time.UnixMicro(int64(math.Round(*seconds * 1e6))).UTC(), true
}

// fill copies the claims and checks their sizes.
func (s *Statement) fill(c *claims) error {
	s.SoftwareID, s.DirectoryClientID = c.SoftwareID, c.SoftwareClientID
	s.Name, s.Description, s.ClientURI, s.LogoURI = c.ClientName, c.ClientDescription, c.ClientURI, c.LogoURI
	s.PolicyURI, s.TosURI, s.RedirectURIs, s.WebhookURIs = c.PolicyURI, c.TosURI, c.RedirectURIs, c.WebhookURIs
	s.OriginURIs, s.Mode, s.Environment = c.OriginURIs, c.SoftwareMode, c.SoftwareEnvironment
	s.JWKSURI, s.JWKSInactiveURI = c.JWKSURI, c.JWKSInactiveURI
	s.TransportURI, s.TransportInactiveURI = c.TransportURI, c.TransportInactiveURI
	s.OrgID, s.OrgName, s.OrgNumber, s.OrgJWKSURI = c.OrgID, c.OrgName, c.OrgNumber, c.OrgJWKSURI
	s.Roles = activeRoles(c)
	var ok bool
	if s.Version, ok = version(c.SoftwareVersion); !ok {
		return broken(nil, "software_version of the software statement must be a string or a number")
	}
	if len(c.StatementRoles) > maxRoles || len(c.SoftwareRoles) > maxRoles {
		return broken(nil, "the software statement must not have more than %d roles", maxRoles)
	}
	return s.checkSizes()
}

// activeRoles are the roles of software_statement_roles with status Active (B-26),
// or all of software_roles if that claim is absent.
func activeRoles(c *claims) []string {
	var roles []string
	add := func(role string) {
		if role != "" && !slices.Contains(roles, role) {
			roles = append(roles, role)
		}
	}
	if c.StatementRoles == nil {
		for _, role := range c.SoftwareRoles {
			add(role)
		}
		return roles
	}
	for _, entry := range c.StatementRoles {
		if entry.Status == active {
			add(entry.Role)
		}
	}
	return roles
}

// version reads software_version, which is a string or a number. The digits of a
// number are kept as written.
func version(raw json.RawMessage) (string, bool) {
	var text string
	if len(raw) == 0 || string(raw) == "null" || json.Unmarshal(raw, &text) == nil {
		return text, true
	}
	var number json.Number
	if raw[0] == '"' || json.Unmarshal(raw, &number) != nil {
		return "", false
	}
	return number.String(), true
}

func (s *Statement) checkSizes() error {
	for _, c := range []struct {
		claim, text string
		rule        func(string) string
	}{
		{"software_id", s.SoftwareID, Required(TextWithin(255))}, {"software_client_id", s.DirectoryClientID, TextWithin(255)},
		{"software_client_name", s.Name, TextWithin(255)}, {"software_client_description", s.Description, TextWithin(255)},
		{"software_version", s.Version, TextWithin(255)}, {"software_mode", s.Mode, TextWithin(255)}, {"software_environment", s.Environment, TextWithin(255)},
		{"org_id", s.OrgID, Required(WithoutMarkup(40))}, {"org_name", s.OrgName, TextWithin(255)}, {"org_number", s.OrgNumber, TextWithin(255)},
		{"software_client_uri", s.ClientURI, TextWithin(MaxURI)}, {"software_logo_uri", s.LogoURI, TextWithin(MaxURI)},
		{"software_policy_uri", s.PolicyURI, TextWithin(MaxURI)}, {"software_tos_uri", s.TosURI, TextWithin(MaxURI)},
		{"software_jwks_uri", s.JWKSURI, TextWithin(MaxURI)}, {"software_jwks_inactive_uri", s.JWKSInactiveURI, TextWithin(MaxURI)},
		{"software_jwks_transport_uri", s.TransportURI, TextWithin(MaxURI)},
		{"software_jwks_transport_inactive_uri", s.TransportInactiveURI, TextWithin(MaxURI)}, {"org_jwks_uri", s.OrgJWKSURI, TextWithin(MaxURI)},
	} {
		if message := c.rule(c.text); message != "" {
			return broken(nil, "%s of the software statement %s", c.claim, message)
		}
	}
	for _, l := range []struct {
		claim string
		list  []string
		limit int
	}{
		{"software_redirect_uris", s.RedirectURIs, 255}, {"software_api_webhook_uris", s.WebhookURIs, 255},
		{"software_origin_uris", s.OriginURIs, MaxURI}, {"the active roles", s.Roles, 255},
	} {
		if len(l.list) > maxClaimURIs {
			return broken(nil, "%s of the software statement must not have more than %d items", l.claim, maxClaimURIs)
		}
		for _, text := range l.list {
			if message := Required(TextWithin(l.limit))(text); message != "" {
				return broken(nil, "%s of the software statement %s", l.claim, message)
			}
		}
	}
	return nil
}

// approve checks that organization, software and a role are active.
func (s *Statement) approve(c *claims) error {
	switch {
	case c.OrgStatus != active:
		return unapproved("org-status", "the organisation of the software statement is not active")
	case c.SoftwareStatus != nil && *c.SoftwareStatus != active:
		return unapproved("software-status", "the software of the software statement is not active")
	case len(s.Roles) == 0:
		return unapproved("no-role", "the software statement has no active role")
	}
	return nil
}
