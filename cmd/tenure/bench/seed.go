package bench

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"tenure/cmd/tenure/demo"
	"tenure/cmd/tenure/exit"
	"tenure/cmd/tenure/node"
	"tenure/handlers/ory"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/fault"
)

// Bounds of the seeding.
const (
	seedWriters = 256    // as many as a batch of the committer takes
	seedPart    = 10_000 // clients after which the state is written
	seedKeys    = 4      // RSA keys; every chain has a leaf certificate of its own
)

// seeding fills a database in process, before a server runs on it.
type seeding struct {
	*state
	node   *node.Node
	scope  tenancy.Scope
	orgs   []tenancy.OrgID // who owns clients
	deep   tenancy.OrgID   // the lowest organization
	issuer *demo.Issuer
	keys   []*rsa.PrivateKey
	say    func(string)
}

// seed opens the database and brings it to at least the clients that are asked for. A
// database that is not empty must be that of the state.
func seed(ctx context.Context, cfg node.Config, s *state, clients, organizations int, say func(string)) (err error) {
	n, err := node.Open(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.Close()) }()
	switch root := n.Tenancy.Root(); {
	case root != s.Root:
		return exit.With(exit.Usage, errors.New("the database must be empty, or seeded by an earlier run with the same --keep"))
	case root != "" && s.Organizations != organizations:
		return exit.With(exit.Usage, fmt.Errorf("the database has %d organizations: --organizations must say so", s.Organizations))
	}
	w := &seeding{state: s, node: n, say: say}
	if s.Root == "" {
		if s.Admin, err = n.Bootstrap(ctx, "bench"); err != nil {
			return err
		}
	}
	w.scope = n.Tenancy.Operator("benchmark") // it acts for the root, which is there now
	if s.Root == "" {
		if err := w.install(ctx, organizations); err != nil {
			return err
		}
	}
	if s.Clients >= clients {
		return nil
	}
	return w.fill(ctx, clients)
}

// install makes what is beside clients: the setup, the tree, the keys.
func (w *seeding) install(ctx context.Context, organizations int) (err error) {
	w.Root, w.Module = w.node.Tenancy.Root(), snapshots.DefaultModule
	w.Setup = snapshots.EntityID(w.node.Tenancy.DefaultSetup(w.Root))
	policy := snapshots.DefaultPolicy()
	policy.Registration, policy.OpenFinanceProfile = snapshots.RegistrationOpen, snapshots.ProfilePlain
	if err := w.node.Snapshots.SetPolicy(ctx, w.scope, w.Module, w.Setup, policy); err != nil {
		return err
	}
	if w.Reader, err = w.makeReader(ctx, "reader"); err != nil {
		return err
	}
	for len(w.Finance) < financeKeys {
		key, err := w.makeReader(ctx, fmt.Sprintf("open finance %d", len(w.Finance)))
		if err != nil {
			return err
		}
		w.Finance = append(w.Finance, key)
	}
	if err := w.makeTree(ctx, organizations); err != nil {
		return err
	}
	w.Organizations = organizations
	return w.write(0)
}

func (w *seeding) makeReader(ctx context.Context, name string) (string, error) {
	_, text, err := w.node.Tenancy.CreateKey(ctx, w.scope, tenancy.NewKey{Org: w.Root, Name: name, Role: tenancy.Reader})
	return text, err
}

// makeTree makes a path from the root to the greatest depth, and beside it a tree in
// which every organization has ten below it.
func (w *seeding) makeTree(ctx context.Context, organizations int) error {
	made := []tenancy.OrgID{w.Root}
	parent := w.Root
	for depth := 2; depth <= tenancy.MaxDepth && len(made) < organizations; depth++ {
		o, err := w.node.Tenancy.CreateOrganization(ctx, w.scope, parent, fmt.Sprintf("depth-%02d", depth))
		if err != nil {
			return err
		}
		parent, made = o.ID, append(made, o.ID)
	}
	wide := []tenancy.OrgID{w.Root}
	for len(made) < organizations { // one level of the tree
		level := make([]tenancy.OrgID, min(10*len(wide), organizations-len(made)))
		err := parallel(ctx, len(level), func(i int) error {
			o, err := w.node.Tenancy.CreateOrganization(ctx, w.scope, wide[i/10], fmt.Sprintf("org-%06d", len(made)+i))
			level[i] = o.ID
			return err
		})
		if err != nil {
			return err
		}
		made, wide = append(made, level...), level
		w.say(fmt.Sprintf("%d organizations", len(made)))
	}
	return nil
}

// fill makes clients until there are enough, in parts that a later run need not repeat.
func (w *seeding) fill(ctx context.Context, clients int) error {
	if err := w.prepare(); err != nil {
		return err
	}
	start, before := time.Now(), w.Clients
	for w.Clients < clients {
		from, to := w.Clients, min(clients, w.Clients+seedPart)
		if from == 0 {
			to = firstPlain
		}
		w.entities = append(w.entities, make([]byte, (to-from)*idBytes)...)
		if err := parallel(ctx, to-from, func(i int) error { return w.makeClient(ctx, from+i) }); err != nil {
			return err
		}
		w.Clients = to
		if err := w.write(from); err != nil {
			return err
		}
		if to > firstPlain {
			w.say(fmt.Sprintf("%d of %d clients seeded, %.0f/s", to, clients, float64(to-before)/time.Since(start).Seconds()))
		}
	}
	return nil
}

// prepare finds the organizations and makes the keys of the chains.
func (w *seeding) prepare() (err error) {
	orgs, err := w.node.Tenancy.Organizations(w.scope)
	if err != nil {
		return err
	}
	for _, o := range orgs {
		w.orgs = append(w.orgs, o.ID)
	}
	w.deep = w.orgs[len(w.orgs)-1] // they are sorted by depth
	if w.issuer, err = demo.NewIssuer(); err == nil {
		w.keys, err = makeKeys()
	}
	return err
}

func makeKeys() (keys []*rsa.PrivateKey, err error) {
	for range seedKeys {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// makeClient makes one client. One that a part made which was interrupted is found.
func (w *seeding) makeClient(ctx context.Context, i int) error {
	n := snapshots.NewClient{Module: w.Module, Setup: w.Setup, ClientID: clientID(i), Owner: w.ownerOf(i), Surface: "hydra"}
	var jwks document.JWKS
	if hasChain(i) {
		set, err := w.issuer.KeySet(fmt.Sprintf("c%d.clients", i), w.keys[i/chainEvery%len(w.keys)])
		if err != nil {
			return err
		}
		parsed, faults := document.ParseJWKS(set)
		if err := fault.Rules(faults); err != nil {
			return err
		}
		jwks = parsed
	}
	doc := documentOf(i, jwks)
	change := snapshots.Change[document.Client]{Apply: func(*document.Client, *document.Setup) (*document.Client, error) { return doc, nil }}
	switch i {
	case ownClient:
		change.Token = ory.NewToken(w.node.Snapshots, w.node.Tenancy.IDs())
	case financeClient:
		n.Surface = "openfinance"
	case secretClient:
		secret, err := w.node.Snapshots.GenerateSecret(w.node.Tenancy.IDs().Hex())
		if err != nil {
			return err
		}
		change.Secret = secret
	}
	made, err := w.node.Snapshots.CreateClient(ctx, w.scope, n, change)
	id := made.Entity.ID
	if i >= firstPlain && fault.HasCode(err, fault.CodeIDTaken) {
		var there snapshots.Entity
		there, _, err = w.node.Snapshots.Find(ctx, w.scope, snapshots.ByClientID("", w.Setup, n.ClientID))
		id = there.ID
	}
	if err != nil {
		return fmt.Errorf("client %d: %s", i, exit.Message(err))
	}
	if change.Token != nil {
		w.Token = change.Token.Text
	}
	_, err = hex.Decode(w.entities[i*idBytes:(i+1)*idBytes], []byte(id))
	return err
}

// ownerOf spreads clients over the organizations.
func (w *seeding) ownerOf(i int) tenancy.OrgID {
	switch i {
	case deepClient:
		return w.deep
	case shallowClient:
		return w.orgs[1]
	}
	return w.orgs[i*7919%len(w.orgs)]
}

// parallel does n things, many at a time; the first failure ends it.
func parallel(ctx context.Context, n int, do func(i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var done sync.WaitGroup
	for range min(n, seedWriters) {
		done.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				if err := do(i); err != nil {
					cancel(err)
					return
				}
			}
		})
	}
	done.Wait()
	return context.Cause(ctx)
}
