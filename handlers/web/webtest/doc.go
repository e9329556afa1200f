// Package webtest runs scripts of requests against an http.Handler. Run says how a
// script is written. Only tests import it; it imports nothing of ours.
package webtest
