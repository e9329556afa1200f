package jwk

// keyType is what depends on a key's kty: the requirement of RFC 7518 section 6.1 and its successors,
// as the reference prints it, the members of a thumbprint in their order (RFC 7638 section 3.2, RFC
// 9964), and the members that are octets.
type keyType struct {
	requirement string
	required    []string
	material    []material
}

// material is a public member whose value is octets in base64url.
type material struct {
	name string
	form form
}

// form is how octets are written.
type form byte

const (
	unsigned    form = iota // Base64urlUInt: no leading zero octets (RFC 7518 section 2)
	coordinate              // as many octets as the curve's field (RFC 7518 section 6.2.1.2)
	octets                  // just these octets
	certificate             // base64 of DER (RFC 7517 section 4.7)
)

var keyTypes = map[string]keyType{
	"RSA": {"REQUIRED", []string{"e", "kty", "n"}, []material{{"n", unsigned}, {"e", unsigned}}},
	"EC":  {"RECOMMENDED", []string{"crv", "kty", "x", "y"}, []material{{"x", coordinate}, {"y", coordinate}}},
	"OKP": {"OPTIONAL", []string{"crv", "kty", "x"}, []material{{"x", octets}}},
	"AKP": {"OPTIONAL", []string{"alg", "kty", "pub"}, []material{{"pub", octets}}},
	"oct": {"OPTIONAL", []string{"k", "kty"}, nil},
}

// unknownType is any other.
var unknownType = keyType{required: []string{"kty"}}

// curve is one that a crv may name: its kty, its object identifier, and the octets of a coordinate or
// of the public key.
type curve struct {
	kty, oid string
	octets   int
}

// curves are those of RFC 7518 section 6.2.1.1, RFC 8812 section 3.1 and RFC 8037 section 2.
var curves = map[string]curve{
	"P-256":     {"EC", "1.2.840.10045.3.1.7", 32},
	"P-384":     {"EC", "1.3.132.0.34", 48},
	"P-521":     {"EC", "1.3.132.0.35", 66},
	"secp256k1": {"EC", "1.3.132.0.10", 32},
	"Ed25519":   {"OKP", "1.3.101.112", 32},
	"Ed448":     {"OKP", "1.3.101.113", 57},
	"X25519":    {"OKP", "1.3.101.110", 32},
	"X448":      {"OKP", "1.3.101.111", 56},
}

// algorithm is one that an alg may name: the requirement of the registry, as the reference prints it,
// and which keys serve it. No keys are for symmetric ones only.
type algorithm struct {
	requirement string
	keys        map[string][]string // curves by kty; none for any
	oid         string              // of the certified key, of an AKP algorithm
	octets      int                 // of the public key, of an AKP algorithm
}

var (
	rsaKeys       = map[string][]string{"RSA": nil}
	agreementKeys = map[string][]string{"EC": nil, "OKP": {"X25519", "X448"}}
)

func onCurves(kty string, names ...string) map[string][]string {
	return map[string][]string{kty: names}
}

// algorithms are those of the registry that RFC 7518 section 7.1 made, those of browsers' keys
// (Web Cryptography) included, and drafts of RFC 8037 and ECDH-1PU. An alg that is not listed goes with any key.
var algorithms = map[string]algorithm{
	"RS1":   {keys: rsaKeys},
	"RS256": {requirement: "RECOMMENDED", keys: rsaKeys},
	"RS384": {requirement: "OPTIONAL", keys: rsaKeys},
	"RS512": {requirement: "OPTIONAL", keys: rsaKeys},
	"PS256": {requirement: "OPTIONAL", keys: rsaKeys},
	"PS384": {requirement: "OPTIONAL", keys: rsaKeys},
	"PS512": {requirement: "OPTIONAL", keys: rsaKeys},

	"RSA1_5":       {requirement: "REQUIRED", keys: rsaKeys},
	"RSA-OAEP":     {requirement: "OPTIONAL", keys: rsaKeys},
	"RSA-OAEP-256": {requirement: "OPTIONAL", keys: rsaKeys},
	"RSA-OAEP-384": {requirement: "OPTIONAL", keys: rsaKeys},
	"RSA-OAEP-512": {requirement: "OPTIONAL", keys: rsaKeys},

	"ES256":   {requirement: "RECOMMENDED", keys: onCurves("EC", "P-256")},
	"ES384":   {requirement: "OPTIONAL", keys: onCurves("EC", "P-384")},
	"ES512":   {requirement: "OPTIONAL", keys: onCurves("EC", "P-521")},
	"ES256K":  {requirement: "OPTIONAL", keys: onCurves("EC", "secp256k1")},
	"EdDSA":   {requirement: "OPTIONAL", keys: onCurves("OKP", "Ed25519", "Ed448")},
	"Ed25519": {requirement: "OPTIONAL", keys: onCurves("OKP", "Ed25519")},
	"Ed448":   {requirement: "OPTIONAL", keys: onCurves("OKP", "Ed448")},

	"ML-DSA-44": {requirement: "OPTIONAL", keys: onCurves("AKP"), oid: "2.16.840.1.101.3.4.3.17", octets: 1312},
	"ML-DSA-65": {requirement: "OPTIONAL", keys: onCurves("AKP"), oid: "2.16.840.1.101.3.4.3.18", octets: 1952},
	"ML-DSA-87": {requirement: "OPTIONAL", keys: onCurves("AKP"), oid: "2.16.840.1.101.3.4.3.19", octets: 2592},

	"ECDH-ES":         {requirement: "RECOMMENDED", keys: agreementKeys},
	"ECDH-ES+A128KW":  {requirement: "RECOMMENDED", keys: agreementKeys},
	"ECDH-ES+A192KW":  {requirement: "OPTIONAL", keys: agreementKeys},
	"ECDH-ES+A256KW":  {requirement: "RECOMMENDED", keys: agreementKeys},
	"ECDH-1PU":        {requirement: "OPTIONAL", keys: agreementKeys},
	"ECDH-1PU+A128KW": {requirement: "OPTIONAL", keys: agreementKeys},
	"ECDH-1PU+A192KW": {requirement: "OPTIONAL", keys: agreementKeys},
	"ECDH-1PU+A256KW": {requirement: "OPTIONAL", keys: agreementKeys},

	"HS256": {requirement: "REQUIRED"}, "HS384": {requirement: "OPTIONAL"}, "HS512": {requirement: "OPTIONAL"},
	"A128KW": {requirement: "RECOMMENDED"}, "A192KW": {requirement: "OPTIONAL"}, "A256KW": {requirement: "RECOMMENDED"},
	"A128GCMKW": {requirement: "OPTIONAL"}, "A192GCMKW": {requirement: "OPTIONAL"}, "A256GCMKW": {requirement: "OPTIONAL"},
	"PBES2-HS256+A128KW": {requirement: "OPTIONAL"}, "PBES2-HS384+A192KW": {requirement: "OPTIONAL"},
	"PBES2-HS512+A256KW": {requirement: "OPTIONAL"}, "dir": {requirement: "RECOMMENDED"},
	"HS1": {}, "A128CBC": {}, "A192CBC": {}, "A256CBC": {}, "A128CTR": {}, "A192CTR": {}, "A256CTR": {},
	"A128CBC-HS256": {}, "A192CBC-HS384": {}, "A256CBC-HS512": {}, "A128GCM": {}, "A192GCM": {}, "A256GCM": {},

	algNone: {requirement: "REQUIRED"},
}

const algNone = "none"

// operations are the names of RFC 7517 section 4.3, each with the use it agrees with; see also agrees.
var operations = map[string]string{
	"sign": "sig", "verify": "sig",
	"encrypt": "enc", "decrypt": "enc", "wrapKey": "enc", "unwrapKey": "enc",
	"deriveKey": "enc", "deriveBits": "enc",
}
