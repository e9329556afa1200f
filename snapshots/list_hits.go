package snapshots

import (
	"fmt"
	"slices"

	"tenure/snapshots/candidates"
	"tenure/snapshots/document"
	"tenure/tenancy/history"
)

// hit is a client that belongs in a list: around the moment, with its content or the
// bytes of that where they are needed, or what a surface keeps of it.
type hit struct {
	*timeline
	doc  *document.Client
	raw  string
	kept *Rendering
}

// want is what a list needs of a client.
type want struct {
	form  *Form             // the surface's form of which renderings do; nil for contents
	terms []candidates.Term // of the filter
	page  int               // how many of them; the one behind says only that there are more
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
			h.timeline = l.s.cache.held(l.ctx, EntityID(c.ID), l.at)
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
		return h.timeline == nil || !h.inForce() || h.doc == nil && h.raw == "" && h.kept == nil || len(w.terms) > 0 && !h.holds(w.terms)
	}), nil
}

// holds reports whether a client in force has every term of a page's filter. Bytes that
// cannot be read are for the decoder to refuse.
func (h *hit) holds(want []candidates.Term) bool {
	switch {
	case h.kept != nil && h.kept.labels != nil:
		return holds(h.kept.labels, want)
	case h.doc != nil:
		return holds(terms(h.doc), want)
	}
	_, ok, err := candidates.Holds(h.raw, want)
	return ok || err != nil
}

// recall fills in what memory has of a client, and reports whether that is all that the list needs.
func (l *lister) recall(h *hit, w want) (bool, error) {
	if w.form != nil {
		setup, err := l.inherited(h.entity.Setup)
		if err != nil {
			return false, err
		}
		h.kept, _ = l.s.cache.rendered.GetIfPresent(h.key(setup.ID, w.form.Name))
		if h.kept != nil && (len(w.terms) == 0 || h.kept.labels != nil) {
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
// it reads of now is remembered, but for the bytes that are to be rendered.
func (l *lister) around(ids []string, w want, at map[string]int, found []hit) error {
	rows, err := candidates.Around(l.view, ids, l.listed(), !l.past)
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
			if h.raw = r.Content; err == nil && !whole && (w.form == nil || at[r.ID] >= w.page) {
				h.doc, err = decode[document.Client](l.s, t.active.ID, []byte(r.Content), l.erased, true)
			}
			if err != nil {
				return err
			}
		}
		if !l.past && (h.raw != "" || !t.inForce()) {
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
func (l *lister) elements(hits []hit, form *Form, next bool) ([]Element, error) {
	list, places := make([]Element, len(hits)), &document.Places{}
	for i, h := range hits {
		list[i] = Element{Entity: h.entity.ID, ClientID: h.entity.ClientID, Snapshot: h.active.ID, Rendering: h.kept}
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
		if list[i].Rendering, err = l.s.render(h.key(found[0].Setup.ID, form.Name), l.erased, func() (*Rendering, error) { return form.of(&found[0], h.raw, places) }); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// of renders a client from the bytes that are stored, or decoded.
func (f *Form) of(found *Resolved[document.Client], raw string, places *document.Places) (made *Rendering, err error) {
	if found.Content == nil && f.Copy != nil && places.Find(raw) {
		if made = f.Copy(found, places); made != nil {
			made.copied, made.labels = true, candidates.Labels(places)
			return made, nil
		}
	}
	if found.Content == nil {
		if found.Content, err = document.Decode[document.Client]([]byte(raw)); err != nil {
			return nil, fmt.Errorf("snapshot %s: %w", found.ID, err)
		}
	}
	if made, err = f.Fill(*found); err == nil {
		made.labels = terms(found.Content)[:2:2]
	}
	return made, err
}
