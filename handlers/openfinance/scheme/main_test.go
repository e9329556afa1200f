package scheme_test

import (
	"tenure/handlers/openfinance/scheme/schemetest"
)

// The world of package schemetest, by short names.
var (
	noon, clock          = schemetest.Noon, schemetest.Clock
	directory, authority = schemetest.Directory, schemetest.Authority
	good, subject        = schemetest.Good, schemetest.Subject
	claims, with         = schemetest.Claims, schemetest.With
	verifier, statement  = schemetest.Verifier, schemetest.Statement
	fetchOf, refusedWith = schemetest.FetchOf, schemetest.RefusedWith
	pemEscaped, sequence = schemetest.EscapedPEM, schemetest.ByteSequence
)

const (
	softwareID = schemetest.SoftwareID
	orgID      = schemetest.OrgID
	jwksURI    = schemetest.JWKSURI
)

func must[T any](v T, err error) T { return schemetest.Must(v, err) }
