package candidates

import (
	"cmp"
	"slices"
	"strings"

	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

// Client is a client that may belong on a page.
type Client struct {
	ID          string // entity id
	ClientID    string
	Incarnation int64
	Owner       tenancy.OrgID
}

// compare orders clients as pages have them.
func compare(a, b Client) int {
	return cmp.Or(strings.Compare(a.ClientID, b.ClientID), cmp.Compare(a.Incarnation, b.Incarnation))
}

// Question names clients of a setup. All parts must hold.
type Question struct {
	Setup    string
	Terms    []Term         // that a snapshot of the client ever had
	Surfaces []string       // that registered it; nil for any
	Before   history.Micros // registered before; 0 for any
	Unused   bool           // it never proved who it is
}

const (
	// Parameters are cast because SQLite plans a statement with ORDER BY anew each
	// time that a bare one is bound.
	asText    = "CAST(? AS TEXT)"
	asInteger = "CAST(? AS BIGINT)"

	columns = "e.entity_id, e.client_id, e.incarnation, e.org_id"
	inOrder = " ORDER BY e.client_id LIMIT " + asInteger
	behind  = "e.setup_id = " + asText + " AND e.kind = 'client' AND e.client_id > " + asText
	hadTerm = " AND EXISTS (SELECT 1 FROM entity_term m WHERE m.bucket = " + asText + " AND m.field = " + asText + " AND m.value = " + asText +
		" AND m.entity_id = e.entity_id)"
)

// Walk goes over candidates in order.
type Walk struct {
	memory   *Matches
	size     int64    // of the log, before
	fresh    bool     // what is remembered may be used
	few      bool     // ever had a value that is asked for: it goes over these
	matches  []Client // that are left of them
	question Question
	after    string          // client_id
	limited  bool            // to owners
	owners   []tenancy.OrgID // whose clients it goes over
	apart    bool            // few of the setup's clients are theirs
}

// Walk begins behind a client_id; empty for the beginning. size is the log's, read before;
// fresh says whether what is remembered may be used. Where the walk would go over all
// clients of the setup, owners limits it to those of some organizations, unless all is true.
func (m *Matches) Walk(c *db.Conn, q Question, after string, size int64, fresh bool, owners func() (list []tenancy.OrgID, all bool, err error)) (*Walk, error) {
	if q.Surfaces == nil && q.Before == 0 && !q.Unused {
		for _, t := range q.Terms {
			if clients, many, err := m.of(c, q.Setup, t, size, fresh); err != nil || !many {
				return &Walk{few: true, matches: from(clients, after)}, err
			}
		}
	}
	list, all, err := owners()
	return &Walk{memory: m, size: size, fresh: fresh, question: q, after: after, limited: !all, owners: list}, err
}

// sifted is how many clients of a setup are looked at for those of many owners, before
// each owner's are looked up.
const sifted = 1024

// Next reads some n candidates, and reports whether they are the last. All that have
// had a client_id come together.
func (w *Walk) Next(c *db.Conn, n int) (list []Client, last bool, err error) {
	const more = 1 // to see whether the last client_id is whole
	switch {
	case w.few:
		list = w.matches[:min(n, len(w.matches))]
		w.matches = w.matches[len(list):]
		return list, len(w.matches) == 0, nil
	case !w.limited:
		list, err = w.memory.stretch(c, w.question, w.after, n+more, w.size, w.fresh)
	case len(w.owners) <= some[len(some)-1] || w.apart:
		list, err = w.question.owned(c, w.after, n+more, w.owners)
	default:
		if list, last, err = w.sift(c, n+more); err == nil && len(list) <= n && !last {
			w.apart = true
			return w.Next(c, n)
		}
	}
	if err != nil || last || len(list) <= n {
		return list, true, err
	}
	whole := len(list)
	for id := list[whole-1].ClientID; whole > 0 && list[whole-1].ClientID == id; {
		whole--
	}
	if whole == 0 {
		return w.Next(c, 2*n)
	}
	w.after = list[whole-1].ClientID
	return list[:whole], false, nil
}

// sift keeps the owners' clients of a stretch of the setup, n of them at most; last says
// that nothing comes behind them.
func (w *Walk) sift(c *db.Conn, n int) (list []Client, last bool, err error) {
	stretch := max(sifted, n)
	all, err := w.question.walk(c, w.after, stretch, "")
	theirs := make(map[tenancy.OrgID]bool, len(w.owners))
	for _, id := range w.owners {
		theirs[id] = true
	}
	for _, one := range all {
		if theirs[one.Owner] && len(list) < n {
			list = append(list, one)
		}
	}
	return list, len(all) < stretch && len(list) < n, err
}

// walk reads the first n clients behind a client_id, those of one owner if one is given.
func (q Question) walk(c *db.Conn, after string, n int, owner tenancy.OrgID) ([]Client, error) {
	query, args := "SELECT "+columns+" FROM entity e WHERE "+behind, []any{q.Setup, after}
	if owner != "" {
		query, args = query+" AND e.org_id = "+asText, append(args, owner)
	}
	also, more := q.conditions()
	return read(c, n, query+also+inOrder, append(append(args, more...), n)...)
}

// conditions are what a question asks beside the setup.
func (q Question) conditions() (query string, args []any) {
	for _, t := range q.Terms {
		query, args = query+hadTerm, append(args, q.Setup, t.Field, t.Value)
	}
	if q.Surfaces != nil {
		query += " AND e.surface IN (?" + strings.Repeat(", ?", len(q.Surfaces)-1) + ")"
		for _, s := range q.Surfaces {
			args = append(args, s)
		}
	}
	if q.Before != 0 {
		query, args = query+" AND e.recorded_at < "+asInteger, append(args, int64(q.Before))
	}
	if q.Unused {
		query += " AND NOT EXISTS (SELECT 1 FROM client_use u WHERE u.entity_id = e.entity_id)"
	}
	return query, args
}

// some is how many owners one statement names. A short list is filled up, so that
// the texts of statements are two.
var some = [...]int{8, 128}

// owned reads the first n clients behind a client_id that belong to one of several
// owners. Its cost grows with the number of owners, not with that of clients.
func (q Question) owned(c *db.Conn, after string, n int, owners []tenancy.OrgID) ([]Client, error) {
	if len(owners) == 1 {
		return q.walk(c, after, n, owners[0])
	}
	size := some[0]
	if len(owners) > size {
		size = some[1]
	}
	also, more := q.conditions()
	query := "WITH o (org_id) AS (VALUES (" + asText + ")" + strings.Repeat(", ("+asText+")", size-1) + ") SELECT " + columns +
		" FROM o CROSS JOIN entity e WHERE e.entity_id IN (SELECT e.entity_id FROM entity e WHERE " + behind + " AND e.org_id = o.org_id" + also + inOrder + ")" + inOrder
	var all []Client
	for chunk := range slices.Chunk(owners, size) {
		args := make([]any, 0, size+4+len(more))
		for i := range size {
			if i < len(chunk) {
				args = append(args, chunk[i])
			} else {
				args = append(args, "") // nobody's id
			}
		}
		args = append(append(append(args, q.Setup, after), more...), n, n)
		found, err := read(c, n, query, args...)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	slices.SortFunc(all, compare)
	return all[:min(n, len(all))], nil
}

func read(c *db.Conn, n int, query string, args ...any) ([]Client, error) {
	list := make([]Client, 0, min(n, 512))
	err := c.Each(func(scan func(...any) error) error {
		var r Client
		var owner string
		err := scan(&r.ID, &r.ClientID, &r.Incarnation, &owner)
		if r.Owner = tenancy.OrgID(owner); len(list) > 0 && list[len(list)-1].Owner == r.Owner {
			r.Owner = list[len(list)-1].Owner // one text of the same
		}
		list = append(list, r)
		return err
	}, query, args...)
	return list, err
}
