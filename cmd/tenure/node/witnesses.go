package node

import (
	"context"
	"time"

	"tenure/snapshots/evidence"
	"tenure/tenancy/history"
	"tenure/tenancy/history/witness"
)

// cosignEvery is how often a node looks for a checkpoint that a witness has not cosigned.
const cosignEvery = 5 * time.Second

// addWitnesses has the log's checkpoints cosigned: regularly, and before a bundle is made.
func (n *Node) addWitnesses(peers []witness.Peer, log *history.Publisher, x *evidence.Exporter) {
	if len(peers) == 0 {
		return
	}
	n.cosigner = witness.New(log, peers, time.Now, func(key string, err error) {
		if err != nil {
			n.programLog.Error().Str("witness", key).Err(err).Msg("a witness does not cosign the log, which is published all the same")
			return
		}
		n.programLog.Info().Str("witness", key).Msg("the witness cosigns the log again")
	})
	x.Cosign = n.cosigner.Ask
}

// cosign regularly has the newest checkpoint cosigned.
func (n *Node) cosign(ctx context.Context) {
	n.regularly(ctx, cosignEvery, "reading the checkpoint for the witnesses", func() error { return n.cosigner.Round(ctx) })
}
