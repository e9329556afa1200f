package node

import (
	"context"
	"fmt"

	"tenure/cmd/tenure/exit"
	"tenure/snapshots/evidence"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// EndorseKeys records an event for each key of the node that the log does not name
// yet. It is called behind Bootstrap, before anything is signed for others. A file none
// of whose keys the log knows, though it knows keys, is refused, and so is a node
// that has a key where the others have none, or none where they have one.
func (n *Node) EndorseKeys(ctx context.Context) error {
	if err := n.sameKeys(ctx); err != nil {
		return err
	}
	e := n.Tenancy.Operator("start of a server").Event(history.Event{Org: string(n.Tenancy.Root())})
	if err := n.stores.Log.Endorse(ctx, e); err != nil {
		return exit.With(endorseCode(err), fmt.Errorf("--log-key: %s", exit.Message(err)))
	}
	keys := n.stores.Evidence.Keys
	if keys == nil {
		return nil
	}
	origin, err := history.ReadOrigin(ctx, n.DB)
	if err == nil && origin != "" {
		err = keys.Endorse(ctx, n.DB, history.SignsEvidence, evidence.KeyName(origin), false, e)
	}
	if err != nil {
		return exit.With(endorseCode(err), fmt.Errorf("--evidence-key: %s", exit.Message(err)))
	}
	return nil
}

// endorseCode is the exit code for keys that the log refuses, or could not be asked about.
func endorseCode(err error) int {
	if fault.Is(err, fault.Conflict) {
		return exit.Refused
	}
	return exit.Database
}
