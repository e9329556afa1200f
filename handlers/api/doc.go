// Package api is Tenure's own API under /v1: organizations, API keys, modules,
// setups, resource servers and clients with their history and plans, the log and
// evidence. Reading order: routes.go, objects.go, writes.go, effects.go.
//
// It owns these wire types, the declared query parameters of its routes, and the
// spelling of errors as problem documents (RFC 9457). It does not own any rule
// about organizations, keys, policies or clients: the stores in Deps do.
// docs/api/v1.md says for its users what every route takes and answers, and a
// test compares that page with the routes.
//
// The surface is strict: an undeclared query parameter, an unknown member of a
// body, and a condition that a route cannot evaluate are refused, so that a
// typing mistake changes nothing and no answer is about something else.
//
// It may import handlers/web, snapshots and the packages below it, tenancy and
// tenancy/{fault,db,history}. Only handlers may import it.
package api
