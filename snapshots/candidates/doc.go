// Package candidates finds the clients that may belong on a page of a list, in
// the order of their client_id, without reading more of a setup than the page needs.
//
// It owns the statements of lists and the index of terms, and remembers which clients
// ever had a value that lists are filtered by. It does not know what is in force, what a
// client says or who asks: package snapshots resolves each candidate at the
// instant, confirms the filter by its content (Holds) and leaves out what the caller may
// not see. So a candidate too many costs time, and one too few would be an error.
//
// It needs no Scope, because it is asked inside the lists of package snapshots.
// It may import document, jwk/strictjson, tenancy and tenancy/{db,history}.
package candidates
