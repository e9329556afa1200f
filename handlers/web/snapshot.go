package web

import (
	"net/http"
	"strings"
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

// Match turns If-Match into the snapshots that a write's base may be, for
// surfaces whose tags are what Tenure-Snapshot-Id says, in quotes; nil if there
// is no such header, empty for any that is there.
func Match[ID ~string](c *Call) ([]ID, error) {
	tags, any, present, err := c.IfMatch()
	if err != nil || !present {
		return nil, err
	}
	ids := []ID{}
	for _, tag := range tags {
		id, _, _ := strings.Cut(strings.Trim(tag, `"`), ".") // what follows tells representations apart
		ids = append(ids, ID(id))
	}
	if len(ids) == 0 && !any { // only weak tags: they match nothing
		ids = append(ids, "")
	}
	return ids, nil
}
