package evidence

import (
	"cmp"
	"context"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/Masterminds/squirrel"

	"tenure/snapshots/evidence/pages"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

// gatherNames reads the names of what the bundle's events are about and by, as
// far as the scope covers it.
func (b *Bundle) gatherNames(ctx context.Context) error {
	orgs, keys, clients, setups := map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	org := func(ids ...string) {
		for _, id := range ids {
			if b.scope.Covers(tenancy.OrgID(id)) {
				orgs[id] = true
			}
		}
	}
	actor := func(text string) {
		if id, ok := strings.CutPrefix(text, tenancy.ActorKey); ok {
			keys[id] = true
		}
	}
	org(string(b.scope.Acting()), string(b.filter.Organization))
	actor(b.madeBy())
	for i := range b.read {
		env := &b.read[i].Envelope
		org(env.Org, env.ActingOrg)
		actor(env.Actor)
		if env.ObjectKind == history.ObjectOrganization {
			org(env.Object)
		}
		if env.ObjectKind == history.ObjectKey {
			keys[env.Object] = true
		}
	}
	for _, o := range b.objects {
		switch o.Kind {
		case history.ObjectClient:
			clients[o.ID] = true
		case history.ObjectSetup:
			setups[o.ID] = true
		}
	}
	b.names = names{Organizations: []namedOrganization{}, Keys: []namedKey{}, Clients: []namedClient{}}
	for part := range slices.Chunk(slices.Sorted(maps.Keys(keys)), idsAtOnce) {
		var rows []struct {
			ID   string `db:"key_id"`
			Org  string `db:"org_id"`
			Name string `db:"name"`
		}
		if err := b.rows(ctx, &rows, squirrel.Select("key_id, org_id, name").From("api_key").Where(squirrel.Eq{"key_id": part})); err != nil {
			return err
		}
		for _, r := range rows {
			if b.scope.Covers(tenancy.OrgID(r.Org)) {
				b.names.Keys = append(b.names.Keys, namedKey{r.ID, r.Name, r.Org})
				org(r.Org)
			}
		}
	}
	for part := range slices.Chunk(slices.Sorted(maps.Keys(orgs)), idsAtOnce) {
		var rows []struct {
			ID   string `db:"org_id"`
			Name string `db:"name"`
		}
		if err := b.rows(ctx, &rows, squirrel.Select("org_id, name").From("org_version v").Where(squirrel.Eq{"org_id": part}).
			Where("seq = (SELECT max(l.seq) FROM org_version l WHERE l.org_id = v.org_id)")); err != nil {
			return err
		}
		for _, r := range rows {
			b.names.Organizations = append(b.names.Organizations, namedOrganization{r.ID, r.Name})
		}
	}
	for part := range slices.Chunk(slices.Sorted(maps.Keys(clients)), idsAtOnce) {
		var rows []struct {
			ID       string `db:"entity_id"`
			ClientID string `db:"client_id"`
			Setup    string `db:"setup_id"`
		}
		if err := b.rows(ctx, &rows, squirrel.Select("entity_id, client_id, setup_id").From("entity").Where(squirrel.Eq{"entity_id": part})); err != nil {
			return err
		}
		for _, r := range rows {
			if !setups[r.Setup] {
				r.Setup = ""
			}
			b.names.Clients = append(b.names.Clients, namedClient{r.ID, r.ClientID, r.Setup})
		}
	}
	slices.SortFunc(b.names.Keys, func(a, b namedKey) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(b.names.Organizations, func(a, b namedOrganization) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(b.names.Clients, func(a, b namedClient) int { return cmp.Compare(a.ID, b.ID) })
	return nil
}

func (b *Bundle) rows(ctx context.Context, rows any, q squirrel.SelectBuilder) error {
	return b.exporter.DB.View(ctx, func(c *db.Conn) error { return c.SelectBuilt(rows, q) })
}

func (b *Bundle) namesFile(ctx context.Context, w io.Writer) error {
	if err := b.gatherNames(ctx); err != nil {
		return err
	}
	return writeLine(w, b.names)
}

// forPages are the names as the pages need them.
func (n names) forPages() pages.Names {
	p := pages.Names{Organizations: map[string]string{}, Keys: map[string]pages.Key{}, Clients: map[string]pages.Client{}}
	for _, o := range n.Organizations {
		p.Organizations[o.ID] = o.Name
	}
	for _, k := range n.Keys {
		p.Keys[k.ID] = pages.Key{Name: k.Name, Organization: k.Organization}
	}
	for _, c := range n.Clients {
		p.Clients[c.ID] = pages.Client{ClientID: c.ClientID, Setup: c.Setup}
	}
	return p
}

// about is what the manifest and the last checkpoint say to the pages.
func (m *manifest) about(last history.Checkpoint) pages.About {
	a := pages.About{Origin: m.Origin, MadeAt: m.MadeAt, MadeBy: m.MadeBy, MadeWith: m.MadeWith, Organization: m.Organization,
		Clients: m.Filter.Clients, Under: m.Filter.Organization, From: m.Filter.From, To: m.Filter.To,
		LogSize: m.LogSize, LogSigned: last.Signed.At, WholeLog: m.WholeLog, Erased: m.Erased, Withheld: m.Withheld, Snapshots: m.Snapshots}
	for _, o := range m.Objects {
		a.Objects = append(a.Objects, pages.Object{ID: o.ID, Kind: o.Kind, Owner: o.Owner, Part: o.Part != "", First: o.First, Last: o.Last, Count: o.Count, Total: o.Total})
	}
	return a
}

// forPages is an event as the pages need it.
func (e *event) forPages(env history.Envelope, commitment string) pages.Event {
	made := pages.Event{Index: e.Index, Envelope: env, Commitment: commitment, DetailGone: e.DetailGone}
	if e.Detail != nil {
		made.Detail = *e.Detail
	}
	return made
}
