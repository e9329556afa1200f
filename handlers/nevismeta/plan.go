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
// risks of that. name is how the object is found; a new one has none. secret is what
// becomes of a client's secret.
func tried[T document.Content](h *handler, c *web.Call, name *snapshots.Ref, secret secretChange,
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
		c.Show(string(found.ID))
	}
	result := difference(base, out)
	level, summary := result.Level(), diff.Markdown(&result)
	if secret == secretReplaced {
		level = max(level, diff.Sensitive)
		if result.Empty() {
			summary = ""
		}
		summary += "The client secret is replaced: who uses the old one is refused.\n"
	}
	p := planDoc{DryRun: true, Changes: out.Changed || secret != "", Base: text(string(out.Plan.Base)), Level: level.String(), Secret: text(string(secret)),
		Diff: diff.AppendRows(nil, result.Changes), Summary: summary, Later: make([]laterDoc, len(out.Plan.Later))}
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

// difference is what a write changes; of a client what is in force by it, with what
// the client leaves to the setup of that instant.
func difference[T document.Content](base *T, out snapshots.Outcome[T]) diff.Result {
	next, ok := any(out.Content).(*document.Client)
	if !ok {
		return diff.Of(base, out.Content, diff.Options{At: out.ValidFrom.Time()})
	}
	in := diff.InForce{Setup: out.Setup.Content, From: string(out.Setup.ID)}
	from, to := in, in
	from.Client, to.Client = any(base).(*document.Client), next
	return diff.Effective(from, to, out.ValidFrom.Time())
}

// secretChange says what a write does to a client's secret; empty for nothing.
type secretChange string

const (
	secretAdded    secretChange = "added"
	secretReplaced secretChange = "replaced"
)

// secretChangeOf is what a write with a secret does to the client that is there.
func (h *handler) secretChangeOf(c *web.Call, ref snapshots.Ref, secret *snapshots.NewSecret) (secretChange, error) {
	if secret == nil {
		return "", nil
	}
	has, err := h.Store.HasSecret(c.Request.Context(), c.Scope, ref, 0)
	if has {
		return secretReplaced, err
	}
	return secretAdded, err
}

// addsSecret is what the registration of a client does to its secret.
func addsSecret(secret *snapshots.NewSecret) secretChange {
	if secret == nil {
		return ""
	}
	return secretAdded
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
