package api

import (
	"encoding/hex"
	"net/http"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/tenancy/fault"
)

// proof proves that a snapshot is in the log, offline and to anybody.
func (h objects[T]) proof(c *web.Call) (*web.Reply, error) {
	leaf, err := h.Snapshots.LeafOf(c.Request.Context(), c.Scope, h.kind, entityID(c), snapshots.SnapshotID(c.Var("snapshot")))
	if err != nil {
		return nil, err
	}
	if h.Log == nil {
		return nil, errNoLog()
	}
	receipt, err := h.Log.Receipt(c.Request.Context(), leaf.Index)
	if err != nil {
		return nil, err
	}
	return web.JSON(http.StatusOK, proof{leaf.Index, string(leaf.Envelope), hex.EncodeToString(leaf.Salt), string(receipt)})
}

// consistency proves that the log only grew since a size.
func (h *handler) consistency(c *web.Call) (*web.Reply, error) {
	from := c.Int("from", 0)
	if h.Log == nil {
		return nil, errNoLog()
	}
	hashes, root, checkpoint, err := h.Log.Consistency(c.Request.Context(), from)
	if err != nil {
		return nil, err
	}
	wire := consistency{From: from, Root: root.String(), Checkpoint: string(checkpoint.Note), Hashes: []string{}}
	for _, h := range hashes {
		wire.Hashes = append(wire.Hashes, h.String())
	}
	return web.JSON(http.StatusOK, wire)
}

func errNoLog() error {
	return fault.New(fault.NotFound, "log", "this server has no key for its log, and publishes no checkpoint")
}
