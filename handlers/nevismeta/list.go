package nevismeta

import (
	"io"
	"net/http"
	"slices"
	"strings"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy/fault"
)

func (h *handler) listClients(c *web.Call) (*web.Reply, error) {
	filter, err := listQuery(c)
	if err != nil {
		return nil, err
	}
	listed, err := snapshots.List[document.Client](c.Request.Context(), h.Store, c.Scope, setupRef(c), filter)
	if err != nil {
		return nil, err
	}
	return h.listedIDs("clientIds", listed, filter)
}

func (h *handler) clientNames(c *web.Call) (*web.Reply, error) {
	in := snapshots.InstantOf(c.Instants())
	listed, err := snapshots.List[document.Client](c.Request.Context(), h.Store, c.Scope, setupRef(c), snapshots.Filter{Named: true, At: in.At, Known: in.Known})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(listed, func(a, b snapshots.Listed) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return h.streamed(in, "{", listed, func(l snapshots.Listed) ([]byte, error) {
		name, err := web.Encode(l.Name)
		return slices.Concat(quoted(l.ID), []byte(":"), name), err
	}, "}\n")
}

func (h *handler) clientEntityID(c *web.Call) (*web.Reply, error) {
	clientID, err := textQuery(c, "client_id")
	if err != nil {
		return nil, err
	}
	if clientID == nil || *clientID == "" {
		return nil, badQuery("client_id", "it is required")
	}
	ref := setupRef(c)
	name, in := snapshots.ByClientID(ref.Module, ref.Setup, *clientID), snapshots.InstantOf(c.Instants())
	if in.Given() {
		found, err := snapshots.Resolve[document.Client](c.Request.Context(), h.Store, c.Scope, name, in)
		if err != nil {
			return nil, err
		}
		return h.listed(map[string]any{"clientId": found.Entity.ID}, in)
	}
	e, state, err := h.Store.Find(c.Request.Context(), c.Scope, name)
	if err == nil && state == snapshots.Deleted {
		err = fault.New(fault.NotFound, fault.CodeClientUnknown, "there is no such client")
	}
	if err != nil {
		return nil, err
	}
	return web.JSON(http.StatusOK, map[string]any{"clientId": e.ID})
}

func (h *handler) listSetups(c *web.Call) (*web.Reply, error) {
	filter, err := listQuery(c)
	if err != nil {
		return nil, err
	}
	listed, err := snapshots.List[document.Setup](c.Request.Context(), h.Store, c.Scope, snapshots.Ref{Module: c.Var("module")}, filter)
	if err != nil {
		return nil, err
	}
	return h.listedIDs("setupIds", listed, filter)
}

func (h *handler) listServers(c *web.Call) (*web.Reply, error) {
	filter, err := listQuery(c)
	if err != nil {
		return nil, err
	}
	listed, err := snapshots.List[document.ResourceServer](c.Request.Context(), h.Store, c.Scope, setupRef(c), filter)
	if err != nil {
		return nil, err
	}
	return h.listedIDs("resourceServerIds", listed, filter)
}

// listSnapshots lists an entity's snapshot ids.
func listSnapshots[T document.Content](h *handler, ref func(*web.Call) snapshots.Ref) func(*web.Call) (*web.Reply, error) {
	return func(c *web.Call) (*web.Reply, error) {
		at, _, err := validAt(c)
		if err != nil {
			return nil, err
		}
		withdrawn, err := softDeleted(c)
		if err != nil {
			return nil, err
		}
		ids, err := snapshots.Snapshots[T](c.Request.Context(), h.Store, c.Scope, ref(c), at, withdrawn)
		if err != nil {
			return nil, err
		}
		return web.JSON(http.StatusOK, map[string]any{"snapshotIds": ids})
	}
}

// listedIDs is the answer of a list.
func (h *handler) listedIDs(member string, listed []snapshots.Listed, filter snapshots.Filter) (*web.Reply, error) {
	return h.streamed(snapshots.Instant{At: filter.At, Known: filter.Known}, `{"`+member+`":[`, listed,
		func(l snapshots.Listed) ([]byte, error) { return quoted(l.ID), nil }, "]}\n")
}

// quoted is an id as JSON: it is hexadecimal.
func quoted(id snapshots.EntityID) []byte { return []byte(`"` + string(id) + `"`) }

// longest is how many entries of a list are one body. A longer list is written in
// pieces of so many, so that its text is never whole in memory.
const longest = 5000

// streamed is a JSON document with an item for each entry of a list.
func (h *handler) streamed(in snapshots.Instant, before string, listed []snapshots.Listed, item func(snapshots.Listed) ([]byte, error), after string) (*web.Reply, error) {
	piece := func(list []snapshots.Listed, before, after string) ([]byte, error) {
		items := make([][]byte, len(list))
		for i, l := range list {
			var err error
			if items[i], err = item(l); err != nil {
				return nil, err
			}
		}
		return web.Splice([]byte(before), items, []byte(after)), nil
	}
	reply := &web.Reply{Status: http.StatusOK, ContentType: "application/json"}
	if len(listed) <= longest {
		var err error
		if reply.Body, err = piece(listed, before, after); err != nil {
			return nil, err
		}
	} else {
		reply.Stream = func(w io.Writer) error {
			for from := 0; from < len(listed); from += longest {
				to, end := from+longest, ""
				if to >= len(listed) {
					to, end = len(listed), after
				}
				text, err := piece(listed[from:to], before, end)
				if err == nil {
					_, err = w.Write(text)
				}
				if err != nil {
					return err
				}
				before = ","
			}
			return nil
		}
	}
	if !in.Given() {
		return reply, nil
	}
	return web.Then(reply, h.Store.Final(in)), nil
}

// listed answers with a list. One about another instant says how long it may be
// kept.
func (h *handler) listed(body any, in snapshots.Instant) (*web.Reply, error) {
	reply, err := web.JSON(http.StatusOK, body)
	if err != nil || !in.Given() {
		return reply, err
	}
	return web.Then(reply, h.Store.Final(in)), nil
}
