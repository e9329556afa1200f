package jwk

// rule is one that a written set must keep: the sentence that says so, with the section that asks for
// it, and whether a setup's policy can let it pass.
type rule struct {
	message string
	weak    bool
}

// weak is a rule that sets written before it existed may break. Without such a rule a key is of no use
// or a danger to its own holder; it costs nobody else anything.
func weak(message string) rule { return rule{message, true} }

// firm is a rule that no policy relaxes.
func firm(message string) rule { return rule{message, false} }

// rules are all of them, by name. The names do not change.
var rules = map[string]rule{
	"set-too-large":       firm("A key set must not have more than 262144 bytes."),
	"invalid-json":        firm("The key set must be valid JSON."),
	"too-deep":            firm("The key set must not be JSON nested deeper than 64 levels."),
	"invalid-text":        firm("The key set must be valid Unicode text."),
	"trailing-data":       firm("The key set must be one JSON value with nothing after it."),
	"not-an-object":       firm("Each key must be a JSON object."),
	"duplicate-member":    firm("The member occurs more than once in its object."),
	"missing-member":      firm("The key's type requires this member, and it is missing."),
	"wrong-type":          firm("The member must be of its JSON type."),
	"too-many-keys":       firm("A key set must not have more than 64 keys."),
	"private-key":         firm("A set must not hold private key material."),
	"symmetric-key":       firm("A set must not hold symmetric keys."),
	"rendering-too-large": firm("Shown with its certificates the key set must not be longer than 8 times what was sent (32 KiB are always allowed), nor than 1 MiB."),

	"invalid-uri":            firm("The member must be a URI."),
	"blank-use":              firm("The use must not be blank."),
	"unknown-operation":      firm("The operation must be one of the eight of RFC 7517 section 4.3."),
	"use-conflict":           firm("The operation must agree with the use of the key."),
	"duplicate-operation":    weak("The operation must not be listed twice (RFC 7517 section 4.3)."),
	"time-out-of-range":      firm("The time must lie in the years 0 to 9999."),
	"incomplete-private-key": firm("The members p, q, dp, dq and qi must come together."),

	"not-base64url": weak("The member must be base64url, without other characters (RFC 7515 section 2, RFC 7518 section 2)."),

	"rsa-modulus-small":  weak("The modulus must have at least 2,048 bits (RFC 7518 sections 3.3 and 4.2)."),
	"rsa-modulus-large":  firm("The modulus must not have more than 16,384 bits: every signature check would take seconds."),
	"rsa-modulus-even":   weak("The modulus must be odd, as a product of odd primes is (RFC 7518 section 6.3.1.1, RFC 8017 section 3.1)."),
	"rsa-exponent":       weak("The exponent must be odd, at least 3 and not above 2^33 (RFC 7518 section 6.3.1.2, RFC 8017 section 3.1)."),
	"rsa-exponent-large": firm("The exponent must not have more than 64 bits: every signature check would take seconds."),

	"unknown-curve": firm("The curve must be one of the key's type: P-256, P-384, P-521 or secp256k1 of EC (RFC 7518 section 6.2.1.1, RFC 8812 section 3.1), Ed25519, Ed448, X25519 or X448 of OKP (RFC 8037 section 2)."),
	"not-on-curve":  firm("The point (x, y) must lie on the curve, and does not."),
	"ec-coordinate": weak("The coordinate must fit the curve's field (RFC 7518 sections 6.2.1.2 and 6.2.1.3)."),
	"okp-length":    weak("The public key must have 32 octets on Ed25519 and X25519, 57 on Ed448, 56 on X448 (RFC 8037 section 2)."),
	"akp-alg":       weak("A key of type AKP must have an alg (RFC 9964)."),
	"akp-pub":       weak("A key of type AKP must have a pub (RFC 9964)."),
	"akp-length":    weak("The public key must have 1,312 octets with ML-DSA-44, 1,952 with ML-DSA-65, 2,592 with ML-DSA-87 (RFC 9964)."),

	"kty-spelling":  weak("The kty must be written as it is registered, or be another name: it is case-sensitive, and not empty (RFC 7517 section 4.1)."),
	"alg-spelling":  weak("The alg must be written as it is registered, or be another name: it is case-sensitive, and not empty (RFC 7517 section 4.4)."),
	"alg-none":      weak("The alg must not be none: it has no key (RFC 7518 section 3.6)."),
	"alg-symmetric": weak("The alg must not be one of symmetric keys (RFC 7518 sections 3.2, 4.4 to 4.8 and 5; Web Cryptography)."),
	"alg-kty":       weak("The alg must be one that keys of this kty serve (RFC 7518 sections 3.1 and 4.1, RFC 8037 section 3, RFC 8812 section 3.2, RFC 9964)."),
	"alg-curve":     weak("The alg must be one that keys on this curve serve (RFC 7518 sections 3.4 and 4.6, RFC 8037 section 3, RFC 8812 section 3.2)."),

	"chain-too-long":     firm("A chain must not have more than 10 certificates."),
	"x5c-unreadable":     firm("The certificate cannot be read."),
	"x5c-mismatch":       firm("The first certificate must certify this key, and does not."),
	"x5c-other-key":      weak("The first certificate must certify this key, and does not (RFC 7517 section 4.7)."),
	"x5c-base64":         weak("The item must be base64, without other characters (RFC 7517 section 4.7)."),
	"x5c-form":           weak("The item must be the DER encoding of a certificate, not PEM or BER (RFC 7517 section 4.7)."),
	"x5c-trailing":       weak("No bytes may follow the certificate (RFC 7517 section 4.7)."),
	"certificate-bounds": firm("The certificate must keep its bounds."),
	"x5t-length":         weak("The thumbprint must be base64url of the 20 octets of a SHA-1 digest (RFC 7517 section 4.8)."),
	"x5t-mismatch":       weak("The thumbprint must be that of the first certificate of x5c (RFC 7517 section 4.8)."),
	"x5t-s256-length":    weak("The thumbprint must be base64url of the 32 octets of a SHA-256 digest (RFC 7517 section 4.9)."),
	"x5t-s256-mismatch":  weak("The thumbprint must be that of the first certificate of x5c (RFC 7517 section 4.9)."),
}

// Relaxable reports whether a setup's policy may let the rule pass.
func Relaxable(name string) bool { return rules[name].weak }

// notes are about values that were read in another form than the one they are stored in.
var notes = map[form]string{
	unsigned:    "It is stored as base64url without padding and without leading zero octets (RFC 7518 sections 2 and 6.3.1).",
	coordinate:  "It is stored as base64url without padding, with as many octets as the curve's field has (RFC 7518 sections 6.2.1.2 and 6.2.1.3).",
	octets:      "It is stored as base64url without padding (RFC 7515 section 2).",
	certificate: "It is stored as base64 with padding and without line breaks (RFC 7517 section 4.7).",
}

// noteRule is the Rule of every note.
const noteRule = "canonical-form"
