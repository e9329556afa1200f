package api

import (
	"net/http"

	"tenure/handlers/web"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
)

// organizations lists the acting organization's tree, now or as it was.
func (s *surface) organizations(c *web.Call) (*web.Reply, error) {
	in, err := instants(c)
	if err != nil {
		return nil, err
	}
	var orgs []tenancy.Organization
	if in.Given() {
		orgs, err = s.tenancy.OrganizationsAsOf(c.Request.Context(), c.Scope, in.Recorded(s.Clients.Now()))
	} else {
		orgs, err = s.tenancy.Organizations(c.Scope)
	}
	if err != nil {
		return nil, err
	}
	list := organizationList{Organizations: make([]organization, len(orgs))}
	for i, o := range orgs {
		list.Organizations[i] = fromOrganization(c.Scope, o)
	}
	reply, err := web.JSON(http.StatusOK, list)
	if err != nil || !in.Given() {
		return reply, err
	}
	return web.Then(reply, s.Clients.Final(in)), nil
}

func (s *surface) organization(c *web.Call) (*web.Reply, error) {
	o, err := s.tenancy.Organization(c.Scope, named(c))
	if err != nil {
		return nil, err
	}
	return web.JSON(http.StatusOK, fromOrganization(c.Scope, o))
}

// named is the organization in the path; empty, which is none, if it cannot
// be the id of one.
func named(c *web.Call) tenancy.OrgID {
	id, err := tenancy.ParseOrgID(c.Var("organization"))
	if err != nil {
		return ""
	}
	return id
}

func (s *surface) createOrganization(c *web.Call) (*web.Reply, error) {
	var in newOrganization
	if err := c.JSON(&in, strict); err != nil {
		return nil, err
	}
	if err := c.Because(in.Reason); err != nil {
		return nil, err
	}
	parent, err := toOrg("/parent_id", in.ParentID, c.Scope.Acting())
	if err != nil {
		return nil, err
	}
	o, err := s.tenancy.CreateOrganization(c.Request.Context(), c.Scope, parent, in.Name)
	if err != nil {
		return nil, err
	}
	reply, err := web.JSON(http.StatusCreated, fromOrganization(c.Scope, o))
	if err != nil {
		return nil, err
	}
	reply.Header = http.Header{"Location": {pathOrganizations + "/" + string(o.ID)}}
	return reply, nil
}

func (s *surface) patchOrganization(c *web.Call) (*web.Reply, error) {
	var in organizationPatch
	if err := c.JSON(&in, strict); err != nil {
		return nil, err
	}
	if err := c.Because(in.Reason); err != nil {
		return nil, err
	}
	o, err := s.change(c, named(c), in)
	if err != nil {
		return nil, err
	}
	return web.JSON(http.StatusOK, fromOrganization(c.Scope, o))
}

// change makes the one change that a patch asks for.
func (s *surface) change(c *web.Call, id tenancy.OrgID, in organizationPatch) (tenancy.Organization, error) {
	ctx, asked := c.Request.Context(), 0
	for _, there := range []bool{in.Name != nil, in.ParentID != nil, in.DefaultSetupID != nil, in.MaxSuborganizations != nil, in.RequireReason != nil} {
		if there {
			asked++
		}
	}
	switch {
	case asked != 1:
		return tenancy.Organization{}, fault.New(fault.Malformed, "",
			"a change has exactly one of name, parent_id, default_setup_id, max_suborganizations and require_reason")
	case in.RequireReason != nil:
		return s.tenancy.SetRequireReason(ctx, c.Scope, id, *in.RequireReason)
	case in.Name != nil:
		return s.tenancy.RenameOrganization(ctx, c.Scope, id, *in.Name)
	case in.ParentID != nil:
		parent, err := toOrg("/parent_id", in.ParentID, "")
		if err != nil {
			return tenancy.Organization{}, err
		}
		return s.tenancy.MoveOrganization(ctx, c.Scope, id, parent, s.KeepsClients)
	case in.DefaultSetupID != nil:
		setup, err := toSetup(in.DefaultSetupID)
		if err != nil {
			return tenancy.Organization{}, err
		}
		return s.tenancy.SetDefaultSetup(ctx, c.Scope, id, setup, func(tx *db.Tx) error { return s.SetupUsable(tx, id, setup) })
	}
	most, err := toQuota(in.MaxSuborganizations)
	if err != nil {
		return tenancy.Organization{}, err
	}
	return s.tenancy.SetMaxBelow(ctx, c.Scope, id, most)
}

func (s *surface) deleteOrganization(c *web.Call) (*web.Reply, error) {
	query, err := c.Query()
	if err != nil {
		return nil, err
	}
	subtree := query.Get("subtree")
	if subtree != "" && subtree != "true" && subtree != "false" {
		return nil, fault.New(fault.Malformed, fault.CodeQuery, "subtree is true or false")
	}
	if err := s.tenancy.DeleteOrganization(c.Request.Context(), c.Scope, named(c), subtree == "true", s.OwnsAnything); err != nil {
		return nil, err
	}
	return web.NoContent(), nil
}
