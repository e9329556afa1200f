package nevismeta

import (
	"context"
	"net/http"
	"net/url"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy/fault"
)

// setupChange reads a written setup.
func setupChange(c *web.Call) (snapshots.Change[document.Setup], error) {
	var doc setupDoc
	ch := snapshots.Change[document.Setup]{Rules: setupRules()}
	if err := c.JSON(&doc, web.JSONOptions{Strict: true}); err != nil {
		return ch, err
	}
	if err := shortLists(map[string]int{"metadata": len(doc.Metadata)}); err != nil {
		return ch, err
	}
	validFrom, faults := start(doc.ValidFrom)
	ch.ValidFrom = validFrom
	ch.Apply = func(*document.Setup, *document.Setup) (*document.Setup, error) {
		return doc.toSetup(), fault.Rules(faults)
	}
	return ch, nil
}

func (h *handler) postSetup(c *web.Call) (*web.Reply, error) {
	ch, err := setupChange(c)
	if err != nil {
		return nil, err
	}
	write := func(ctx context.Context) (snapshots.Outcome[document.Setup], error) {
		return h.Store.CreateSetup(ctx, c.Scope, c.Var("module"), ch)
	}
	if c.DryRun() {
		return tried(h, c, nil, "", write)
	}
	out, err := write(c.Request.Context())
	if err != nil {
		return nil, err
	}
	return created("/v2/modules/"+url.PathEscape(out.Entity.Module)+"/setups/"+string(out.Entity.ID), http.StatusCreated,
		map[string]any{"setupId": out.Entity.ID})
}

func (h *handler) putSetup(c *web.Call) (*web.Reply, error) {
	ch, err := setupChange(c)
	if err != nil {
		return nil, err
	}
	if ch.Match, err = web.Match(c); err != nil {
		return nil, err
	}
	ref := setupRef(c)
	write := func(ctx context.Context) (snapshots.Outcome[document.Setup], error) {
		return snapshots.Edit(ctx, h.Store, c.Scope, ref, ch)
	}
	if c.DryRun() {
		return tried(h, c, &ref, "", write)
	}
	out, err := write(c.Request.Context())
	if err != nil {
		return nil, err
	}
	return h.setupReply(c, out.Resolved)
}

// deleteSetup ends a setup, and with it as many clients as the caller says.
func (h *handler) deleteSetup(c *web.Call) (*web.Reply, error) {
	match, err := web.Match(c)
	if err != nil {
		return nil, err
	}
	return removed(c, func(ctx context.Context) error {
		return h.Store.DeleteSetup(ctx, c.Scope, setupRef(c), match, c.Int("clients", 0))
	})
}

// serverChange reads a written resource server.
func serverChange(c *web.Call) (snapshots.Change[document.ResourceServer], error) {
	var doc serverDoc
	var ch snapshots.Change[document.ResourceServer]
	if err := c.JSON(&doc, web.JSONOptions{Strict: true}); err != nil {
		return ch, err
	}
	if err := shortLists(map[string]int{"metadata": len(doc.Metadata), "scopes": len(doc.Scopes)}); err != nil {
		return ch, err
	}
	validFrom, faults := start(doc.ValidFrom)
	if doc.Scopes == nil {
		faults = append(faults, fault.Field{Path: "/scopes", Rule: "required", Message: "it is required, and may be empty"})
	}
	ch.ValidFrom = validFrom
	ch.Apply = func(*document.ResourceServer, *document.Setup) (*document.ResourceServer, error) {
		return doc.toServer(), fault.Rules(faults)
	}
	return ch, nil
}

func (h *handler) postServer(c *web.Call) (*web.Reply, error) {
	ch, err := serverChange(c)
	if err != nil {
		return nil, err
	}
	ref := setupRef(c)
	write := func(ctx context.Context) (snapshots.Outcome[document.ResourceServer], error) {
		return h.Store.CreateResourceServer(ctx, c.Scope, ref.Module, ref.Setup, ch)
	}
	if c.DryRun() {
		return tried(h, c, nil, "", write)
	}
	out, err := write(c.Request.Context())
	if err != nil {
		return nil, err
	}
	return created("/v2/modules/"+url.PathEscape(ref.Module)+"/setups/"+string(ref.Setup)+"/resource-servers/"+string(out.Entity.ID),
		http.StatusCreated, map[string]any{"resourceServerId": out.Entity.ID})
}

func (h *handler) putServer(c *web.Call) (*web.Reply, error) {
	ch, err := serverChange(c)
	if err != nil {
		return nil, err
	}
	replace, _, err := boolQuery(c, "replaceActiveState")
	if err != nil {
		return nil, err
	}
	if replace && ch.ValidFrom != nil {
		return nil, fault.At("/valid_from", "replace", "omit it: replaceActiveState replaces the active state now")
	}
	if ch.Match, err = web.Match(c); err != nil {
		return nil, err
	}
	ref := serverRef(c)
	write := func(ctx context.Context) (snapshots.Outcome[document.ResourceServer], error) {
		return snapshots.Edit(ctx, h.Store, c.Scope, ref, ch)
	}
	if c.DryRun() {
		return tried(h, c, &ref, "", write)
	}
	out, err := write(c.Request.Context())
	if err != nil {
		return nil, err
	}
	return h.serverReply(c, out.Resolved)
}

// deleteServer ends a resource server that as many clients use as the caller says.
func (h *handler) deleteServer(c *web.Call) (*web.Reply, error) {
	match, err := web.Match(c)
	if err != nil {
		return nil, err
	}
	return removed(c, func(ctx context.Context) error {
		return h.Store.DeleteResourceServer(ctx, c.Scope, serverRef(c), match, c.Int("clients", 0))
	})
}
