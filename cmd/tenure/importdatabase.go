package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/rs/zerolog"

	"tenure/handlers/ory"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// hydraSurface is the API that imported clients count as registered by.
const hydraSurface = "hydra"

// databaseTarget writes into a database that no server uses.
type databaseTarget struct {
	node  *node
	setup snapshots.Entity
	owner tenancy.OrgID // empty for the setup's
	dry   bool
	drop  string // folder that goes with the target
}

// openDatabaseTarget opens the database and makes a new one ready as serve
// does. A rehearsal into a new one uses one that goes away.
func openDatabaseTarget(ctx context.Context, f importFlags, report *importReport) (importTarget, error) {
	d := &databaseTarget{dry: f.dryRun}
	cfg := nodeConfig{database: f.database, secretsKey: f.secretsKey, logKey: noLogKey, log: zerolog.Nop()}
	if d.dry {
		cfg.secretsKey = sealingNone // and so no key is made
		if err := d.elsewhere(&cfg); err != nil {
			return nil, err
		}
	}
	var err error
	if d.node, err = openNode(ctx, cfg); err != nil {
		return nil, errors.Join(err, d.close())
	}
	if err := d.choose(ctx, f, report); err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

// elsewhere takes another file for a SQLite database that is not there.
func (d *databaseTarget) elsewhere(cfg *nodeConfig) error {
	if strings.Contains(cfg.database, "://") {
		return hasSchema(cfg.database)
	}
	if info, err := os.Stat(cfg.database); err == nil && info.Size() > 0 {
		return nil
	}
	var err error
	if d.drop, err = os.MkdirTemp("", "tenure-dry-run-"); err != nil {
		return err
	}
	cfg.database = filepath.Join(d.drop, "tenure.db")
	return nil
}

// hasSchema refuses an empty database: opening it to write would make the
// tables, and a rehearsal writes nothing.
func hasSchema(dsn string) error {
	d, err := db.Open(context.Background(), dsn, db.Options{ReadOnly: true})
	if err != nil {
		return &exit{exitDatabase, err}
	}
	return d.Close()
}

// choose finds the setup and the owner.
func (d *databaseTarget) choose(ctx context.Context, f importFlags, report *importReport) error {
	if d.node.tenancy.Root() == "" && d.dry && d.drop == "" {
		return &exit{exitDatabase, errors.New("the database has no organization yet; start tenure serve on it once")}
	}
	if !d.dry || d.drop != "" {
		key, err := d.node.bootstrap(ctx, "root")
		if err != nil {
			return &exit{exitDatabase, err}
		}
		if key != "" && d.drop == "" {
			report.key(key)
		}
	}
	if err := d.chooseOwner(f.owner); err != nil {
		return &exit{exitUsage, err}
	}
	setup := snapshots.EntityID(f.setup)
	if setup == "" {
		above := d.owner
		if above == "" {
			above = d.node.tenancy.Root()
		}
		setup = snapshots.EntityID(d.node.tenancy.DefaultSetup(above))
	}
	found, err := snapshots.Resolve[document.Setup](ctx, d.node.snapshots, d.scope(), snapshots.ByEntity(setup), snapshots.Instant{})
	if err != nil {
		return &exit{exitUsage, fmt.Errorf("--setup %s: %s", setup, message(err))}
	}
	d.setup = found.Entity
	return nil
}

// chooseOwner takes an organization's id, or a name that only one has.
func (d *databaseTarget) chooseOwner(named string) error {
	if named == "" {
		return nil
	}
	orgs, err := d.node.tenancy.Organizations(d.scope())
	if err != nil {
		return err
	}
	var found []tenancy.OrgID
	for _, o := range orgs {
		if string(o.ID) == named {
			d.owner = o.ID
			return nil
		}
		if o.Name == named {
			found = append(found, o.ID)
		}
	}
	if len(found) != 1 {
		return fmt.Errorf("--owner %s: %d organizations have that name; give an id", named, len(found))
	}
	d.owner = found[0]
	return nil
}

func (d *databaseTarget) scope() tenancy.Scope {
	return d.node.tenancy.Operator("import of Hydra's clients")
}

func (d *databaseTarget) close() error {
	var err error
	if d.node != nil {
		err = d.node.close()
	}
	if d.drop != "" {
		err = errors.Join(err, os.RemoveAll(d.drop))
	}
	return err
}

// put edits the client that bears the id, or creates it.
func (d *databaseTarget) put(ctx context.Context, c hydraClient) (importResult, error) {
	r, err := d.bring(ctx, c)
	if err == nil {
		return r, nil
	}
	switch fault.Of(err).Kind {
	case fault.Internal, fault.Unavailable, fault.Timeout:
		return r, fmt.Errorf("client %d, %s: %s", c.number, printable(c.id), message(err))
	}
	return c.refused(err), nil
}

func (d *databaseTarget) bring(ctx context.Context, c hydraClient) (importResult, error) {
	faults := append(document.CheckClientID(c.id, false), ory.CheckSecret(c.body.ClientSecret)...)
	held, bad := d.held(c)
	if err := fault.Rules(append(faults, bad...)); err != nil {
		return importResult{}, err
	}
	w := databaseWrite{databaseTarget: d, client: c, held: held}
	e, state, err := d.node.snapshots.Find(ctx, d.scope(), snapshots.ByClientID("", d.setup.ID, c.id))
	switch {
	case fault.Is(err, fault.NotFound):
		return w.create(ctx)
	case err != nil:
		return importResult{}, err
	case state == snapshots.Deleted: // bringing it back would revive its secrets
		r := c.result(resultUnchanged)
		r.Note = "deleted here, and left so"
		return r, nil
	}
	return w.edit(ctx, e)
}

// held makes ready the secrets of which the file has the hashes.
func (d *databaseTarget) held(c hydraClient) (held []*snapshots.NewSecret, faults []fault.Field) {
	for i, hash := range c.hashes {
		n, err := d.node.snapshots.ImportedSecret(hash)
		if err != nil {
			path := "/client_secret"
			if i > 0 {
				path = fmt.Sprintf("/rotated_secrets/%d", i-1)
			}
			faults = append(faults, fault.Field{Path: path, Rule: "import", Message: fault.Of(err).Fields[0].Message})
			continue
		}
		held = append(held, n)
	}
	return held, faults
}

// databaseWrite is one client on its way.
type databaseWrite struct {
	*databaseTarget
	client  hydraClient
	held    []*snapshots.NewSecret
	changed []string // of the client that was there
}

func (w *databaseWrite) change() snapshots.Change[document.Client] {
	return snapshots.Change[document.Client]{Rules: ory.Rules(), Held: w.held, Rehearse: w.dry,
		Apply: func(base *document.Client, setup *document.Setup) (*document.Client, error) {
			next, faults := w.client.body.Apply(base, setup)
			if base != nil {
				w.changed = document.Changed(base, next)
			}
			return next, fault.Rules(faults)
		}}
}

func (w *databaseWrite) create(ctx context.Context) (importResult, error) {
	ch, r := w.change(), w.client.result(resultCreated)
	since := w.since()
	ch.Imported = &since
	if w.client.body.ClientSecret != "" {
		r.Secrets = 1
		if err := w.choose(&ch); err != nil {
			return r, err
		}
	}
	out, err := w.node.snapshots.CreateClient(ctx, w.scope(), snapshots.NewClient{Module: w.setup.Module, Setup: w.setup.ID,
		ClientID: w.client.id, Owner: w.owner, Surface: hydraSurface}, ch)
	if err != nil {
		return r, err
	}
	r.Secrets += out.Secrets
	if r.Secrets == 0 && ory.TakesSecret(out.Content.TokenEndpointAuthMethod) {
		r.Note = "the file has no secret of it: rotate one in"
	}
	return r, nil
}

// since is when what the file has took effect.
func (w *databaseWrite) since() history.Millis {
	at := w.client.body.UpdatedAt
	if at.IsZero() {
		at = w.client.body.CreatedAt
	}
	if at.IsZero() {
		return 0
	}
	return history.Millis(at.UnixMilli())
}

// choose makes the secret that the file has in clear.
func (w *databaseWrite) choose(ch *snapshots.Change[document.Client]) (err error) {
	if !w.dry {
		ch.Secret, err = w.node.snapshots.ChosenSecret(w.client.body.ClientSecret)
	}
	return err
}

func (w *databaseWrite) edit(ctx context.Context, e snapshots.Entity) (importResult, error) {
	ref := e.Ref()
	ch, r, secret := w.change(), w.client.result(resultUnchanged), false
	if w.owner != "" && e.Owner != w.owner {
		return r, refuse("/owner", "the client belongs to another organization than --owner says")
	}
	if plain := w.client.body.ClientSecret; plain != "" {
		same, err := w.node.snapshots.SecretMatches(ctx, w.scope(), ref, plain, 0)
		if secret = !same; secret && err == nil {
			err = w.choose(&ch)
		}
		if err != nil {
			return r, err
		}
	}
	out, err := snapshots.Edit(ctx, w.node.snapshots, w.scope(), ref, ch)
	if err != nil {
		return r, err
	}
	r.Changed, r.Secrets = w.changed, out.Secrets
	if secret {
		r.Secrets++
	}
	if r.Secrets > 0 {
		r.Changed = append(r.Changed, "client_secret")
	}
	if len(r.Changed) > 0 {
		r.Result = resultUpdated
	}
	return r, nil
}
