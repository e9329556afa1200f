package slashid

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"tenure/handlers/web"
	"tenure/tenancy"
	"tenure/tenancy/fault"
)

func (h *surface) fromOrganization(o tenancy.Organization) organization {
	return organization{ID: string(o.ID), OrgName: o.Name, TenantName: h.Tenancy.RootName(), ParentID: string(o.Parent)}
}

func (h *surface) getOrganization(c *web.Call) (*web.Reply, error) {
	o, err := h.Tenancy.Organization(c.Scope, c.Scope.Acting())
	if err != nil {
		return nil, err
	}
	persons, groups, err := h.Tenancy.Pools(c.Scope)
	if err != nil {
		return nil, err
	}
	return answer(http.StatusOK, organizationRead{h.fromOrganization(o), texts(persons), texts(groups), o.InheritsRBAC})
}

func texts(ids []tenancy.OrgID) []string {
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = string(id)
	}
	return list
}

func (h *surface) listSuborganizations(c *web.Call) (*web.Reply, error) {
	wanted := func(tenancy.Organization) bool { return true }
	var err error
	if text := c.TextOrNil("filter"); text != nil {
		if wanted, err = parseFilter(*text); err != nil {
			return nil, err
		}
	}
	orgs, err := h.Tenancy.Organizations(c.Scope)
	if err != nil {
		return nil, err
	}
	ids := []string{}
	for _, o := range orgs {
		if o.ID != c.Scope.Acting() && wanted(o) {
			ids = append(ids, string(o.ID))
		}
	}
	return answer(http.StatusOK, ids)
}

// keyName is what the key of a suborganization is called.
const keyName = "SlashID"

func (h *surface) postSuborganization(c *web.Call) (*web.Reply, error) {
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
	if err != nil {
		return nil, err
	}
	reply, err := answer(http.StatusOK, organizationCreated{h.fromOrganization(o), key})
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

func (h *surface) deleteOrganization(c *web.Call) (*web.Reply, error) {
	subtree, text := c.Flag("delete_suborganizations"), c.TextOrNil("confirmation_timestamp")
	if text != nil {
		at, err := time.Parse(time.RFC3339, *text)
		if err != nil {
			return nil, badQuery("confirmation_timestamp is an RFC 3339 timestamp such as 2026-01-02T03:04:05Z")
		}
		if age := h.Store.Now().Time().Sub(at); subtree && (age < youngestConfirmation || age > oldestConfirmation) {
			return nil, badQuery("confirmation_timestamp must lie 60 to 10 seconds in the past")
		}
	}
	err := h.Tenancy.DeleteOrganization(c.Request.Context(), c.Scope, c.Scope.Acting(), subtree && text != nil, h.Store.OwnsAnything)
	if fault.HasCode(err, fault.CodeNotEmpty) {
		return nil, fault.New(fault.Conflict, fault.CodeNotEmpty, "the organization still has organizations, setups or clients; "+
			"delete_suborganizations=true and a confirmation_timestamp 60 to 10 seconds in the past delete all of it")
	}
	if err != nil {
		return nil, err
	}
	return web.NoContent(), nil
}

func (h *surface) putKey(c *web.Call) (*web.Reply, error) {
	key, err := h.Tenancy.ReplaceKey(c.Request.Context(), c.Scope, keyName)
	if err != nil {
		return nil, err
	}
	reply, err := answer(http.StatusOK, newKey{key})
	if err != nil {
		return nil, err
	}
	reply.NoStore = true
	return reply, nil
}
