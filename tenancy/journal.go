package tenancy

import (
	"cmp"
	"context"
	"encoding/json"
	"math"
	"slices"

	"github.com/Masterminds/squirrel"

	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

const (
	// fewOrgs is how many organizations are read each by its own index; a larger
	// tree is most of the log, which is then read in its own order.
	fewOrgs = 256
	// mostLines bounds what one page looks at; a page that finds little of it
	// is short, and says where to go on.
	mostLines = 2000
)

// Query chooses events of what an organization and those below it own.
type Query struct {
	Org     OrgID  // empty for the acting organization
	Object  string // id of a client, or of anything else
	Actor   string // as events say it, or an API key's id
	Surface string
	Kinds   []history.Kind // any of them; empty for all changes
	Access  bool           // with empty Kinds also those that tell an access
	From    history.Micros // recorded then or later
	To      history.Micros // recorded before; 0 for no end
	Newest  bool           // the newest first
	After   int64          // log index that it follows in that order; -1 for the beginning
	Before  int64          // log index in front of which it ends; 0 for no end
	Limit   int
}

// Page is some events in the log's order, or against it (Query.Newest).
type Page struct {
	Events  []history.Entry
	Details map[int64]json.RawMessage // by log index: what the events say beside that (Details)
	More    bool                      // there may be later events, and Next is where they are
	Next    int64                     // log index of the last event looked at
}

// Journal lists events of objects that belong to the acting organization or
// below it, by their owner when it happened and the tree as it is now: what
// moved away is not told, what moved here is, and a deleted organization's is
// told to those who stood above it. A page may be short or empty and yet not
// the last. NotFound for an organization that the scope does not cover.
func (s *Store) Journal(ctx context.Context, scope Scope, q Query) (Page, error) {
	if err := scope.Check(History | Plans); err != nil {
		return Page{}, err
	}
	if q.Org = cmp.Or(q.Org, scope.acting); !scope.Covers(q.Org) {
		return Page{}, errOrg()
	}
	var page Page
	err := s.db.View(ctx, func(c *db.Conn) error {
		first, before, err := q.span(c)
		if err != nil {
			return err
		}
		if page, err = s.page(c, q, first, before); err != nil {
			return err
		}
		return scope.withDetails(c, &page)
	})
	return page, err
}

// LogSize is the number of events this node knows of: what is read up to it
// is the same tomorrow.
func (s *Store) LogSize() int64 { return s.log.Size() }

// span turns everything that bounds the query into log indexes: recorded_at
// follows their order.
func (q Query) span(c *db.Conn) (first, before int64, err error) {
	first, before = q.After+1, q.Before
	if before == 0 {
		before = math.MaxInt64
	}
	if q.Newest {
		first = 0
		if q.After >= 0 {
			before = min(before, q.After)
		}
	}
	if q.From > 0 {
		from, err := history.RecordedBy(c, q.From-1)
		if err != nil {
			return 0, 0, err
		}
		first = max(first, from)
	}
	if q.To > 0 {
		to, err := history.RecordedBy(c, q.To-1)
		if err != nil {
			return 0, 0, err
		}
		before = min(before, to)
	}
	return first, before, nil
}

// page looks at lines until it has enough events.
func (s *Store) page(c *db.Conn, q Query, first, before int64) (Page, error) {
	page := Page{Next: q.After}
	orgs, all := s.tree.reach(q.Org, fewOrgs)
	passes := q.Actor != "" || q.Surface != "" || len(q.Kinds) > 0 || !all && q.Org != s.Root()
	most := mostLines
	for most > 0 && first < before {
		step := min(q.Limit-len(page.Events)+1, most)
		if passes { // over lines that are not told
			step = min(1000, most)
		}
		lines, err := q.lines(c, orgs, history.Span{First: first, Before: before, Limit: step, Newest: q.Newest})
		if err != nil {
			return page, err
		}
		done, err := s.take(c, q, lines, &page)
		if err != nil || done {
			return page, err
		}
		if len(lines) < step {
			return page, nil
		}
		most -= len(lines)
		if q.Newest {
			before = page.Next
		} else {
			first = page.Next + 1
		}
	}
	page.More = first < before
	return page, nil
}

// lines reads what there is to choose from, by the index that fits: orgs are
// the owners, nil for too many.
func (q Query) lines(c *db.Conn, orgs []OrgID, span history.Span) ([]history.Line, error) {
	if q.Object != "" {
		return history.LinesOfObject(c, q.Object, span)
	}
	if orgs == nil {
		return history.Lines(c, span)
	}
	order := func(a, b history.Line) int { return cmp.Compare(a.Index, b.Index) }
	if span.Newest {
		order = func(a, b history.Line) int { return cmp.Compare(b.Index, a.Index) }
	}
	var lines []history.Line
	for _, org := range orgs {
		more, err := history.LinesOfOrg(c, string(org), span)
		if err != nil {
			return nil, err
		}
		if lines = append(lines, more...); len(orgs) > 1 && len(lines) > span.Limit {
			slices.SortFunc(lines, order)
			lines = lines[:span.Limit]
			if last := lines[span.Limit-1].Index; span.Newest {
				span.First = last + 1
			} else {
				span.Before = last
			}
		}
	}
	slices.SortFunc(lines, order)
	return lines, nil
}

// take adds the events that the query asks for among lines to the page, and
// tells whether that is full.
func (s *Store) take(c *db.Conn, q Query, lines []history.Line, page *Page) (full bool, err error) {
	for len(lines) > 0 {
		part := lines[:min(len(lines), 500)]
		lines = lines[len(part):]
		var chosen []int64
		for _, l := range part {
			if s.tree.covers(q.Org, OrgID(l.Org)) && q.wants(l) {
				chosen = append(chosen, l.Index)
			}
		}
		where := squirrel.And{squirrel.Eq{"idx": chosen}}
		if q.Surface != "" { // no column has it: this spares decoding, the loop below decides
			where = append(where, squirrel.Like{"envelope": `%"surface":"` + q.Surface + `"%`})
		}
		entries, err := history.Entries(c, where, len(chosen))
		if err != nil {
			return false, err
		}
		if q.Newest {
			slices.Reverse(entries)
		}
		for _, e := range entries {
			if q.Surface != "" && e.Surface != q.Surface {
				continue
			}
			if len(page.Events) == q.Limit {
				page.More, page.Next = true, page.Events[q.Limit-1].Index
				return true, nil
			}
			page.Events = append(page.Events, e)
		}
		page.Next = part[len(part)-1].Index
	}
	return false, nil
}

func (q Query) wants(l history.Line) bool {
	return (q.Actor == "" || l.Actor == q.Actor || l.Actor == ActorKey+q.Actor) &&
		(len(q.Kinds) == 0 && (q.Access || !l.Kind.IsAccess()) || slices.Contains(q.Kinds, l.Kind))
}

// reach lists id and everything below it, deleted or not; all is false where
// that is more than most.
func (t *tree) reach(id OrgID, most int) (ids []OrgID, all bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	ids = []OrgID{id}
	for i := 0; i < len(ids); i++ {
		if ids = append(ids, t.children[ids[i]]...); len(ids) > most {
			return nil, false
		}
	}
	return ids, true
}
