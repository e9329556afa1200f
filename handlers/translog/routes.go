package translog

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"tenure/handlers/web"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
	"tenure/tenancy/history/witness"
)

const (
	typeText  = "text/plain; charset=utf-8"
	typeBytes = "application/octet-stream"
)

// maxPath bounds what stands behind tile/: 2^63 takes seven groups of digits.
const maxPath = 64

// Headers of the answers; nothing changes them.
var (
	noCache   = http.Header{"Cache-Control": {"no-cache"}}
	immutable = http.Header{"Cache-Control": {"public, max-age=31536000, immutable"}}
	partial   = http.Header{"Cache-Control": {"public, max-age=86400, immutable"}}
)

// Deps is what the surface works on.
type Deps struct {
	Log *history.Publisher
	// Witnesses tells how the witnesses of this node fare; nil where it asks none.
	Witnesses func() []witness.Status
}

type handler struct{ Deps }

// New makes the surface.
func New(deps Deps) web.Surface {
	h := &handler{deps}
	return web.Surface{
		Name: "log",
		Routes: []web.Route{
			{Method: http.MethodGet, Pattern: "/log/checkpoint", Open: true, Object: web.ObjectNone, Handle: h.checkpoint},
			{Method: http.MethodGet, Pattern: "/log/witnesses", Open: true, Object: web.ObjectNone, Handle: h.witnesses},
			{Method: http.MethodGet, Pattern: "/log/tile/{tile:.+}", Open: true, Object: web.ObjectNone, Handle: h.tile},
		},
		Error: spell,
	}
}

func (h *handler) checkpoint(c *web.Call) (*web.Reply, error) {
	signed, err := h.Log.Checkpoint(c.Request.Context())
	if err != nil {
		return nil, err
	}
	newest, err := h.Log.Cosigned(c.Request.Context(), signed)
	if err != nil {
		return nil, err
	}
	tag := strconv.FormatInt(newest.Size, 10)
	if n := bytes.Count(newest.Note[len(signed.Note):], []byte("\n")); n > 0 {
		tag += "-" + strconv.Itoa(n)
	}
	return &web.Reply{Status: http.StatusOK, Header: noCache, ContentType: typeText, Body: newest.Note, ETag: `"` + tag + `"`}, nil
}

// witnesses writes a line for each witness: its key, the size of the tree that it cosigned
// last, and how it fares.
func (h *handler) witnesses(*web.Call) (*web.Reply, error) {
	var text []byte
	if h.Witnesses != nil {
		for _, w := range h.Witnesses() {
			fares := "answers"
			if w.Failing {
				fares = "fails"
			}
			text = fmt.Appendf(text, "%s %d %s\n", w.Key, w.Size, fares)
		}
	}
	return &web.Reply{Status: http.StatusOK, Header: noCache, ContentType: typeText, Body: text}, nil
}

func (h *handler) tile(c *web.Call) (*web.Reply, error) {
	t, ok := parseTile(c.Var("tile"))
	if !ok {
		return nil, fault.New(fault.NotFound, "", "this is not the path of a tile")
	}
	var data []byte
	var err error
	if t.L < 0 {
		data, err = h.Log.Entries(c.Request.Context(), t.N, t.W)
	} else {
		data, err = h.Log.Tile(c.Request.Context(), int64(t.L), t.N, t.W)
	}
	if err != nil {
		return nil, err
	}
	header := immutable
	if t.W < 1<<t.H {
		header = partial
	}
	return &web.Reply{Status: http.StatusOK, Header: header, ContentType: typeBytes, Body: data}, nil
}

// parseTile reads what stands behind tile/ (C2SP tlog-tiles); the level of
// entries is -1. There is one way to write a tile, and only that is taken.
func parseTile(path string) (tlog.Tile, bool) {
	if len(path) > maxPath || strings.HasPrefix(path, "data/") {
		return tlog.Tile{}, false
	}
	if n, ok := strings.CutPrefix(path, "entries/"); ok {
		path = "data/" + n
	}
	t, err := tlog.ParseTilePath("tile/8/" + path)
	return t, err == nil && t.N >= 0
}
