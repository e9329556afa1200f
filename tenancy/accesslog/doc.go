// Package accesslog records in the log who was refused, and who read what others did:
// the events of the kinds access.*.
//
// What may happen many times a second is counted in memory and told in one event for
// each caller and minute, or hour; an export or a bundle of evidence is recorded by itself before
// anybody gets it. It decides nothing about access.
//
// It may import tenancy/{db,history}.
package accesslog
