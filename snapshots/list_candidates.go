package snapshots

import (
	"context"

	"github.com/Masterminds/squirrel"

	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/db"
)

// lister is what all lists share: who looks at which moment, and what was found
// out on the way about setups and owners, so that it is asked once.
type lister struct {
	look
	setups map[EntityID]Version[document.Setup]
}

func newLister(ctx context.Context, s *Store, scope tenancy.Scope, in Instant, view *db.Conn) lister {
	return lister{lookIn(ctx, s, scope, in, view), map[EntityID]Version[document.Setup]{}}
}

// listable finds a setup whose clients the scope may list at the moment: before
// the setup there were none, after its end it is Gone.
func (l *lister) listable(module string, id EntityID) (*timeline, error) {
	t, err := l.around(id)
	if err != nil {
		return nil, err
	}
	if !t.is(KindSetup, module, id) || !l.uses(t) {
		return nil, unknown(KindSetup)
	}
	if l.past && t.active != nil {
		err = l.ended(place{t, t})
	}
	return t, err
}

// shows reports whether the scope sees a client, and whether its owner was there
// at the moment; its own end and its setup's are for the query to leave out.
func (l *lister) shows(e Entity) (bool, error) {
	if !l.past {
		return visible(l.scope, e, true), nil
	}
	if !l.scope.Covers(e.Owner) {
		return false, nil
	}
	at, err := l.ownerEnds(e.Owner)
	return at == 0 || at > l.tree(), err
}

// inherited is the setup's version of the moment.
func (l *lister) inherited(id EntityID) (Version[document.Setup], error) {
	if v, ok := l.setups[id]; ok {
		return v, nil
	}
	t, err := l.around(id)
	if err != nil {
		return Version[document.Setup]{}, err
	}
	v, err := inherited(l.s, l.view, t.entity, t.active)
	l.setups[id] = v
	return v, err
}

// withSnapshot joins entity e with f, its snapshot in force at the moment.
func (l *lister) withSnapshot(q squirrel.SelectBuilder) squirrel.SelectBuilder {
	query, args := l.present()
	return q.Join(`snapshot f ON f.snapshot_id = (SELECT s.snapshot_id FROM snapshot s WHERE s.module = e.module
			AND s.setup_id = e.setup_id AND s.entity_id = e.entity_id AND s.valid_from <= ?`+query+`
			ORDER BY s.valid_from DESC, s.attempt DESC LIMIT 1)`, append([]any{l.at}, args...)...)
}

// present is what holds for a snapshot s that had been recorded and not been
// withdrawn, as far as the moment knew.
func (l *lister) present() (string, []any) {
	if l.known == forever {
		return notWithdrawn, nil
	}
	return asOfPresent, []any{l.known, l.known}
}

// maxOwners is how many owners a list names in its statement.
const maxOwners = 500

// below is an organization and everything under it today, deleted ones too.
const below = `WITH RECURSIVE below (org_id) AS (SELECT CAST(? AS TEXT) UNION
	SELECT v.org_id FROM below JOIN org_version v ON v.parent_id = below.org_id
		WHERE NOT EXISTS (SELECT 1 FROM org_version n WHERE n.org_id = v.org_id AND n.seq > v.seq)) SELECT org_id FROM below`

// ownedBelow keeps what the acting organization or one under it owns. At another
// instant deleted ones count too, which memory does not list.
func (l *lister) ownedBelow(q squirrel.SelectBuilder) squirrel.SelectBuilder {
	if owners := l.scope.Subtree(); !l.past && len(owners) <= maxOwners {
		return q.Where(squirrel.Eq{"e.org_id": owners})
	}
	return q.Where("e.org_id IN ("+below+")", l.scope.Acting())
}
