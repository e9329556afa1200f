package candidates

import (
	"slices"
	"strings"

	"tenure/tenancy/db"
)

// stretch is the first n clients behind a client_id that ever had the values, of all owners
// of the setup. It is remembered, and stays right until a client comes among them.
func (m *Matches) stretch(c *db.Conn, q Question, after string, n int, size int64, fresh bool) ([]Client, error) {
	if q.Surfaces != nil || q.Before != 0 || q.Unused {
		return q.walk(c, after, n, "")
	}
	k := key{setup: q.Setup, also: q.alsoTerms(), after: after, n: n}
	if len(q.Terms) > 0 {
		k.Term = q.Terms[0]
	}
	if held, ok := m.lists.GetIfPresent(k); ok && fresh {
		if ids, to, known := m.since(held.size); known {
			came, err := q.came(c, held.clients, after, n, ids)
			if err != nil {
				return nil, err
			}
			if !came {
				if to > held.size {
					m.lists.Set(k, &list{clients: held.clients, size: to})
				}
				return held.clients, nil
			}
		}
	}
	clients, err := q.walk(c, after, n, "")
	if err == nil {
		m.lists.Set(k, &list{clients: clients, size: size})
	}
	return clients, err
}

// alsoTerms tells the terms behind the first from others.
func (q Question) alsoTerms() string {
	var text []string
	for _, t := range q.Terms[min(1, len(q.Terms)):] {
		text = append(text, t.Field, t.Value)
	}
	return strings.Join(text, "\x00") // which no stored text has
}

// came reports whether one of some clients belongs into a stretch and is not there.
func (q Question) came(c *db.Conn, held []Client, after string, n int, ids []string) (bool, error) {
	also, terms := q.conditions()
	for chunk := range slices.Chunk(ids, inStatement) {
		args := []any{q.Setup}
		for i := range inStatement {
			id := "" // nobody's
			if i < len(chunk) {
				id = chunk[i]
			}
			args = append(args, id)
		}
		found, err := read(c, len(chunk), "SELECT "+columns+" FROM entity e WHERE e.setup_id = ? AND e.kind = 'client' AND e.entity_id IN (?"+
			strings.Repeat(", ?", inStatement-1)+")"+also, append(args, terms...)...)
		if err != nil {
			return false, err
		}
		for _, one := range found {
			_, has := slices.BinarySearchFunc(held, one, compare)
			if !has && one.ClientID > after && (len(held) < n || one.ClientID <= held[len(held)-1].ClientID) {
				return true, nil
			}
		}
	}
	return false, nil
}
