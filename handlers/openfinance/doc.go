// Package openfinance is the surface /reg: it registers and manages OAuth clients
// as Open Finance Brasil does. Users read docs/api/openfinance.md, which explains
// the short names in comments: B-n, R1-n, R2-n and A-n are rows of its table of
// rules, ID3 and DCR2 versions of the scheme's profile, "the page" its API page.
//
// It owns what a client may ask for: the profiles (profile.go) and the rules that
// make a client of a request and a statement (rules.go, rules_oauth.go,
// limits.go), which are pure. Package scheme decides whom the scheme vouches for.
// The store keeps policies, tokens, participants and one client for a software.
//
// Reading order: routes.go, admit.go, body.go, convert.go, write.go, read.go.
//
// Invariants: every answer has the interaction id and no-store; a token opens its
// own client only, and only here; a missing or invalid token and an unknown client
// get the same 401; a refused call stores nothing; the statement's values replace
// the body's.
//
// It may import handlers/openfinance/scheme, handlers/web, snapshots, jwk,
// tenancy and tenancy/fault.
package openfinance
