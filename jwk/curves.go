package jwk

import "math/big"

// namedCurve is one elliptic curve's domain parameters, every number as decimal text.
type namedCurve struct {
	fieldSize int
	binary    bool
	field     string
	a, b      string
	x, y      string
	order     string
	cofactor  string
}

// jwkCurveOIDs are the curves an EC key may name (RFC 7518 section 6.2.1.1, RFC 8812 section 3.1).
var jwkCurveOIDs = map[string]string{
	"P-256":     "1.2.840.10045.3.1.7",
	"P-384":     "1.3.132.0.34",
	"P-521":     "1.3.132.0.35",
	"secp256k1": "1.3.132.0.10",
}

// onCurve reports whether (x, y) satisfies the equation of the curve an EC key names; coordinates
// count modulo the field's prime. An unknown name has no points.
func onCurve(name string, x, y *big.Int) bool {
	curve := namedCurves[jwkCurveOIDs[name]]
	if curve == nil {
		return false
	}
	prime, a, b := decimal(curve.field), decimal(curve.a), decimal(curve.b)
	x, y = new(big.Int).Mod(x, prime), new(big.Int).Mod(y, prime)
	left := new(big.Int).Mul(y, y)
	right := new(big.Int).Mul(x, x)
	right.Add(right, a).Mul(right, x).Add(right, b)
	return left.Sub(left, right).Mod(left, prime).Sign() == 0
}

// decimal reads a number of the curve table.
func decimal(text string) *big.Int {
	n, _ := new(big.Int).SetString(text, 10)
	return n
}
