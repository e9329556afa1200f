package evidence

import (
	"cmp"
	"context"
	"slices"

	"github.com/Masterminds/squirrel"

	"tenure/snapshots/evidence/pages"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
	"tenure/tenancy/history/counts"
)

const (
	// MaxEvents is how many a bundle holds at most.
	MaxEvents = 100_000
	// MaxClients is how many clients a filter may name.
	MaxClients = 100

	idsAtOnce = 400 // in one statement
)

// Filter chooses events among those that the scope covers. The zero value
// chooses all.
type Filter struct {
	Clients      []string      // entity ids; only their own events
	Organization tenancy.OrgID // and those below it; empty for the acting one
	From         history.Micros
	To           history.Micros // recorded before; 0 for no end
	// Since asks for the proof that the log grew from so many entries; 0 for none.
	Since int64
}

// Exporter makes bundles of an installation.
type Exporter struct {
	DB      *db.DB
	Log     *history.Publisher
	Keys    *history.Keys // evidence keys; nil makes no bundle
	Now     func() history.Micros
	Program string       // what made the bundle, for its manifest
	Counts  *counts.Kept // of all organizations; nil to read them each time
	// Cosign asks witnesses to cosign a checkpoint, in bounded time; nil where there are none.
	Cosign func(context.Context, history.Checkpoint)
}

// Bundle is what was chosen, before it is written.
type Bundle struct {
	exporter *Exporter
	scope    tenancy.Scope
	filter   Filter
	made     history.Micros
	last     history.Checkpoint
	indexes  []int64
	objects  []object          // in the order of their first event
	owners   map[string]string // of the clients that were asked for
	covered  []string          // organizations, where no clients were asked for
	parts    map[string]bool   // setups of which only the versions are in it

	erased, withheld int64
	refs             []committed
	files            []file
	read             []pages.Event // for the pages; the events of a whole bundle take some 100 MB
	names            names
	missing          erasures
	signing          history.SigningKeys // that the log names at last
	gone             map[string]bool     // snapshots that were erased
}

// Choose decides what a bundle holds, up to the newest checkpoint. Faults:
// NotFound for a client or an organization that the scope does not cover,
// Unavailable where the server has no key, Malformed for more than MaxEvents and
// for a Since above the checkpoint.
func (x *Exporter) Choose(ctx context.Context, scope tenancy.Scope, f Filter) (*Bundle, error) {
	if err := scope.Check(tenancy.History | tenancy.Plans); err != nil {
		return nil, err
	}
	if x == nil || x.Log == nil || !x.Log.Signs() || x.Keys == nil {
		return nil, fault.New(fault.Unavailable, "",
			"this server makes no evidence: it needs a key for its log (--log-key) and one for evidence (--evidence-key)")
	}
	if f.Organization != "" && !scope.Covers(f.Organization) {
		return nil, fault.New(fault.NotFound, fault.CodeOrgUnknown, "there is no such organization")
	}
	last, err := x.Log.Checkpoint(ctx)
	if err != nil {
		return nil, err
	}
	if f.Since > last.Size {
		return nil, fault.New(fault.Malformed, fault.CodeQuery, "since is %d, but the newest checkpoint has %d entries", f.Since, last.Size)
	}
	b := &Bundle{exporter: x, scope: scope, filter: f, last: last}
	if f.whole() {
		if err := b.count(ctx); err != nil {
			return nil, err
		}
	}
	if b.last, err = x.cosigned(ctx, b.last); err != nil {
		return nil, err
	}
	b.made = x.Now()
	return b, x.DB.View(ctx, b.choose)
}

// covers reports whether what owner owns belongs to the bundle.
func (b *Bundle) covers(owner string) bool {
	if b.filter.Organization == "" {
		return b.scope.Covers(tenancy.OrgID(owner))
	}
	return slices.Contains(b.scope.Path(tenancy.OrgID(owner)), b.filter.Organization)
}

func (b *Bundle) choose(c *db.Conn) error {
	var chosen []line
	var err error
	if len(b.filter.Clients) > 0 {
		chosen, err = b.ofClients(c)
	} else {
		chosen, err = b.ofOwners(c)
	}
	if err != nil {
		return err
	}
	inherited, err := b.inherited(c, len(chosen))
	if err != nil {
		return err
	}
	chosen = append(chosen, inherited...)
	slices.SortFunc(chosen, func(a, b line) int { return cmp.Compare(a.Index, b.Index) })
	at := make(map[string]int)
	for _, l := range chosen {
		b.indexes = append(b.indexes, l.Index)
		i, ok := at[l.Object]
		if !ok {
			i, at[l.Object] = len(b.objects), len(b.objects)
			b.objects = append(b.objects, object{ID: l.Object, Owner: l.Org, First: l.Seq})
			if b.parts[l.Object] {
				b.objects[i].Part = partVersions
			}
		}
		o := &b.objects[i]
		o.Last, o.Count = l.Seq, o.Count+1
	}
	for _, id := range b.filter.Clients {
		if _, ok := at[id]; !ok { // nothing of it in this time, which is an answer, too
			at[id] = len(b.objects)
			b.objects = append(b.objects, object{ID: id, Kind: history.ObjectClient, Owner: b.owners[id]})
		}
	}
	return b.totals(c, at)
}

// line is an event as its columns tell it.
type line struct {
	Index  int64  `db:"idx"`
	Object string `db:"object_id"`
	Seq    int64  `db:"object_seq"`
	Org    string `db:"org_id"`
}

// lines reads what is recorded in the filter's time and below the checkpoint.
func (b *Bundle) lines(c *db.Conn, where squirrel.Eq, have int) (lines []line, err error) {
	q := db.Builder().Select("idx, object_id, object_seq, org_id").From("log_event").
		Where(where).Where("idx < ? AND recorded_at >= ?", b.last.Size, int64(b.filter.From))
	if b.filter.To != 0 {
		q = q.Where("recorded_at < ?", int64(b.filter.To))
	}
	if err = c.SelectBuilt(&lines, q.Limit(MaxEvents+1)); err == nil && have+len(lines) > MaxEvents {
		err = tooMany()
	}
	return lines, err
}

func tooMany() error {
	return fault.New(fault.Malformed, fault.CodeQuery, "this is more than %d events: ask for a shorter time, or fewer organizations", MaxEvents)
}

func (b *Bundle) ofClients(c *db.Conn) ([]line, error) {
	b.owners = make(map[string]string)
	unknown := fault.New(fault.NotFound, fault.CodeClientUnknown, "there is no such client")
	for _, id := range b.filter.Clients {
		var owner string
		err := c.Get(&owner, "SELECT org_id FROM entity WHERE entity_id = ? AND kind = ?", id, history.ObjectClient)
		if fault.Is(err, fault.NotFound) || err == nil && !b.covers(owner) {
			return nil, unknown
		}
		if err != nil {
			return nil, err
		}
		b.owners[id] = owner
	}
	return b.lines(c, squirrel.Eq{"object_id": b.filter.Clients}, 0)
}

// ofOwners reads the events of every organization there has been, of those
// that the bundle covers.
func (b *Bundle) ofOwners(c *db.Conn) (chosen []line, err error) {
	var orgs []string
	if err := c.Select(&orgs, "SELECT DISTINCT org_id FROM org_version ORDER BY org_id"); err != nil {
		return nil, err
	}
	for _, org := range orgs {
		if b.covers(org) {
			b.covered = append(b.covered, org)
		}
	}
	for part := range slices.Chunk(b.covered, idsAtOnce) {
		lines, err := b.lines(c, squirrel.Eq{"org_id": part}, len(chosen))
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, lines...)
	}
	return chosen, nil
}

// totals counts each object's events at the checkpoint.
func (b *Bundle) totals(c *db.Conn, at map[string]int) error {
	ids := make([]string, len(b.objects))
	for i, o := range b.objects {
		ids[i] = o.ID
	}
	for part := range slices.Chunk(ids, idsAtOnce) {
		var rows []struct {
			ID    string `db:"object_id"`
			Total int64  `db:"total"`
		}
		if err := c.SelectBuilt(&rows, db.Builder().Select("object_id, max(object_seq) AS total").From("log_event").
			Where(squirrel.Eq{"object_id": part}).Where("idx < ?", b.last.Size).GroupBy("object_id")); err != nil {
			return err
		}
		for _, r := range rows {
			b.objects[at[r.ID]].Total = r.Total
		}
	}
	return nil
}
