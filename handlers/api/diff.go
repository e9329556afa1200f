package api

import (
	"cmp"
	"errors"
	"net/http"
	"strings"
	"time"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/diff"
	"tenure/snapshots/document"
	"tenure/tenancy/history"
)

// side is one of the two documents that a diff compares.
type side[T document.Content] struct {
	named string // for a heading
	doc   *T
	setup *document.Setup
	at    time.Time
}

// diff compares two of: snapshots of the object, instants, another one of its kind.
// Without from it is what the snapshot in force, or to, was made of.
func (h objects[T]) diff(c *web.Call) (*web.Reply, error) {
	if err := h.audits(c); err != nil {
		return nil, err
	}
	to, base, err := h.side(c, "to", "now")
	if err != nil {
		return nil, err
	}
	from := side[T]{named: "nothing"}
	if c.Text("from") != "" || base != "" {
		if from, _, err = h.side(c, "from", string(base)); err != nil {
			return nil, err
		}
	}
	return h.inTurn(c, func() (*web.Reply, error) { return compared(c.Text("format"), c.Flag("equal"), from, to) })
}

// inTurn makes an answer that takes work, in the turn of the caller's organization.
func (h *handler) inTurn(c *web.Call, make func() (*web.Reply, error)) (reply *web.Reply, err error) {
	err = h.Snapshots.Work(c.Request.Context(), c.Scope, func() error {
		reply, err = make()
		return err
	})
	return reply, err
}

// diffWith compares a document that is sent with the snapshot in force, or from.
func (h objects[T]) diffWith(c *web.Call) (*web.Reply, error) {
	var in write
	if err := c.JSON(&in, strict); err != nil {
		return nil, err
	}
	w, err := readWrite[T](in)
	if err == nil {
		err = h.audits(c)
	}
	if err != nil {
		return nil, err
	}
	from, _, err := h.side(c, "from", "now")
	if err != nil {
		return nil, err
	}
	return h.inTurn(c, func() (*web.Reply, error) {
		doc, err := w.change.Apply(from.doc, from.setup)
		if err != nil {
			return nil, err
		}
		to := side[T]{named: "the document sent", doc: doc, setup: from.setup, at: h.Snapshots.Now().Time()}
		return compared(c.Text("format"), c.Flag("equal"), from, to)
	})
}

// side reads the document that a parameter names, and the snapshot that it was
// made of: by a snapshot's id, an instant, now, or the kind, a colon and an entity id.
func (h objects[T]) side(c *web.Call, name, otherwise string) (side[T], snapshots.SnapshotID, error) {
	ctx, named := c.Request.Context(), cmp.Or(c.Text(name), otherwise)
	var found snapshots.Resolved[T]
	var err error
	at := h.Snapshots.Now()
	switch other, another := strings.CutPrefix(named, string(h.kind)+":"); {
	case another && isHex(other):
		found, err = snapshots.Resolve[T](ctx, h.Snapshots, c.Scope, snapshots.ByEntity(snapshots.EntityID(other)), snapshots.Instant{})
	case named == "now":
		found, err = snapshots.Resolve[T](ctx, h.Snapshots, c.Scope, snapshots.ByEntity(entityID(c)), snapshots.Instant{})
	case strings.Contains(named, "T"):
		instant, bad := time.Parse(time.RFC3339Nano, strings.ReplaceAll(named, " ", "+"))
		if bad != nil {
			return side[T]{}, "", h.badSide(name)
		}
		in := snapshots.InstantOf(&instant, nil)
		found, err = snapshots.Resolve[T](ctx, h.Snapshots, c.Scope, snapshots.ByEntity(entityID(c)), in)
		at = in.At.Micros()
	case !isHex(named):
		return side[T]{}, "", h.badSide(name)
	default:
		found, err = snapshots.Snapshot[T](ctx, h.Snapshots, c.Scope, snapshots.ByEntity(entityID(c)), snapshots.SnapshotID(named))
		at = found.ValidFrom.Micros()
	}
	if err != nil {
		return side[T]{}, "", err
	}
	c.Show(string(found.ID))
	return side[T]{named, found.Content, found.Setup.Content, at.Time()}, found.Base, nil
}

func (h objects[T]) badSide(name string) error {
	return badParameter(name, name+" must be a snapshot's id, an instant of RFC 3339, now, or "+string(h.kind)+": and an entity id")
}

// compared answers with the difference in the format asked for.
func compared[T document.Content](format string, equal bool, from, to side[T]) (*web.Reply, error) {
	options := diff.Options{At: to.at, From: from.setup, To: to.setup}
	result := diff.Of(from.doc, to.doc, options)
	text := func(kind, body string) (*web.Reply, error) {
		return &web.Reply{Status: http.StatusOK, ContentType: kind, Body: []byte(body)}, nil
	}
	switch format {
	case "json-patch":
		return text("application/json-patch+json", string(diff.Patch(from.doc, to.doc))+"\n")
	case "merge-patch":
		patch, _ := diff.MergePatch(from.doc, to.doc)
		return text("application/merge-patch+json", string(patch)+"\n")
	case "text":
		return text("text/plain; charset=utf-8", diff.Unified(from.doc, to.doc, from.named, to.named, 3))
	case "markdown":
		return text("text/markdown; charset=utf-8", diff.Markdown(&result))
	}
	rows := result.Changes
	if equal {
		rows = diff.Rows(from.doc, to.doc, options, true)
	}
	return web.JSON(http.StatusOK, difference{from.named, to.named, result.Level().String(), diff.AppendRows(nil, rows), append([]string{}, result.Reordered...)})
}

// diffFormats are how a difference can be written; rows without a word.
var diffFormats = []string{"rows", "json-patch", "merge-patch", "text", "markdown"}

// blame tells of each member which snapshot gave it the value that it has, of an
// object that was there at the instant.
func (h objects[T]) blame(c *web.Call) (*web.Reply, error) {
	in, at := snapshots.InstantOf(c.Instants()), make(map[snapshots.SnapshotID]history.Millis)
	if _, err := snapshots.Resolve[T](c.Request.Context(), h.Snapshots, c.Scope, snapshots.ByEntity(entityID(c)), in); err != nil {
		return nil, err
	}
	versions := func(yield func(diff.Version[T], error) bool) {
		err := snapshots.Versions(c.Request.Context(), h.Snapshots, c.Scope, entityID(c), in, func(v snapshots.Version[T]) error {
			at[v.ID] = v.ValidFrom
			if (v.Content != nil || v.Tombstone) && !yield(diff.Version[T]{ID: string(v.ID), Doc: v.Content}, nil) {
				return errStopped
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStopped) {
			yield(diff.Version[T]{}, err)
		}
	}
	origins, err := diff.Blame(versions)
	if err != nil {
		return nil, err
	}
	list := blameList{Members: []origin{}}
	for _, o := range origins {
		if o.Snapshot != "" {
			list.Members = append(list.Members, origin{o.Member, o.Set, o.Snapshot, fromMillis(at[snapshots.SnapshotID(o.Snapshot)])})
		}
	}
	return web.JSON(http.StatusOK, list)
}

// errStopped ends a walk whose caller has heard enough.
var errStopped = errors.New("stopped")
