package api

import (
	"cmp"
	"net/http"
	"strings"
	"time"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/diff"
	"tenure/snapshots/document"
	"tenure/snapshots/inheriting"
	"tenure/tenancy/history"
)

// side is one of the two documents that a diff compares.
type side[T document.Content] struct {
	named string // for a heading
	doc   *T
	setup snapshots.Version[document.Setup]
	at    time.Time
}

// The views of a client: what is in force, or what it sets itself.
const (
	viewInForce = "in-force"
	viewStored  = "stored"
)

// stored reports whether what a client leaves to its setup is left out.
func stored(c *web.Call) bool { return c.Text("view") == viewStored }

// inForce is a client with the setup beside it; false for what inherits nothing, and
// where the call asks for what is stored.
func (s side[T]) inForce(c *web.Call) (diff.InForce, bool) {
	client, inherits := any(s.doc).(*document.Client)
	return diff.InForce{Client: client, Setup: s.setup.Content, From: string(s.setup.ID)}, inherits && !stored(c)
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
	return h.inTurn(c, func() (*web.Reply, error) { return compared(c, from, to) })
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
		doc, err := w.change.Apply(from.doc, from.setup.Content)
		if err != nil {
			return nil, err
		}
		return compared(c, from, side[T]{"the document sent", doc, from.setup, h.Snapshots.Now().Time()})
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
	return side[T]{named, found.Content, found.Setup, at.Time()}, found.Base, nil
}

func (h objects[T]) badSide(name string) error {
	return badParameter(name, name+" must be a snapshot's id, an instant of RFC 3339, now, or "+string(h.kind)+": and an entity id")
}

// compared answers with the difference in the format asked for. A patch is of what is
// stored, as whoever applies it writes that.
func compared[T document.Content](c *web.Call, from, to side[T]) (*web.Reply, error) {
	text := func(kind, body string) (*web.Reply, error) {
		return &web.Reply{Status: http.StatusOK, ContentType: kind, Body: []byte(body)}, nil
	}
	before, acts := from.inForce(c)
	after, _ := to.inForce(c)
	switch c.Text("format") {
	case "json-patch":
		return text("application/json-patch+json", string(diff.Patch(from.doc, to.doc))+"\n")
	case "merge-patch":
		patch, _ := diff.MergePatch(from.doc, to.doc)
		return text("application/merge-patch+json", string(patch)+"\n")
	case "text":
		if !acts {
			return text("text/plain; charset=utf-8", diff.Unified(from.doc, to.doc, from.named, to.named, 3))
		}
		return text("text/plain; charset=utf-8", diff.EffectiveUnified(before, after, from.named, to.named, 3))
	}
	result := between(c, from, to)
	if c.Text("format") == "markdown" {
		return text("text/markdown; charset=utf-8", diff.Markdown(&result))
	}
	rows := result.Changes
	switch {
	case c.Flag("equal") && !acts:
		rows = diff.Rows(from.doc, to.doc, options(from, to), true)
	case c.Flag("equal"):
		rows = diff.EffectiveRows(before, after, to.at, true)
	}
	return web.JSON(http.StatusOK, difference{from.named, to.named, result.Level().String(), diff.AppendRows(nil, rows),
		append([]string{}, result.Reordered...), append([]string{}, result.Stored...)})
}

// between is the difference in the view asked for.
func between[T document.Content](c *web.Call, from, to side[T]) diff.Result {
	before, acts := from.inForce(c)
	if !acts {
		return diff.Of(from.doc, to.doc, options(from, to))
	}
	after, _ := to.inForce(c)
	return diff.Effective(before, after, to.at)
}

func options[T document.Content](from, to side[T]) diff.Options {
	return diff.Options{At: to.at, From: from.setup.Content, To: to.setup.Content}
}

// diffFormats are how a difference can be written; rows without a word.
var diffFormats = []string{"rows", "json-patch", "merge-patch", "text", "markdown"}

// blame tells of each member which snapshot gave it the value that it has, of an
// object that was there at the instant.
func (h objects[T]) blame(c *web.Call) (*web.Reply, error) {
	ctx, in := c.Request.Context(), snapshots.InstantOf(c.Instants())
	if _, err := snapshots.Resolve[T](ctx, h.Snapshots, c.Scope, snapshots.ByEntity(entityID(c)), in); err != nil {
		return nil, err
	}
	var lines []inheriting.Line
	var err error
	if h.kind == snapshots.KindClient {
		lines, err = h.inheriting().Blame(ctx, c.Scope, entityID(c), in, stored(c))
	} else {
		lines, err = inheriting.BlameOf[T](ctx, h.inheriting(), c.Scope, h.kind, entityID(c), in)
	}
	if err != nil {
		return nil, err
	}
	made := make([]history.Entry, len(lines))
	for i, l := range lines {
		made[i] = l.Made
	}
	keys, err := h.Tenancy.ActingKeys(ctx, c.Scope, made)
	if err != nil {
		return nil, err
	}
	return web.JSON(http.StatusOK, fromBlame(lines, keys))
}

// inheriting reads clients' past with what their setups changed.
func (h *handler) inheriting() inheriting.Reader {
	return inheriting.Reader{Snapshots: h.Snapshots, Tenancy: h.Tenancy}
}
