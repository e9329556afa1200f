package nevismeta

import (
	"context"
	"net/http"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/diff"
	"tenure/snapshots/document"
	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

// tried answers a write that is only tried: with what it would change, and the
// risks of that. name is how the object is found; a new one has none.
func tried[T document.Content](h *handler, c *web.Call, name *snapshots.Ref,
	write func(context.Context) (snapshots.Outcome[T], error)) (*web.Reply, error) {
	ctx := c.Request.Context()
	out, err := snapshots.Rehearse(ctx, write)
	if err != nil {
		return nil, err
	}
	var base *T
	if name != nil && out.Plan.Base != "" {
		found, err := snapshots.Snapshot[T](ctx, h.Store, c.Scope, snapshots.ByRef(*name), out.Plan.Base)
		if err != nil {
			return nil, err
		}
		base = found.Content
	}
	result := diff.Of(base, out.Content, diff.Options{At: out.ValidFrom.Time(), From: out.Setup.Content, To: out.Setup.Content})
	p := planDoc{DryRun: true, Changes: out.Changed, Base: text(string(out.Plan.Base)), Level: result.Level().String(),
		Diff: diff.AppendRows(nil, result.Changes), Summary: diff.Markdown(&result), Later: make([]laterDoc, len(out.Plan.Later))}
	if at := out.Plan.ValidFrom; at != nil {
		from := instant(*at)
		p.ValidFrom = &from
	}
	for i, l := range out.Plan.Later {
		p.Later[i] = laterDoc{string(l.ID), instant(l.ValidFrom)}
	}
	reply, err := web.JSON(http.StatusOK, p)
	if err == nil {
		reply.NoStore = true
	}
	return reply, err
}

// triedDeletion answers a deletion that is only tried: with what it would
// record.
func triedDeletion(c *web.Call, remove func(context.Context) error) (*web.Reply, error) {
	err := remove(db.Rehearsing(c.Request.Context()))
	events, ok := history.Rehearsed(err)
	if !ok {
		return nil, err
	}
	p := deletionDoc{DryRun: true, Events: make([]eventDoc, len(events))}
	for i, e := range events {
		p.Events[i] = eventDoc{string(e.Kind), e.Object, e.Org}
	}
	reply, err := web.JSON(http.StatusOK, p)
	if err == nil {
		reply.NoStore = true
	}
	return reply, err
}
