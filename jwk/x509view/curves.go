package x509view

import "math/big"

// namedCurve is one elliptic curve's domain parameters, every number as decimal text.
type namedCurve struct {
	fieldSize int
	binary    bool
	field     string // the prime, or the reduction polynomial of a binary field
	a, b      string
	x, y      string
	order     string
	cofactor  string
}

// curveOf is the curve that an object identifier names, nil if the reference does not know it.
func curveOf(oid string) *namedCurve {
	if curve := primeCurves[oid]; curve != nil {
		return curve
	}
	return binaryCurves[oid]
}

// OnCurve reports whether (x, y) satisfies the equation of a curve over a prime field, given by its
// object identifier. Coordinates count modulo the prime. An unknown curve has no points.
func OnCurve(oid string, x, y *big.Int) bool {
	curve := primeCurves[oid]
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

// InField reports whether n is an element of a curve's prime field, not counted modulo the prime.
func InField(oid string, n *big.Int) bool {
	curve := primeCurves[oid]
	return curve != nil && n.Sign() >= 0 && n.Cmp(decimal(curve.field)) < 0
}

// decimal reads a number of the curve tables.
func decimal(text string) *big.Int {
	n, _ := new(big.Int).SetString(text, 10)
	return n
}
