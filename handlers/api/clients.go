package api

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"time"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

const (
	clientPage    = 100
	maxClientPage = 500
)

func entityID(c *web.Call) snapshots.EntityID { return snapshots.EntityID(c.Var("entity")) }

// instants reads which instant a read is about.
func instants(c *web.Call) (snapshots.Instant, error) {
	at, known, err := c.Instants()
	return snapshots.InstantOf(at, known), err
}

// client resolves a client by its entity id, now or at an instant, which may
// also come as Accept-Datetime (RFC 7089).
func (s *surface) client(c *web.Call) (*web.Reply, error) {
	in, err := instants(c)
	if err != nil {
		return nil, err
	}
	memento, err := c.AcceptDatetime()
	if err != nil {
		return nil, err
	}
	if memento != nil && in.At == nil {
		in.At = snapshots.InstantOf(memento, nil).At
	}
	found, err := snapshots.Resolve[document.Client](c.Request.Context(), s.Clients, c.Scope, snapshots.ByEntity(entityID(c)), in)
	if err != nil {
		return nil, err
	}
	wire, err := fromClient(c.Scope, found)
	if err != nil {
		return nil, err
	}
	if err := s.include(c, &wire, found, in); err != nil {
		return nil, err
	}
	reply, err := web.JSON(http.StatusOK, wire)
	if err != nil {
		return nil, err
	}
	reply.ETag = tag(reply.Body)
	reply.Header = web.SnapshotHeaders(string(found.ID), found.ValidFrom.Time(), found.RecordedAt.Time(), found.Entity.Owner)
	reply.Header["Vary"] = []string{"Accept-Datetime"}
	if memento != nil {
		reply.Header["Memento-Datetime"] = []string{found.ValidFrom.Time().Format(http.TimeFormat)}
		reply.Header["Link"] = []string{`<` + c.Request.URL.EscapedPath() + `>; rel="original timegate"`}
	}
	return s.dated(web.Planned(reply, c.Scope, found.NextValidFrom), in, found.NextValidFrom, found.SetupNext), nil
}

// include adds the next snapshot where it is asked for, so that a caller can
// switch at the instant by itself.
func (s *surface) include(c *web.Call, wire *client, found snapshots.Resolved[document.Client], in snapshots.Instant) error {
	query, err := c.Query()
	if err != nil || !query.Has("include") {
		return err
	}
	if query.Get("include") != "next" {
		return fault.New(fault.Malformed, fault.CodeQuery, "include may be next")
	}
	if err := c.Scope.Check(tenancy.Plans); err != nil || found.NextValidFrom == 0 {
		return err
	}
	in.At = &found.NextValidFrom
	next, err := snapshots.Resolve[document.Client](c.Request.Context(), s.Clients, c.Scope, snapshots.ByEntity(found.Entity.ID), in)
	if fault.Is(err, fault.Gone) {
		return nil // by then it is deleted
	}
	if err != nil {
		return err
	}
	then, err := fromClient(c.Scope, next)
	wire.Next = &then
	return err
}

// tag is the entity tag of a body.
func tag(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + hex.EncodeToString(sum[:16]) + `"`
}

// dated says how long an answer about an instant may be held.
func (s *surface) dated(reply *web.Reply, in snapshots.Instant, ends ...history.Millis) *web.Reply {
	if in.Given() {
		return web.Then(reply, s.Clients.Final(in))
	}
	until := make([]time.Time, 0, len(ends))
	for _, end := range ends {
		if end != 0 {
			until = append(until, end.Time())
		}
	}
	return s.held.Until(reply, s.Clients.Now().Time(), until...)
}

// clients lists the clients of a setup, the acting organization's default one
// if none is named, now or at an instant.
func (s *surface) clients(c *web.Call) (*web.Reply, error) {
	query, err := c.Query()
	if err != nil {
		return nil, err
	}
	q := snapshots.PageQuery{After: query.Get("after"), Next: c.Scope.Allows(tenancy.Plans)}
	if q.In, err = instants(c); err != nil {
		return nil, err
	}
	limit, err := number(c, "limit", clientPage, maxClientPage)
	if err != nil {
		return nil, err
	}
	if q.Limit = int(limit); limit == 0 {
		return nil, badNumber("limit", 1, maxClientPage)
	}
	for name, to := range map[string]**string{"name": &q.Name, "owner": &q.Owner} {
		if query.Has(name) {
			value := query.Get(name)
			*to = &value
		}
	}
	setup := snapshots.EntityID(query.Get("setup"))
	if setup == "" {
		setup = snapshots.EntityID(s.tenancy.DefaultSetup(c.Scope.Acting()))
	}
	found, more, err := s.Clients.Page(c.Request.Context(), c.Scope, setup, q)
	if err != nil {
		return nil, err
	}
	list := clientList{Clients: make([]client, len(found))}
	for i, r := range found {
		if list.Clients[i], err = fromClient(c.Scope, r); err != nil {
			return nil, err
		}
	}
	if more {
		list.Next = &found[len(found)-1].Entity.ClientID
	}
	reply, err := web.JSON(http.StatusOK, list)
	if err != nil {
		return nil, err
	}
	if q.In.Given() {
		return web.Then(reply, s.Clients.Final(q.In)), nil
	}
	return web.Then(reply, false), nil
}

// snapshot shows one snapshot of a client, past, in force or planned.
func (s *surface) snapshot(c *web.Call) (*web.Reply, error) {
	found, err := snapshots.Snapshot[document.Client](c.Request.Context(), s.Clients, c.Scope, snapshots.ByEntity(entityID(c)), snapshots.SnapshotID(c.Var("snapshot")))
	if err != nil {
		return nil, err
	}
	wire, err := fromClient(c.Scope, found)
	if err != nil {
		return nil, err
	}
	return web.JSON(http.StatusOK, wire)
}
