package tenancy

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/Masterminds/squirrel"

	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

// maxDetails bounds the details of one page, in characters; the page is short then. One
// event is always shown whole.
const maxDetails = 4 << 20

// Details reads what events say beside their envelopes, as history.Details has it, by
// log index. It leaves out events of organizations that the scope does not cover, and
// has null for ids of such organizations.
func (s *Store) Details(ctx context.Context, scope Scope, events []history.Entry) (found map[int64]json.RawMessage, err error) {
	if err := scope.Check(History); err != nil {
		return nil, err
	}
	err = s.db.View(ctx, func(c *db.Conn) error {
		found, err = scope.details(c, events)
		return err
	})
	return found, err
}

// withDetails reads the details of a page, and cuts it where they are too long together.
func (s Scope) withDetails(c *db.Conn, page *Page) error {
	var sizes []struct {
		Index int64 `db:"idx"`
		Size  int64 `db:"size"`
	}
	ids := detailed(page.Events)
	if len(ids) == 0 {
		return nil
	}
	if err := c.SelectBuilt(&sizes, db.Builder().Select("idx, length(content) AS size").From("log_detail").Where(squirrel.Eq{"idx": ids})); err != nil {
		return err
	}
	size := make(map[int64]int64, len(sizes))
	for _, d := range sizes {
		size[d.Index] = d.Size
	}
	sum := int64(0)
	for i, e := range page.Events {
		if sum += size[e.Index]; sum > maxDetails && i > 0 {
			page.Events, page.More, page.Next = page.Events[:i], true, page.Events[i-1].Index
			break
		}
	}
	var err error
	page.Details, err = s.details(c, page.Events)
	return err
}

// detailed are the log indexes of events that have details.
func detailed(events []history.Entry) []int64 {
	var ids []int64
	for _, e := range events {
		if e.Detail != "" {
			ids = append(ids, e.Index)
		}
	}
	return ids
}

func (s Scope) details(c *db.Conn, events []history.Entry) (map[int64]json.RawMessage, error) {
	ids := detailed(events)
	if len(ids) == 0 {
		return nil, nil
	}
	stored, err := history.StoredDetails(c, ids)
	if err != nil {
		return nil, err
	}
	found := make(map[int64]json.RawMessage, len(stored))
	for _, e := range events {
		if text := stored[e.Index]; text != nil && s.Covers(OrgID(e.Org)) {
			found[e.Index] = s.shown(history.Details(e.Kind, text))
		}
	}
	return found, nil
}

// shown is a detail with null for each id of an organization that the scope does not
// cover. What is no JSON, which this program does not write, is left out.
func (s Scope) shown(detail json.RawMessage) json.RawMessage {
	var v any
	dec := json.NewDecoder(bytes.NewReader(detail))
	dec.UseNumber()
	if dec.Decode(&v) != nil {
		return nil
	}
	v, hidden := s.hide(v)
	if !hidden {
		return detail
	}
	out, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return out
}

func (s Scope) hide(v any) (shown any, hidden bool) {
	switch v := v.(type) {
	case string:
		if id, err := ParseOrgID(v); err == nil && s.store.tree.get(id) != nil && !s.Covers(id) {
			return nil, true
		}
	case map[string]any:
		for name, member := range v {
			one, did := s.hide(member)
			v[name], hidden = one, hidden || did
		}
		return v, hidden
	case []any:
		for i, element := range v {
			one, did := s.hide(element)
			v[i], hidden = one, hidden || did
		}
		return v, hidden
	}
	return v, false
}
