package node

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"tenure/cmd/tenure/exit"
	"tenure/snapshots"
	"tenure/tenancy"
	"tenure/tenancy/history"
)

// tellTime is how long a node whose log was rolled back tries to tell that in the database.
const tellTime = 5 * time.Second

// standIn is a handler that can be replaced while requests run.
type standIn struct {
	now  atomic.Pointer[http.Handler]
	make func() http.Handler // from the node's stores
}

func (s *standIn) ServeHTTP(w http.ResponseWriter, r *http.Request) { (*s.now.Load()).ServeHTTP(w, r) }

func (s *standIn) mount() {
	h := s.make()
	s.now.Store(&h)
}

// mounted makes a handler that follows the node's stores.
func (n *Node) mounted(make func() http.Handler) http.Handler {
	s := &standIn{make: make}
	s.mount()
	n.mounts = append(n.mounts, s)
	return s
}

// rolledBack ends what this node does with a log that is not the one that it has seen:
// from the moment that it was found, nothing is answered, written or signed any more. It
// tells the other nodes, and returns the error that the program ends with. A node that is
// to stay goes on with reads, from what the database has, and the error is nil.
func (n *Node) rolledBack() error {
	found := n.Log.RolledBack()
	n.stop()
	n.background.Wait()
	n.programLog.Error().Str("code", history.CodeRolledBack).Int64("seen", found.Seen).Int64("found", found.Found).Bool("stays", n.stay).
		Msgf("the database was rolled back: %s; nothing is written or signed until tenure log new-origin", found)
	ctx, cancel := context.WithTimeout(context.Background(), tellTime)
	defer cancel()
	if err := n.tell(ctx); err != nil {
		n.programLog.Error().Err(err).Msg("the other nodes could not be told; each finds out what it has seen itself")
	}
	refused := exit.With(exit.Refused, fmt.Errorf("the database was rolled back: %s; see tenure log new-origin", found))
	if !n.stay || found.Replaced {
		return refused
	}
	if err := n.readOnly(); err != nil {
		n.programLog.Error().Err(err).Msg("the database cannot be read anew")
		return refused
	}
	return nil
}

// tell keeps in the database what was found, so that every node stops.
func (n *Node) tell(ctx context.Context) (err error) {
	for {
		if err = n.Log.Tell(ctx, n.stores.Log.Kept()); err == nil {
			return nil
		}
		select {
		case <-time.After(history.PollEvery):
		case <-ctx.Done():
			return err
		}
	}
}

// readOnly makes the stores anew from what the database has now, with nothing of what
// this process remembers. The committer and the publisher stay with the old log, so they
// go on to refuse.
func (n *Node) readOnly() error {
	ctx, cancel := context.WithTimeout(context.Background(), tellTime)
	defer cancel()
	log := history.New(nil, nil)
	log.AcceptRollback()
	if err := log.Reread(ctx, n.DB); err != nil {
		return err
	}
	ids := tenancy.NewIDs(nil)
	orgs, err := tenancy.Open(ctx, n.DB, log, ids)
	if err != nil {
		return err
	}
	clients, err := snapshots.Open(ctx, n.DB, log, ids, n.options)
	if err != nil {
		return err
	}
	running, stop := context.WithCancel(context.Background())
	n.stop = stop
	n.background.Go(func() {
		log.Follow(running, n.DB, n.tellPolls())
	})
	n.staying.Store(log)
	n.web.Tenancy, n.web.Accesses, n.web.Read = orgs, nil, nil
	n.stores.Tenancy, n.stores.Snapshots, n.stores.Await = orgs, clients, log.Await
	for _, s := range n.mounts {
		s.mount()
	}
	return nil
}
