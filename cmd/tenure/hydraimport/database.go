package hydraimport

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"tenure/cmd/tenure/exit"
	"tenure/cmd/tenure/node"
	"tenure/handlers/ory"
	"tenure/snapshots"
	"tenure/snapshots/credential"
	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// surface is the API that imported clients are registered by.
const surface = "hydra"

// How often a client is put again while the store has no room, and when.
const (
	busyTries = 100
	busyPause = 100 * time.Millisecond
)

// cacheBytes is what an import keeps of rows: it reads hardly any twice.
const cacheBytes = 8 << 20

// databaseTarget writes into a database that no server uses.
type databaseTarget struct {
	node      *node.Node
	setup     snapshots.Entity
	owner     tenancy.OrgID // of new clients; empty for the setup's owner
	dry       bool
	maxCost   int         // of bcrypt hashes
	unseen    atomic.Bool // the client before was new here: the next may be, too
	temporary string      // folder to delete at the end; empty for none
}

// openDatabaseTarget opens the database, and prepares a new one as serve does. A
// dry run into a new one uses a temporary one.
func openDatabaseTarget(ctx context.Context, f Options, report *report) (target, error) {
	d := &databaseTarget{dry: f.DryRun, maxCost: int(cmp.Or(f.MaxCost, DefaultCost))}
	cfg := node.Config{Database: f.Database, SecretsKey: f.SecretsKey, CacheBytes: cacheBytes, Batch: min(f.Jobs, maxBatch), LogKey: node.None, Log: zerolog.Nop()}
	if d.dry {
		cfg.SecretsKey = node.None // no key file is created
		if err := d.useTemporary(&cfg); err != nil {
			return nil, err
		}
	}
	var err error
	if d.node, err = node.Open(ctx, cfg); err != nil {
		return nil, errors.Join(err, d.close())
	}
	if err := d.prepare(ctx, f, report); err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

// useTemporary uses a temporary file if the SQLite database does not exist.
func (d *databaseTarget) useTemporary(cfg *node.Config) error {
	if db.DialectOf(cfg.Database) != db.SQLite {
		return node.RequireSchema(cfg.Database)
	}
	if info, err := os.Stat(db.Beside(cfg.Database, "")); err == nil && info.Size() > 0 {
		return nil
	}
	var err error
	if d.temporary, err = os.MkdirTemp("", "tenure-dry-run-"); err != nil {
		return err
	}
	cfg.Database = filepath.Join(d.temporary, "tenure.db")
	return nil
}

// prepare finds the setup and the owner; an empty database is filled first.
func (d *databaseTarget) prepare(ctx context.Context, f Options, report *report) error {
	if d.node.Tenancy.Root() == "" && d.dry && d.temporary == "" {
		return exit.With(exit.Database, errors.New("the database is empty: start tenure serve on it once"))
	}
	if !d.dry || d.temporary != "" {
		key, err := d.node.Bootstrap(ctx, "root")
		if err != nil {
			return exit.With(exit.Database, err)
		}
		if key != "" && d.temporary == "" {
			report.key(key)
		}
	}
	if err := d.findOwner(f.Owner); err != nil {
		return exit.With(exit.Usage, err)
	}
	setup := snapshots.EntityID(f.Setup)
	if setup == "" {
		owner := d.owner
		if owner == "" {
			owner = d.node.Tenancy.Root()
		}
		setup = snapshots.EntityID(d.node.Tenancy.DefaultSetup(owner))
	}
	var err error
	if d.setup, err = d.node.Snapshots.Mounted(ctx, d.scope(), "", setup); err != nil {
		return exit.With(exit.Usage, fmt.Errorf("--setup %s: %s", setup, exit.Message(err)))
	}
	return nil
}

// findOwner finds an organization by its id, or by a name that only one has.
func (d *databaseTarget) findOwner(named string) error {
	if named == "" {
		return nil
	}
	orgs, err := d.node.Tenancy.Organizations(d.scope())
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
	if len(found) == 0 {
		return fmt.Errorf("--owner %s: no organization has that name or id", named)
	}
	if len(found) != 1 {
		return fmt.Errorf("--owner %s: %d organizations have that name: give an id", named, len(found))
	}
	d.owner = found[0]
	return nil
}

func (d *databaseTarget) scope() tenancy.Scope {
	return d.node.Tenancy.Operator("import of Hydra's clients")
}

func (d *databaseTarget) close() error {
	var err error
	if d.node != nil {
		err = d.node.Close()
	}
	if d.temporary != "" {
		err = errors.Join(err, os.RemoveAll(d.temporary))
	}
	return err
}

// put updates the client with the id, or creates it.
func (d *databaseTarget) put(ctx context.Context, c sourceClient) (result, error) {
	r, err := d.write(ctx, c)
	for try := 1; fault.Is(err, fault.Throttled) && try < busyTries; try++ {
		time.Sleep(busyPause) // the others under way have taken all the room that the store has for one organization
		r, err = d.write(ctx, c)
	}
	if err == nil {
		return r, nil
	}
	switch fault.Of(err).Kind {
	case fault.Internal, fault.Unavailable, fault.Timeout:
		return r, fmt.Errorf("client %d, %s: %s", c.number, printable(c.id), exit.Message(err))
	}
	return c.refused(err), nil
}

func (d *databaseTarget) write(ctx context.Context, c sourceClient) (result, error) {
	faults := append(document.CheckClientID(c.id, false), ory.CheckSecret(c.body.ClientSecret)...)
	secrets, bad := d.secretsOf(c)
	if err := fault.Rules(append(faults, bad...)); err != nil {
		return result{}, err
	}
	w := databaseWrite{databaseTarget: d, client: c, secrets: secrets}
	if d.unseen.Load() && c.body.ClientSecret == "" { // a secret would be hashed in vain
		r, err := w.create(ctx)
		if err == nil || fault.Of(err).Code != fault.CodeIDTaken {
			return r, err
		}
	}
	e, state, err := d.node.Snapshots.Find(ctx, d.scope(), snapshots.ByClientID("", d.setup.ID, c.id))
	switch {
	case fault.Is(err, fault.NotFound):
		d.unseen.Store(true)
		return w.create(ctx)
	case err != nil:
		return result{}, err
	}
	d.unseen.Store(false)
	if state == snapshots.Deleted { // creating it again would make its secrets valid again
		r := c.result(resultUnchanged)
		r.Note = "deleted here, and stays deleted"
		return r, nil
	}
	if d.owner != "" && e.Owner != d.owner {
		return result{}, invalid("/owner", "the client belongs to another organization than --owner")
	}
	if same, err := w.same(ctx, e); same || err != nil {
		return c.result(resultUnchanged), err
	}
	return w.edit(ctx, e)
}

// secretsOf makes secrets of the hashes in the file.
func (d *databaseTarget) secretsOf(c sourceClient) (secrets []*snapshots.NewSecret, faults []fault.Field) {
	for i, hash := range c.hashes {
		n, err := d.node.Snapshots.ImportedSecret(hash, d.maxCost)
		if err != nil {
			path := "/client_secret"
			if i > 0 {
				path = fmt.Sprintf("/rotated_secrets/%d", i-1)
			}
			why := fault.Of(err).Fields[0].Message
			var costly *credential.CostError
			if errors.As(err, &costly) && costly.Cost <= MostCost {
				why += fmt.Sprintf(": --max-cost %d", costly.Cost)
			}
			faults = append(faults, fault.Field{Path: path, Rule: "import", Message: why})
			continue
		}
		secrets = append(secrets, n)
	}
	return secrets, faults
}

// databaseWrite writes one client.
type databaseWrite struct {
	*databaseTarget
	client  sourceClient
	secrets []*snapshots.NewSecret
	changed []string // members of the existing client that differ
}

func (w *databaseWrite) change() snapshots.Change[document.Client] {
	return snapshots.Change[document.Client]{Rules: ory.Rules(), Held: w.secrets, WeakKeys: true,
		Apply: func(base *document.Client, setup *document.Setup) (*document.Client, error) {
			w.client.waits()
			next, faults := w.client.body.ToDomain(base, setup)
			if base != nil {
				w.changed = document.Changed(base, next)
			}
			return next, fault.Rules(faults)
		}}
}

// run makes a change, or rehearses it.
func (w *databaseWrite) run(ctx context.Context, change func(context.Context) (snapshots.Outcome[document.Client], error)) (snapshots.Outcome[document.Client], error) {
	if w.dry {
		return snapshots.Rehearse(ctx, change)
	}
	return change(ctx)
}

func (w *databaseWrite) create(ctx context.Context) (result, error) {
	ch, r := w.change(), w.client.result(resultCreated)
	since := w.since()
	ch.Imported = &since
	if w.client.body.ClientSecret != "" {
		r.Secrets = 1
		if err := w.chosenSecret(ctx, &ch); err != nil {
			return r, err
		}
	}
	out, err := w.run(ctx, func(ctx context.Context) (snapshots.Outcome[document.Client], error) {
		return w.node.Snapshots.CreateClient(ctx, w.scope(), snapshots.NewClient{Module: w.setup.Module, Setup: w.setup.ID,
			ClientID: w.client.id, Owner: w.owner, Surface: surface, First: true}, ch)
	})
	if err != nil {
		return r, err
	}
	r.Secrets += out.Secrets
	r.warn(out.Warnings)
	if r.Secrets == 0 && ory.TakesSecret(out.Content.TokenEndpointAuthMethod) {
		r.Note = "its secret is not in the file: rotate one in"
	}
	return r, nil
}

// since is the instant from which the file's configuration was in force; 0 if
// unknown.
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

// chosenSecret makes the secret that the file has in clear.
func (w *databaseWrite) chosenSecret(ctx context.Context, ch *snapshots.Change[document.Client]) (err error) {
	if !w.dry {
		ch.Secret, err = w.node.Snapshots.ChosenSecret(ctx, w.client.body.ClientSecret)
	}
	return err
}

// same reports whether the client is as the file has it already. That takes no
// transaction, and is most of what a run does that goes on where another ended. What
// is hard to tell, edit finds out.
func (w *databaseWrite) same(ctx context.Context, e snapshots.Entity) (bool, error) {
	if w.client.body.ClientSecret != "" {
		return false, nil
	}
	found, err := snapshots.Resolve[document.Client](ctx, w.node.Snapshots, w.scope(), snapshots.ByRef(e.Ref()), snapshots.Instant{})
	if err != nil {
		return false, nil
	}
	next, faults := w.client.body.ToDomain(found.Content, found.Setup.Content)
	if len(faults) > 0 || len(document.Changed(found.Content, next)) > 0 {
		return false, nil
	}
	return w.node.Snapshots.HadSecrets(ctx, w.scope(), e.Ref(), w.secrets)
}

func (w *databaseWrite) edit(ctx context.Context, e snapshots.Entity) (result, error) {
	ref := e.Ref()
	ch, r, secret := w.change(), w.client.result(resultUnchanged), false
	if plain := w.client.body.ClientSecret; plain != "" {
		same, err := w.node.Snapshots.SecretMatches(ctx, w.scope(), ref, plain, 0)
		if secret = !same; secret && err == nil {
			err = w.chosenSecret(ctx, &ch)
		}
		if err != nil {
			return r, err
		}
	}
	out, err := w.run(ctx, func(ctx context.Context) (snapshots.Outcome[document.Client], error) {
		return snapshots.Edit(ctx, w.node.Snapshots, w.scope(), ref, ch)
	})
	if err != nil {
		return r, err
	}
	r.Changed, r.Secrets = w.changed, out.Secrets
	r.warn(out.Warnings)
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
