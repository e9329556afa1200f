package slashid

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/tenancy"
	"tenure/tenancy/fault"
)

func fromOrganization(o tenancy.Organization, rootName string) organization {
	return organization{ID: string(o.ID), OrgName: o.Name, TenantName: rootName, ParentID: string(o.Parent)}
}

// acting is the acting organization, now or at an instant.
func (h *handler) acting(c *web.Call, in snapshots.Instant) (tenancy.Organization, error) {
	if in.Given() {
		return h.Tenancy.OrganizationAsOf(c.Request.Context(), c.Scope, c.Scope.Acting(), in.Recorded(h.Store.Now()))
	}
	return h.Tenancy.Organization(c.Scope, c.Scope.Acting())
}

// pooled is the acting organization with its pools, now or at an instant.
func (h *handler) pooled(c *web.Call, in snapshots.Instant) (p tenancy.Pooled, err error) {
	if in.Given() {
		return h.Tenancy.PooledAsOf(c.Request.Context(), c.Scope, in.Recorded(h.Store.Now()))
	}
	if p.Organization, err = h.acting(c, in); err != nil {
		return p, err
	}
	p.RootName = h.Tenancy.RootName()
	p.Persons, p.Groups, err = h.Tenancy.Pools(c.Scope)
	return p, err
}

// dated is a success about an instant, which says how long it may be kept.
func (h *handler) dated(result any, in snapshots.Instant) (*web.Reply, error) {
	reply, err := success(http.StatusOK, result)
	if err != nil || !in.Given() {
		return reply, err
	}
	return web.Then(reply, h.Store.Final(in)), nil
}

func (h *handler) getOrganization(c *web.Call) (*web.Reply, error) {
	in := snapshots.InstantOf(c.Instants())
	o, err := h.pooled(c, in)
	if err != nil {
		return nil, err
	}
	return h.dated(organizationRead{fromOrganization(o.Organization, o.RootName), texts(o.Persons), texts(o.Groups), o.InheritsRBAC}, in)
}

func texts(ids []tenancy.OrgID) []string {
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = string(id)
	}
	return list
}

func (h *handler) listSuborganizations(c *web.Call) (*web.Reply, error) {
	wanted := func(tenancy.Organization) bool { return true }
	var err error
	if text := c.TextOrNil("filter"); text != nil {
		if wanted, err = parseFilter(*text); err != nil {
			return nil, err
		}
	}
	in := snapshots.InstantOf(c.Instants())
	orgs, err := h.subtree(c, in)
	if err != nil {
		return nil, err
	}
	ids := []string{}
	for _, o := range orgs {
		if o.ID != c.Scope.Acting() && wanted(o) {
			ids = append(ids, string(o.ID))
		}
	}
	return h.dated(ids, in)
}

// subtree is the acting organization with those below it, now or at an instant.
func (h *handler) subtree(c *web.Call, in snapshots.Instant) ([]tenancy.Organization, error) {
	if in.Given() {
		return h.Tenancy.OrganizationsAsOf(c.Request.Context(), c.Scope, in.Recorded(h.Store.Now()))
	}
	return h.Tenancy.Organizations(c.Scope)
}

// keyName is what the key of a suborganization is called.
const keyName = "SlashID"

func (h *handler) postSuborganization(c *web.Call) (*web.Reply, error) {
	m, err := readBody(c)
	if err != nil {
		return nil, err
	}
	m.need("sub_org_name", "admins")
	wanted := tenancy.NewOrganization{Parent: c.Scope.Acting(), Name: m.text("sub_org_name"), UniqueName: true, KeyName: keyName,
		PersonsPool: m.organization("persons_org_id"), GroupsPool: m.organization("groups_org_id"), InheritsRBAC: m.flag("inherit_rbac_pools")}
	m.admins()
	m.refuseRest(unknownMember)
	if m.has("sub_org_name") {
		m.faults = append(m.faults, tenancy.CheckName("/sub_org_name", wanted.Name)...)
	}
	if err := fault.Rules(m.faults); err != nil {
		return nil, err
	}
	o, key, err := h.Tenancy.CreateSuborganization(c.Request.Context(), c.Scope, wanted)
	if f := fault.Of(err); err != nil && len(f.Fields) == 1 && f.Fields[0].Path == "/parent_id" {
		return nil, fault.New(f.Kind, f.Code, "%s", f.Fields[0].Message) // no member names the acting organization
	}
	if err != nil {
		return nil, err
	}
	reply, err := success(http.StatusOK, organizationCreated{fromOrganization(o, h.Tenancy.RootName()), key})
	if err != nil {
		return nil, err
	}
	reply.NoStore = true
	return reply, nil
}

// organization is a member that names one; empty if it is not there, or null.
func (m *members) organization(name string) tenancy.OrgID {
	value, there := m.take(name)
	if !there {
		return ""
	}
	var text string
	if json.Unmarshal(value, &text) != nil {
		m.wrong("/"+name, "type", "this must be a string")
		return ""
	}
	id, err := tenancy.ParseOrgID(text)
	if err != nil {
		m.wrong("/"+name, "uuid", "an organization id is a UUID")
	}
	return id
}

// admins refuses persons, which nothing here keeps, after the form of the list.
func (m *members) admins() {
	value, there := m.take("admins")
	if !there {
		return
	}
	var list []map[string]json.RawMessage
	if json.Unmarshal(value, &list) != nil {
		m.wrong("/admins", "type", "this must be a list of objects with a type and a value")
		return
	}
	if len(list) > maxItems {
		m.wrong("/admins", "list-length", "there are more than %d items", maxItems)
		return
	}
	for i, person := range list {
		at, one := fmt.Sprintf("/admins/%d", i), &members{raw: person, taken: map[string]bool{}}
		one.need("type", "value")
		who := admin{one.text("type"), one.text("value")}
		if one.has("type") && !slices.Contains([]string{"email_address", "phone_number", "username"}, who.Type) {
			one.wrong("/type", "enum", "the value is none of email_address, phone_number, username")
		}
		one.refuseRest(unknownMember)
		for _, f := range one.faults {
			m.wrong(at+f.Path, f.Rule, "%s", f.Message)
		}
	}
	if len(list) > 0 {
		m.wrong("/admins", "no-persons", "the list must be empty: persons are not kept here")
	}
}

// The timestamp of a confirmed deletion is this old.
const (
	youngestConfirmation = 10 * time.Second
	oldestConfirmation   = 60 * time.Second
)

func (h *handler) deleteOrganization(c *web.Call) (*web.Reply, error) {
	subtree, text := c.Flag("delete_suborganizations"), c.TextOrNil("confirmation_timestamp")
	if text != nil {
		at, err := time.Parse(time.RFC3339, *text)
		if err != nil {
			return nil, badQuery("confirmation_timestamp must be an RFC 3339 timestamp such as 2026-01-02T03:04:05Z")
		}
		if age := h.Store.Now().Time().Sub(at); subtree && (age < youngestConfirmation || age > oldestConfirmation) {
			return nil, badQuery("confirmation_timestamp must be 10 to 60 seconds in the past")
		}
	}
	err := h.Tenancy.DeleteOrganization(c.Request.Context(), c.Scope, c.Scope.Acting(), subtree && text != nil, snapshots.Contents())
	var holds *tenancy.NotEmptyError
	if errors.As(err, &holds) {
		return nil, fault.New(fault.Conflict, fault.CodeNotEmpty, "%s; ask for that with delete_suborganizations=true and a confirmation_timestamp 10 to 60 seconds in the past",
			holds.Error())
	}
	if err != nil {
		return nil, err
	}
	return web.NoContent(), nil
}

func (h *handler) putKey(c *web.Call) (*web.Reply, error) {
	key, err := h.Tenancy.ReplaceKey(c.Request.Context(), c.Scope, keyName)
	if err != nil {
		return nil, err
	}
	reply, err := success(http.StatusOK, newKey{key})
	if err != nil {
		return nil, err
	}
	reply.NoStore = true
	return reply, nil
}
