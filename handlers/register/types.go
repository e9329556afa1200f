package register

import (
	"tenure/snapshots"
	"tenure/snapshots/document"
)

// registration is a POST that was let in.
type registration struct {
	setup   snapshots.Entity
	policy  snapshots.Policy
	initial string // id of the initial access token; empty for none
}

// management is a call of a client that proved who it is.
type management struct {
	policy snapshots.Policy
	client snapshots.Resolved[document.Client]
}

// credentials are what a request presents: a token, or secrets, or nothing.
type credentials struct {
	token   string // a registration or initial access token
	secrets []pair // a client's own id and secret, in each way that they can be meant
	method  string // the auth method that the secrets belong to
}

type pair struct{ id, secret string }

// The auth methods whose credentials are taken here, for reading.
const (
	methodBasic = "client_secret_basic"
	methodPost  = "client_secret_post"
)
