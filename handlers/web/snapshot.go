package web

import (
	"net/http"
	"time"

	"tenure/tenancy"
)

const (
	millisLayout = "2006-01-02T15:04:05.000Z"
	microsLayout = "2006-01-02T15:04:05.000000Z"
)

// SnapshotHeaders are what every resolving answer tells beside its body.
// Instants are in UTC.
func SnapshotHeaders(id string, validFrom, recordedAt time.Time, owner tenancy.OrgID) http.Header {
	return http.Header{
		"Tenure-Snapshot-Id": {id},
		"Tenure-Valid-From":  {validFrom.Format(millisLayout)},
		"Tenure-Recorded-At": {recordedAt.Format(microsLayout)},
		"Tenure-Owner":       {string(owner)},
	}
}

// Planned adds the header that tells when the next change is due, for those
// who may know; next is 0 for none. The reply may be shared and is not changed.
func Planned[I interface {
	~int64
	Time() time.Time
}](reply *Reply, scope tenancy.Scope, next I) *Reply {
	if next == 0 || !scope.Allows(tenancy.Plans) {
		return reply
	}
	own := *reply
	own.Header = reply.Header.Clone()
	own.Header["Tenure-Next-Valid-From"] = []string{next.Time().Format(millisLayout)}
	return &own
}
