package x509view

import "strings"

// Object identifiers this package decides by.
const (
	oidRSA          = "1.2.840.113549.1.1.1"
	oidRSAX500      = "2.5.8.1.1"
	oidOAEP         = "1.2.840.113549.1.1.7"
	oidMGF1         = "1.2.840.113549.1.1.8"
	oidPSpecified   = "1.2.840.113549.1.1.9"
	oidPSS          = "1.2.840.113549.1.1.10"
	oidEC           = "1.2.840.10045.2.1"
	oidECDSASHA2    = "1.2.840.10045.4.3"
	oidDSA          = "1.2.840.10040.4.1"
	oidDSAOIW       = "1.3.14.3.2.12"
	oidDH           = "1.2.840.113549.1.3.1"
	oidX25519       = "1.3.101.110"
	oidX448         = "1.3.101.111"
	oidEd25519      = "1.3.101.112"
	oidEd448        = "1.3.101.113"
	nameECDSASHA2   = "SpecifiedSHA2withECDSA"
	suffixWithECDSA = "withECDSA"
	nameSHA1        = "SHA-1"
	nameMGF1        = "MGF1"
)

// algorithmNames are the standard algorithm names of the Java security documentation by object
// identifier; one not listed is known by its dotted text.
var algorithmNames = map[string]string{
	oidRSA: "RSA", oidRSAX500: "RSA",
	"1.2.840.113549.1.1.2":  "MD2withRSA",
	"1.2.840.113549.1.1.4":  "MD5withRSA",
	"1.2.840.113549.1.1.5":  "SHA1withRSA",
	oidOAEP:                 "OAEP",
	oidMGF1:                 nameMGF1,
	oidPSpecified:           "PSpecified",
	oidPSS:                  "RSASSA-PSS",
	"1.2.840.113549.1.1.11": "SHA256withRSA",
	"1.2.840.113549.1.1.12": "SHA384withRSA",
	"1.2.840.113549.1.1.13": "SHA512withRSA",
	"1.2.840.113549.1.1.14": "SHA224withRSA",
	"1.2.840.113549.1.1.15": "SHA512/224withRSA",
	"1.2.840.113549.1.1.16": "SHA512/256withRSA",
	"1.3.14.3.2.15":         "SHA1withRSA",
	"1.3.14.3.2.29":         "SHA1withRSA",

	oidDSA: "DSA", oidDSAOIW: "DSA",
	"1.2.840.10040.4.3":       "SHA1withDSA",
	"1.3.14.3.2.13":           "SHA1withDSA",
	"1.3.14.3.2.27":           "SHA1withDSA",
	"2.16.840.1.101.3.4.3.1":  "SHA224withDSA",
	"2.16.840.1.101.3.4.3.2":  "SHA256withDSA",
	"2.16.840.1.101.3.4.3.3":  "SHA384withDSA",
	"2.16.840.1.101.3.4.3.4":  "SHA512withDSA",
	"2.16.840.1.101.3.4.3.5":  "SHA3-224withDSA",
	"2.16.840.1.101.3.4.3.6":  "SHA3-256withDSA",
	"2.16.840.1.101.3.4.3.7":  "SHA3-384withDSA",
	"2.16.840.1.101.3.4.3.8":  "SHA3-512withDSA",
	"2.16.840.1.101.3.4.3.9":  "SHA3-224withECDSA",
	"2.16.840.1.101.3.4.3.10": "SHA3-256withECDSA",
	"2.16.840.1.101.3.4.3.11": "SHA3-384withECDSA",
	"2.16.840.1.101.3.4.3.12": "SHA3-512withECDSA",
	"2.16.840.1.101.3.4.3.13": "SHA3-224withRSA",
	"2.16.840.1.101.3.4.3.14": "SHA3-256withRSA",
	"2.16.840.1.101.3.4.3.15": "SHA3-384withRSA",
	"2.16.840.1.101.3.4.3.16": "SHA3-512withRSA",

	oidEC:                        "EC",
	"1.2.840.10045.4.1":          "SHA1withECDSA",
	oidECDSASHA2:                 nameECDSASHA2,
	"1.2.840.10045.4.3.1":        "SHA224withECDSA",
	"1.2.840.10045.4.3.2":        "SHA256withECDSA",
	"1.2.840.10045.4.3.3":        "SHA384withECDSA",
	"1.2.840.10045.4.3.4":        "SHA512withECDSA",
	oidDH:                        "DH",
	oidX25519:                    "X25519",
	oidX448:                      "X448",
	oidEd25519:                   "Ed25519",
	oidEd448:                     "Ed448",
	"2.16.840.1.101.3.4.3.17":    "ML-DSA-44",
	"2.16.840.1.101.3.4.3.18":    "ML-DSA-65",
	"2.16.840.1.101.3.4.3.19":    "ML-DSA-87",
	"2.16.840.1.101.3.4.4.1":     "ML-KEM-512",
	"2.16.840.1.101.3.4.4.2":     "ML-KEM-768",
	"2.16.840.1.101.3.4.4.3":     "ML-KEM-1024",
	"1.2.840.113549.1.9.16.3.17": "HSS/LMS",

	"1.2.840.113549.2.2":      "MD2",
	"1.2.840.113549.2.5":      "MD5",
	"1.3.14.3.2.26":           nameSHA1,
	"2.16.840.1.101.3.4.2.4":  "SHA-224",
	"2.16.840.1.101.3.4.2.1":  "SHA-256",
	"2.16.840.1.101.3.4.2.2":  "SHA-384",
	"2.16.840.1.101.3.4.2.3":  "SHA-512",
	"2.16.840.1.101.3.4.2.5":  "SHA-512/224",
	"2.16.840.1.101.3.4.2.6":  "SHA-512/256",
	"2.16.840.1.101.3.4.2.7":  "SHA3-224",
	"2.16.840.1.101.3.4.2.8":  "SHA3-256",
	"2.16.840.1.101.3.4.2.9":  "SHA3-384",
	"2.16.840.1.101.3.4.2.10": "SHA3-512",
}

// maskDigests are the hashes a mask generation function may use.
var maskDigests = map[string]bool{
	nameSHA1: true, "SHA-224": true, "SHA-256": true, "SHA-384": true, "SHA-512": true,
	"SHA-512/224": true, "SHA-512/256": true,
	"SHA3-224": true, "SHA3-256": true, "SHA3-384": true, "SHA3-512": true,
}

// algorithm is an AlgorithmIdentifier (RFC 5280 section 4.1.1.2). params is the whole parameter
// element, nil when it is absent or NULL.
type algorithm struct {
	oid    string
	rawOID []byte
	params []byte
}

// parseAlgorithm reads an AlgorithmIdentifier. Parameters of a kind the reference knows must parse;
// others are taken as they are.
func parseAlgorithm(e element) (algorithm, error) {
	if e.tag != tagSequence {
		return algorithm{}, errTag
	}
	r := reader(e.body)
	id, err := r.next()
	if err != nil {
		return algorithm{}, err
	}
	alg := algorithm{rawOID: id.body}
	if alg.oid, err = id.oid(); err != nil || len(r) == 0 {
		return alg, err
	}
	params, err := r.next()
	switch {
	case err != nil:
		return algorithm{}, err
	case len(r) != 0, params.tag == tagNull && len(params.body) != 0:
		return algorithm{}, errTrailing
	case params.tag == tagNull:
		return alg, nil
	}
	alg.params = params.encoded()
	return alg, alg.checkParams()
}

func (a algorithm) equal(other algorithm) bool {
	return a.oid == other.oid && string(a.params) == string(other.params)
}

// name is the standard name, or the dotted identifier. ecdsa-with-SHA2 takes its hash from the
// parameters.
func (a algorithm) name() string {
	name, known := algorithmNames[a.oid]
	if !known {
		return a.oid
	}
	if name == nameECDSASHA2 && a.params != nil && len(a.params) <= maxNestedParams {
		if params, err := single(a.params); err == nil {
			if hash, err := parseAlgorithm(params); err == nil {
				return strings.ReplaceAll(hash.name(), "-", "") + suffixWithECDSA
			}
		}
	}
	return name
}

// encoded is the identifier as DER: absent and NULL parameters come out as NULL for rsaEncryption
// (RFC 3279 section 2.3.1) and are left out for everything else.
func (a algorithm) encoded() []byte {
	body := appendElement(nil, tagOID, a.rawOID)
	switch {
	case a.params != nil:
		body = append(body, a.params...)
	case a.oid == oidRSA:
		body = append(body, tagNull, 0)
	}
	return appendElement(nil, tagSequence, body)
}
