// Package web is what every HTTP surface shares: the adapter between net/http
// and a surface's handlers.
//
// It owns routing, authentication and authorization of a request, reading its
// body under a limit and a deadline, strict JSON, conditional requests, the
// one place that writes a status and a body, the one log event of a request,
// and the guarded fetch of URLs that a request brought. It knows no surface and no client: a surface hands it routes and
// one function that spells a fault.
//
// A request runs one way:
//
//	first path segment → router → Route → credential → Principal → Scope
//	→ Handle → Reply or fault → conditional request → one write → one event
//
// Invariants: Handle runs only with a Scope that grants Route.Permission
// (unless the route is Open); a fault of kind Internal reaches a surface
// without its text; an event never holds a path, a query, a body or a key,
// only the route's template and the key's id.
//
// Choices:
//   - Authorization is Bearer with an API key, and Tenure-Org names the acting
//     organization, unless a surface has headers of its own for the two
//     (Surface.Credentials). Each of them, and Tenure-Reason, may stand once only.
//   - A route may look for what it acts on before its permission is asked
//     (Route.LookFirst), where its dialect tells "unknown" from "not allowed".
//   - Idempotency-Key on a POST: the same request again, within 24 hours and
//     with the same API key, makes nothing more and says so with
//     Tenure-Idempotent-Replay; what is shown only once is not shown again.
//   - A route may admit callers by another credential than an API key
//     (Route.Admit); what that found out stands in Call.Admitted.
//   - A Limiter counts before the thing is done, so that no number of requests
//     at once goes past it; what should not count is given back.
//   - Tenure-Reason is UTF-8 as it is, at most 1,000 bytes, printable.
//   - Paths are matched as they were sent (encoded), never cleaned, and never
//     redirected; a variable reaches the handler decoded. One that is not UTF-8
//     or holds a NUL byte, which no store can hold, is refused.
//   - HEAD is answered wherever GET is. An unknown route is answered by the
//     surface whose routes share the longest beginning with the path.
//   - JSON may not repeat a member, hold half a surrogate pair or nest deeper
//     than 100; member names are exact where decoding is strict.
//   - A body that does not arrive in time is malformed, and ends its connection.
//
// It may import tenancy and tenancy/fault. Every surface and handlers may
// import it.
package web
