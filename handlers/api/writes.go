package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"time"

	evanphx "github.com/evanphx/json-patch/v5"

	"tenure/handlers/jsonpatch"
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/diff"
	"tenure/snapshots/document"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// changing is a write of an object on its way.
type changing[T document.Content] struct {
	ref    snapshots.Ref
	to     snapshots.SnapshotID // of a rollback
	change snapshots.Change[T]
	notes  *[]fault.Field // values that are stored in another form; set when the change was made
}

// publish appends a snapshot.
func (h objects[T]) publish(c *web.Call) (*web.Reply, error) { return h.write(c, readWrite[T], false) }

// plan says what publish would do.
func (h objects[T]) plan(c *web.Call) (*web.Reply, error) { return h.write(c, readWrite[T], true) }

// rollback appends a snapshot with the content of an earlier one.
func (h objects[T]) rollback(c *web.Call) (*web.Reply, error) {
	return h.write(c, readRollback[T], false)
}

func (h objects[T]) write(c *web.Call, read func(write) (changing[T], error), rehearse bool) (*web.Reply, error) {
	var in write
	if err := c.JSON(&in, strict); err != nil {
		return nil, err
	}
	if err := c.Because(in.Reason); err != nil {
		return nil, err
	}
	w, err := read(in)
	if err != nil {
		return nil, err
	}
	if err := w.when(in); err != nil {
		return nil, err
	}
	if w.change.Match, err = web.Match(c); err != nil {
		return nil, err
	}
	if w.ref, err = h.ref(c); err != nil {
		return nil, err
	}
	if rehearse || c.DryRun() {
		p, err := h.planned(c, w)
		if err != nil {
			return nil, err
		}
		return web.JSON(http.StatusOK, p)
	}
	out, lost, err := h.run(c.Request.Context(), c, w)
	var moved *snapshots.ErrMoved
	if errors.As(err, &moved) {
		return h.moved(c, w, err)
	}
	if err != nil {
		return nil, err
	}
	wire, err := fromObject(c.Scope, out.Resolved, nil)
	if err != nil {
		return nil, err
	}
	answer := written{Changed: out.Changed, NotRevived: fromLost(lost), Warnings: w.warnings(out)}
	switch h.kind {
	case snapshots.KindSetup:
		answer.Setup = wire
	case snapshots.KindResourceServer:
		answer.ResourceServer = wire
	default:
		answer.Client = wire
	}
	reply, err := web.JSON(http.StatusOK, answer)
	if err != nil {
		return nil, err
	}
	reply.Header = web.SnapshotHeaders(string(out.ID), out.ValidFrom.Time(), out.RecordedAt.Time(), out.Entity.Owner)
	return web.Planned(reply, c.Scope, out.NextValidFrom), nil
}

// readWrite reads what publish is to make: exactly one of three members.
func readWrite[T document.Content](in write) (changing[T], error) {
	w := changing[T]{notes: new([]fault.Field)}
	given := 0
	for _, m := range []struct {
		raw   json.RawMessage
		apply func(base, raw []byte) ([]byte, error)
		path  string
	}{
		{in.Configuration, func(_, raw []byte) ([]byte, error) { return raw, nil }, "/configuration"},
		{in.Patch, patched, "/patch"}, {in.Merge, evanphx.MergePatch, "/merge"},
	} {
		if m.raw == nil {
			continue
		}
		given++
		w.change.Apply = func(base *T, _ *document.Setup) (*T, error) {
			if base == nil {
				base = new(T)
			}
			raw, err := m.apply(configuration(base), m.raw)
			if err != nil {
				return nil, fault.At(m.path, "patch", "it does not apply: %s", err)
			}
			doc, notes, faults := document.Parse(raw, base)
			*w.notes = notes
			return document.Once(doc, base), fault.Rules(faults)
		}
	}
	if given != 1 || in.To != "" {
		return w, fault.At("", "one-of", "send exactly one of configuration, patch and merge")
	}
	return w, nil
}

func patched(base, raw []byte) ([]byte, error) {
	var operations []jsonpatch.Operation
	if err := json.Unmarshal(raw, &operations); err != nil {
		return nil, errors.New("it must be a list of operations (RFC 6902)")
	}
	if err := (jsonpatch.Dialect{}).Check(operations); err != nil {
		return nil, err
	}
	root, err := jsonpatch.Decode(base)
	if err != nil {
		return nil, err
	}
	after, err := jsonpatch.Dialect{}.Apply(root, operations)
	if err != nil {
		return nil, err
	}
	return json.Marshal(after)
}

func readRollback[T document.Content](in write) (changing[T], error) {
	if in.To == "" || in.Configuration != nil || in.Patch != nil || in.Merge != nil {
		return changing[T]{}, fault.At("/to", "required", "to must be the id of the snapshot to go back to; send no other content")
	}
	return changing[T]{to: snapshots.SnapshotID(in.To), notes: new([]fault.Field)}, nil
}

// warnings are about what the change does beyond what was asked for.
func (w changing[T]) warnings(out snapshots.Outcome[T]) (all []warning) {
	for _, f := range slices.Concat(out.Warnings, *w.notes) {
		all = append(all, warning{f.Path, f.Rule, f.Message})
	}
	return all
}

// when reads when a write takes effect and what it must hold to.
func (w *changing[T]) when(in write) error {
	w.change.Digest, w.change.Level = in.PlanDigest, document.ByTenure
	switch in.Later {
	case "", "refuse":
		w.change.Later = snapshots.LaterRefuse
	case "keep":
		w.change.Later = snapshots.LaterKeep
	default:
		return fault.At("/later", "enum", "keep or refuse")
	}
	if in.EffectiveFrom == nil {
		return nil
	}
	at, err := time.Parse(time.RFC3339Nano, *in.EffectiveFrom)
	if err != nil || at.Year() < 1970 || at.Year() > 9999 {
		return fault.At("/effective_from", "instant", "an instant must be written as in RFC 3339, like 2030-01-31T12:00:00Z")
	}
	from := history.Millis(at.UnixMilli())
	w.change.ValidFrom = &from
	return nil
}

func (h objects[T]) run(ctx context.Context, c *web.Call, w changing[T]) (snapshots.Outcome[T], []snapshots.Lost, error) {
	if w.to != "" {
		return snapshots.Rollback(ctx, h.Snapshots, c.Scope, w.ref, w.to, w.change)
	}
	out, err := snapshots.Edit(ctx, h.Snapshots, c.Scope, w.ref, w.change)
	return out, nil, err
}

// planned rehearses a write and tells all of it. Planned snapshots that follow
// are told and not refused: the write itself must say that they may stay.
func (h objects[T]) planned(c *web.Call, w changing[T]) (plan, error) {
	w.change.Later = snapshots.LaterKeep
	var lost []snapshots.Lost
	out, err := snapshots.Rehearse(c.Request.Context(), func(ctx context.Context) (out snapshots.Outcome[T], err error) {
		out, lost, err = h.run(ctx, c, w)
		return out, err
	})
	if err != nil {
		return plan{}, err
	}
	var base *T
	if out.Plan.Base != "" {
		found, err := snapshots.Snapshot[T](c.Request.Context(), h.Snapshots, c.Scope, snapshots.ByEntity(w.ref.Entity), out.Plan.Base)
		if err != nil {
			return plan{}, err
		}
		base = found.Content
		c.Show(string(found.ID))
	}
	// The write of a client changes no setup: the one of its instant counts on both sides.
	result := between(c, side[T]{doc: base, setup: out.Setup}, side[T]{doc: out.Content, setup: out.Setup, at: out.ValidFrom.Time()})
	clients, level, err := h.affected(c, base, out)
	if err != nil {
		return plan{}, err
	}
	p := plan{DryRun: true, Digest: out.Plan.Digest, BaseID: orNull(string(out.Plan.Base)), Changes: out.Plan.Changes, Level: max(level, result.Level()).String(),
		Diff: diff.AppendRows(nil, result.Changes), Patch: diff.Patch(base, out.Content), Summary: diff.Markdown(&result) + clients.words(h.kind), Clients: clients,
		Later: make([]laterPlan, len(out.Plan.Later)), NotRevived: fromLost(lost), Warnings: w.warnings(out)}
	if at := out.Plan.ValidFrom; at != nil {
		text := fromMillis(*at)
		p.EffectiveFrom = &text
	}
	for i, l := range out.Plan.Later {
		p.Later[i] = laterPlan{string(l.ID), fromMillis(l.ValidFrom)}
	}
	return p, nil
}

// moved answers a write whose plan is no longer what would be done: with the
// problem and a fresh plan.
func (h objects[T]) moved(c *web.Call, w changing[T], because error) (*web.Reply, error) {
	w.change.Digest = ""
	fresh, err := h.planned(c, w)
	if err != nil {
		return nil, because
	}
	f := fault.Of(because)
	row := statuses[f.Kind]
	reply, err := web.JSON(row.status, movedProblem{problem{Type: "/problems/" + f.Kind.String(), Title: row.title, Status: row.status, Detail: f.Message, Code: f.Code, RequestID: c.RequestID}, fresh})
	if err == nil {
		reply.ContentType = problemType
	}
	return reply, err
}

// rehearsable lets a write be asked for with dry_run: it runs in a transaction
// that keeps nothing, and the answer is what it would have recorded.
func rehearsable(handle func(*web.Call) (*web.Reply, error)) func(*web.Call) (*web.Reply, error) {
	return func(c *web.Call) (*web.Reply, error) {
		if !c.DryRun() {
			return handle(c)
		}
		c.Request = c.Request.WithContext(db.Rehearsing(c.Request.Context()))
		reply, err := handle(c)
		if events, ok := history.Rehearsed(err); ok {
			return web.JSON(http.StatusOK, fromEvents(events))
		}
		return reply, err // refused, or nothing was to be written
	}
}
