// Package web is what every HTTP surface shares: the adapter between net/http
// and a surface's handlers. It owns routing, authentication, declared query
// parameters, body limits, strict JSON, conditional requests, Vary and
// mementos, the one write of an answer and the one log event of a request. It
// knows no client: a surface hands it routes and a function that spells faults.
//
//	first path segment → router → Route → credential → Principal → Scope
//	→ declared query → Handle → Reply or fault → condition → write → event
//
// Query parameters: Route.Query declares them (Text, Instant, Int, Flag, Word,
// ID, UUID, Cursor, Family; At, KnownAt and DryRun), Call.Text, Int, Flag …
// read them, checked; Call.Instants gives at, known_at and Accept-Datetime.
// Nothing else reads a query, and an undeclared name panics. Conditions:
// Route.Conditional, Tag on reads, Match on writes. Handle runs only with a
// Scope that grants Route.Permission, unless the route is Open. The text of an
// Internal fault reaches nobody; an event holds no path, query, body or key.
//
// It may import jwk/strictjson, snapshots/document/uri, tenancy and
// tenancy/{accesslog,fair,fault,history,text}; every surface may import it.
package web
