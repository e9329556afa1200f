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
type side struct {
	named string // for a heading
	diff.InForce
	at time.Time
}

// The views of a client: what is in force, or what it sets itself.
const (
	viewInForce = "in-force"
	viewStored  = "stored"
)

// stored reports whether what a client leaves to its setup is left out.
func stored(c *web.Call) bool { return c.Text("view") == viewStored }

// inForce is a client with the setup beside it.
func inForce(doc *document.Client, setup snapshots.Version[document.Setup]) diff.InForce {
	return diff.InForce{Client: doc, Setup: setup.Content, From: string(setup.ID)}
}

// diff compares two of: snapshots of the client, instants, another client.
// Without from it is what the snapshot in force, or to, was made of.
func (h *handler) diff(c *web.Call) (*web.Reply, error) {
	to, base, err := h.side(c, "to", "now")
	if err != nil {
		return nil, err
	}
	from := side{named: "nothing"}
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
func (h *handler) diffWith(c *web.Call) (*web.Reply, error) {
	var in write
	if err := c.JSON(&in, strict); err != nil {
		return nil, err
	}
	w, err := readWrite(in)
	if err != nil {
		return nil, err
	}
	from, _, err := h.side(c, "from", "now")
	if err != nil {
		return nil, err
	}
	return h.inTurn(c, func() (*web.Reply, error) {
		to := side{"the document sent", from.InForce, h.Snapshots.Now().Time()}
		if to.Client, err = w.change.Apply(from.Client, from.Setup); err != nil {
			return nil, err
		}
		return compared(c, from, to)
	})
}

// side reads the document that a parameter names, and the snapshot that it was
// made of: by a snapshot's id, an instant, now, or client: and an entity id.
func (h *handler) side(c *web.Call, name, otherwise string) (side, snapshots.SnapshotID, error) {
	ctx, named := c.Request.Context(), cmp.Or(c.Text(name), otherwise)
	var found snapshots.Resolved[document.Client]
	var err error
	at := h.Snapshots.Now()
	switch other, isClient := strings.CutPrefix(named, "client:"); {
	case isClient && isHex(other):
		found, err = snapshots.Resolve[document.Client](ctx, h.Snapshots, c.Scope, snapshots.ByEntity(snapshots.EntityID(other)), snapshots.Instant{})
	case named == "now":
		found, err = snapshots.Resolve[document.Client](ctx, h.Snapshots, c.Scope, snapshots.ByEntity(entityID(c)), snapshots.Instant{})
	case strings.Contains(named, "T"):
		instant, bad := time.Parse(time.RFC3339Nano, strings.ReplaceAll(named, " ", "+"))
		if bad != nil {
			return side{}, "", badSide(name)
		}
		in := snapshots.InstantOf(&instant, nil)
		found, err = snapshots.Resolve[document.Client](ctx, h.Snapshots, c.Scope, snapshots.ByEntity(entityID(c)), in)
		at = in.At.Micros()
	case !isHex(named):
		return side{}, "", badSide(name)
	default:
		found, err = snapshots.Snapshot[document.Client](ctx, h.Snapshots, c.Scope, snapshots.ByEntity(entityID(c)), snapshots.SnapshotID(named))
		at = found.ValidFrom.Micros()
	}
	if err != nil {
		return side{}, "", err
	}
	c.Show(string(found.ID))
	return side{named, inForce(found.Content, found.Setup), at.Time()}, found.Base, nil
}

func badSide(name string) error {
	return badParameter(name, name+" must be a snapshot's id, an instant of RFC 3339, now, or client: and an entity id")
}

// compared answers with the difference in the format asked for. A patch is of what is
// stored, as whoever applies it writes that.
func compared(c *web.Call, from, to side) (*web.Reply, error) {
	text := func(kind, body string) (*web.Reply, error) {
		return &web.Reply{Status: http.StatusOK, ContentType: kind, Body: []byte(body)}, nil
	}
	switch c.Text("format") {
	case "json-patch":
		return text("application/json-patch+json", string(diff.Patch(from.Client, to.Client))+"\n")
	case "merge-patch":
		patch, _ := diff.MergePatch(from.Client, to.Client)
		return text("application/merge-patch+json", string(patch)+"\n")
	case "text":
		if stored(c) {
			return text("text/plain; charset=utf-8", diff.Unified(from.Client, to.Client, from.named, to.named, 3))
		}
		return text("text/plain; charset=utf-8", diff.EffectiveUnified(from.InForce, to.InForce, from.named, to.named, 3))
	}
	result := between(c, from.InForce, to.InForce, to.at)
	if c.Text("format") == "markdown" {
		return text("text/markdown; charset=utf-8", diff.Markdown(&result))
	}
	rows := result.Changes
	switch {
	case c.Flag("equal") && stored(c):
		rows = diff.Rows(from.Client, to.Client, diff.Options{At: to.at, From: from.Setup, To: to.Setup}, true)
	case c.Flag("equal"):
		rows = diff.EffectiveRows(from.InForce, to.InForce, to.at, true)
	}
	return web.JSON(http.StatusOK, difference{from.named, to.named, result.Level().String(), diff.AppendRows(nil, rows),
		append([]string{}, result.Reordered...), append([]string{}, result.Stored...)})
}

// between is the difference in the view asked for.
func between(c *web.Call, from, to diff.InForce, at time.Time) diff.Result {
	if stored(c) {
		return diff.Of(from.Client, to.Client, diff.Options{At: at, From: from.Setup, To: to.Setup})
	}
	return diff.Effective(from, to, at)
}

// diffFormats are how a difference can be written; rows without a word.
var diffFormats = []string{"rows", "json-patch", "merge-patch", "text", "markdown"}

// blame tells of each member which snapshot gave it the value that it has, of a
// client that was there at the instant.
func (h *handler) blame(c *web.Call) (*web.Reply, error) {
	ctx, in := c.Request.Context(), snapshots.InstantOf(c.Instants())
	if _, err := snapshots.Resolve[document.Client](ctx, h.Snapshots, c.Scope, snapshots.ByEntity(entityID(c)), in); err != nil {
		return nil, err
	}
	lines, err := h.inheriting().Blame(ctx, c.Scope, entityID(c), in, stored(c))
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
