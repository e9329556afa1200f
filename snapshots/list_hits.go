package snapshots

import (
	"slices"

	"tenure/snapshots/candidates"
	"tenure/snapshots/document"
	"tenure/tenancy/history"
)

// hit is a client that belongs in a list: around the moment, with its content
// where that is needed, or what a surface keeps of it.
type hit struct {
	*timeline
	doc  *document.Client
	kept *Rendering
}

// want is what a list needs of a client.
type want struct {
	form   string // the surface's form of which renderings do; empty for contents
	filter Filter
	page   int // how many of them; the one behind says only that there are more
}

// hits resolves candidates at the moment, and keeps those that the scope may see,
// that are in force with their content, and for which the filter holds. Now they
// come from memory where it answers, as in Resolve; the others take a statement.
func (l *lister) hits(list []candidates.Client, w want) ([]hit, error) {
	found, missing, at := make([]hit, 0, len(list)), []string(nil), map[string]int{}
	for _, c := range list {
		shown, err := l.shows(Entity{ID: EntityID(c.ID), Kind: KindClient, Owner: c.Owner})
		if err != nil {
			return nil, err
		}
		if !shown {
			continue
		}
		h, whole := hit{}, false
		if !l.past {
			h.timeline = l.s.cache.held(EntityID(c.ID), l.at)
		}
		if h.timeline != nil {
			if !h.inForce() {
				continue
			}
			if whole, err = l.recall(&h, w); err != nil {
				return nil, err
			}
		}
		if !whole {
			missing, at[c.ID] = append(missing, c.ID), len(found)
		}
		found = append(found, h)
	}
	if len(missing) > 0 {
		if err := l.around(missing, w, at, found); err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(found, func(h hit) bool {
		return h.timeline == nil || !h.inForce() || h.doc == nil && h.kept == nil || w.filter.asks() && !w.filter.holds(terms(h.doc))
	}), nil
}

// recall fills in what memory has of a client, and reports whether that is all that
// the list needs.
func (l *lister) recall(h *hit, w want) (bool, error) {
	if w.form != "" {
		setup, err := l.inherited(h.entity.Setup)
		if err != nil {
			return false, err
		}
		h.kept, _ = l.s.cache.rendered.GetIfPresent(h.key(setup.ID, w.form))
		if h.kept != nil && !w.filter.asks() {
			return true, nil
		}
	}
	if c, ok := l.s.cache.contents.GetIfPresent(h.active.ID); ok {
		h.doc, _ = c.doc.(*document.Client)
	}
	return h.doc != nil, nil
}

// key is what a rendering of the client is kept under.
func (h hit) key(setup SnapshotID, form string) RenderKey {
	return RenderKey{Entity: h.entity.ID, Snapshot: h.active.ID, Setup: setup, Owner: h.entity.Owner, Surface: form}
}

// around reads clients with the snapshots that are in force at the moment, and their
// contents, into their places among those found; those that have none are left out. What
// it reads of now is remembered, but for contents of which the rendering will be.
func (l *lister) around(ids []string, w want, at map[string]int, found []hit) error {
	erased := l.s.cache.erased.Load()
	rows, err := candidates.Around(l.view, ids, l.listed())
	if err != nil {
		return err
	}
	for i := range rows {
		r := &rows[i]
		t := &timeline{size: l.size, next: r.Next, entity: Entity{ID: EntityID(r.ID), Kind: KindClient, Module: r.Module, Setup: EntityID(r.Setup),
			ClientID: r.ClientID, Incarnation: r.Incarnation, Owner: r.Owner, Surface: r.Surface, RecordedAt: r.RegisteredAt},
			active: &snapshotRow{Entity: EntityID(r.ID), ID: SnapshotID(r.Snapshot), Kind: r.Kind, ValidFrom: r.ValidFrom, Attempt: r.Attempt,
				Base: SnapshotID(r.Base), Commitment: r.Commitment, Imported: r.Imported, RecordedAt: r.RecordedAt}}
		h := hit{timeline: t}
		if r.Content != "" && t.inForce() {
			whole, err := l.recall(&h, w)
			if err == nil && !whole {
				h.doc, err = decode[document.Client](l.s, t.active.ID, []byte(r.Content), erased, w.form == "" || w.filter.asks() || at[r.ID] >= w.page)
			}
			if err != nil {
				return err
			}
		}
		if !l.past && (h.doc != nil || h.kept != nil || !t.inForce()) {
			l.s.cache.keep(t)
		}
		found[at[r.ID]] = h
	}
	return nil
}

// resolved are hits as Resolve answers; next says whether they tell when they change.
func (l *lister) resolved(hits []hit, next bool) (list []Resolved[document.Client], err error) {
	list = make([]Resolved[document.Client], len(hits))
	for i, h := range hits {
		list[i].fill(&h.entity, h.active)
		list[i].Content = h.doc
		if list[i].Setup, err = l.inherited(h.entity.Setup); err == nil && next {
			list[i].NextValidFrom = h.next
			list[i].Ends, err = l.ends(h.entity)
		}
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// ends is when a client's setup or organization was deleted, by the moment or first
// after it, as far as was known; 0 if neither was. It is asked once for each.
func (l *lister) ends(e Entity) (history.Millis, error) {
	if !l.past {
		return 0, nil
	}
	setup, err := once(l.setupsEnd, e.Setup, func() (history.Millis, error) {
		t, err := l.setup(e.Setup)
		if err != nil {
			return 0, err
		}
		return setupEnds(l.view, t.entity, l.moment)
	})
	if err != nil {
		return 0, err
	}
	org, err := once(l.ownersEnd, e.Owner, func() (history.Millis, error) { return ownerEnds(l.view, l.scope, e.Owner, l.moment) })
	return earlier(setup, org), err
}

// elements renders hits, or takes what is kept of them.
func (l *lister) elements(hits []hit, form string, fill Fill, next bool) ([]Element, error) {
	list := make([]Element, len(hits))
	for i, h := range hits {
		list[i] = Element{Entity: h.entity.ID, ClientID: h.entity.ClientID, Rendering: h.kept}
		if next {
			ends, err := l.ends(h.entity)
			if err != nil {
				return nil, err
			}
			list[i].Until = earlier(h.next, ends)
		}
		if h.kept != nil {
			continue
		}
		found, err := l.resolved(hits[i:i+1], false)
		if err != nil {
			return nil, err
		}
		if list[i].Rendering, err = l.s.Render(h.key(found[0].Setup.ID, form), func() (*Rendering, error) { return fill(found[0]) }); err != nil {
			return nil, err
		}
	}
	return list, nil
}
