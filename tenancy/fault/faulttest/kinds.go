// Package faulttest lists the kinds of faults, for tests that a table has a row for
// each. It may import tenancy/fault.
package faulttest

import "tenure/tenancy/fault"

// Kinds lists every kind.
func Kinds() []fault.Kind {
	all := []fault.Kind{fault.Internal}
	for k := fault.Internal + 1; k.String() != fault.Internal.String(); k++ {
		all = append(all, k)
	}
	return all
}
