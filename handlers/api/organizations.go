package api

import (
	"errors"
	"net/http"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// organizations lists the acting organization's tree, now or as it was.
func (h *handler) organizations(c *web.Call) (*web.Reply, error) {
	in := snapshots.InstantOf(c.Instants())
	var orgs []tenancy.Organization
	var err error
	if in.Given() {
		orgs, err = h.Tenancy.OrganizationsAsOf(c.Request.Context(), c.Scope, h.recorded(in))
	} else {
		orgs, err = h.Tenancy.Organizations(c.Scope)
	}
	if err != nil {
		return nil, err
	}
	list := organizationList{Organizations: make([]organization, len(orgs))}
	for i, o := range orgs {
		list.Organizations[i] = fromOrganization(c.Scope, o)
	}
	return h.listed(list, in)
}

// recorded is the instant at which to ask what takes effect when it is recorded.
func (h *handler) recorded(in snapshots.Instant) history.Micros {
	return in.Recorded(h.Snapshots.Now())
}

// listed answers with what is asked again each time, unless the instant it is
// about makes it final.
func (h *handler) listed(list any, in snapshots.Instant) (*web.Reply, error) {
	reply, err := web.JSON(http.StatusOK, list)
	if err != nil {
		return nil, err
	}
	return web.Then(reply, h.Snapshots.Final(in)), nil
}

func (h *handler) organization(c *web.Call) (*web.Reply, error) {
	in := snapshots.InstantOf(c.Instants())
	var o tenancy.Organization
	var err error
	if in.Given() {
		o, err = h.Tenancy.OrganizationAsOf(c.Request.Context(), c.Scope, named(c), h.recorded(in))
	} else {
		o, err = h.Tenancy.Organization(c.Scope, named(c))
	}
	if err != nil {
		return nil, err
	}
	return h.listed(fromOrganization(c.Scope, o), in)
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

func (h *handler) createOrganization(c *web.Call) (*web.Reply, error) {
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
	o, err := h.Tenancy.CreateOrganization(c.Request.Context(), c.Scope, parent, in.Name)
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

func (h *handler) patchOrganization(c *web.Call) (*web.Reply, error) {
	var in organizationPatch
	if err := c.JSON(&in, strict); err != nil {
		return nil, err
	}
	if err := c.Because(in.Reason); err != nil {
		return nil, err
	}
	o, err := h.change(c, named(c), in)
	if err != nil {
		return nil, err
	}
	return web.JSON(http.StatusOK, fromOrganization(c.Scope, o))
}

// change makes the one change that a patch asks for.
func (h *handler) change(c *web.Call, id tenancy.OrgID, in organizationPatch) (tenancy.Organization, error) {
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
		return h.Tenancy.SetRequireReason(ctx, c.Scope, id, *in.RequireReason)
	case in.Name != nil:
		return h.Tenancy.RenameOrganization(ctx, c.Scope, id, *in.Name)
	case in.ParentID != nil:
		parent, err := toOrg("/parent_id", in.ParentID, "")
		if err != nil {
			return tenancy.Organization{}, err
		}
		return h.Tenancy.MoveOrganization(ctx, c.Scope, id, parent, h.Snapshots.KeepsClients)
	case in.DefaultSetupID != nil:
		setup, err := toSetup(in.DefaultSetupID)
		if err != nil {
			return tenancy.Organization{}, err
		}
		return h.Tenancy.SetDefaultSetup(ctx, c.Scope, id, setup, func(tx *db.Tx) error { return h.Snapshots.SetupUsable(tx, c.Scope, id, snapshots.EntityID(setup)) })
	}
	most, err := toQuota(in.MaxSuborganizations)
	if err != nil {
		return tenancy.Organization{}, err
	}
	return h.Tenancy.SetMaxBelow(ctx, c.Scope, id, most)
}

func (h *handler) deleteOrganization(c *web.Call) (*web.Reply, error) {
	ctx, subtree := c.Request.Context(), c.Flag("subtree")
	var holds *tenancy.NotEmptyError
	if c.DryRun() && subtree { // asked without, it says what goes along
		errors.As(h.Tenancy.DeleteOrganization(ctx, c.Scope, named(c), false, snapshots.Contents()), &holds)
	}
	err := h.Tenancy.DeleteOrganization(ctx, c.Scope, named(c), subtree, snapshots.Contents())
	if events, ok := history.Rehearsed(err); ok && holds != nil {
		return web.JSON(http.StatusOK, rehearsedDeletion{fromEvents(events), fromHoldings(holds.Holdings)})
	}
	if errors.As(err, &holds) {
		return nil, fault.New(fault.Conflict, fault.CodeNotEmpty, "%s; ask for that with subtree=true", holds.Error())
	}
	if err != nil {
		return nil, err
	}
	return web.NoContent(), nil
}

func fromHoldings(h tenancy.Holdings) holdings {
	return holdings{h.Organizations, h.Setups, h.ResourceServers, h.Clients}
}
