package api

import (
	"fmt"
	"slices"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/diff"
	"tenure/snapshots/document"
)

// A plan looks at no more than maxLookedAt clients, effectPage of them at once, and
// names the first maxNamed that it is about.
const (
	maxNamed    = 100
	maxLookedAt = 10_000
	effectPage  = 500
)

// effect is what a change of a setup or a resource server means for a client.
type effect struct {
	diff   diff.Result // of what is in force, for a setup
	scopes []string    // that the client has, for a resource server
}

// judge says what a change means for a client; false for nothing.
type judge func(*document.Client) (effect, bool)

// affected finds the clients that a planned change is about, in force when it takes
// effect. They are read in pages. It is nil for a change of a client.
func (h objects[T]) affected(c *web.Call, base *T, out snapshots.Outcome[T]) (*affected, diff.Level, error) {
	means, about := judgeOf(base, out)
	if !about {
		return nil, diff.Routine, nil
	}
	list, level := &affected{Exact: means == nil, Named: []affectedClient{}}, diff.Routine
	q := snapshots.PageQuery{Limit: effectPage}
	if at := out.Plan.ValidFrom; at != nil && *at > h.Snapshots.Now().Millis() {
		q.In.At = at
	}
	for looked := 0; !list.Exact && looked < maxLookedAt; {
		found, more, err := h.Snapshots.Page(c.Request.Context(), c.Scope, out.Entity.Setup, q)
		if err != nil {
			return nil, level, err
		}
		if err := h.Snapshots.Work(c.Request.Context(), c.Scope, func() error {
			for _, one := range found {
				if e, ok := means(one.Content); ok {
					list.add(one.Entity, e)
					level = max(level, e.diff.Level())
				}
			}
			return nil
		}); err != nil {
			return nil, level, err
		}
		if list.Exact = !more; more {
			looked, q.After = looked+len(found), found[len(found)-1].Entity.ClientID
		}
	}
	return list, level, nil
}

// judgeOf is the judge of a change; nil if it can mean nothing for any client. about is
// false for a change of a client.
func judgeOf[T document.Content](base *T, out snapshots.Outcome[T]) (means judge, about bool) {
	switch from := any(base).(type) {
	case *document.Setup:
		if from == nil {
			return nil, true // a setup that was not in force has no clients
		}
		return judgeSetup(from, any(out.Content).(*document.Setup), diff.Options{At: out.ValidFrom.Time()}), true
	case *document.ResourceServer:
		return judgeServer(from, any(out.Content).(*document.ResourceServer)), true
	}
	return nil, false
}

// judgeSetup compares what is in force: a client that sets a member itself does not
// change with the setup's.
func judgeSetup(from, to *document.Setup, options diff.Options) judge {
	options.From, options.To = from, to
	compare := func(client *document.Client) (e effect, ok bool) {
		before, after := document.Effective(client, from), document.Effective(client, to)
		if len(document.Changed(&before, &after)) > 0 {
			e.diff = diff.Of(&before, &after, options)
		}
		return e, !e.diff.Empty()
	}
	if _, some := compare(&document.Client{}); !some { // it inherits all that can be inherited
		return nil
	}
	return compare
}

// judgeServer asks which scopes a client has whose declaration changes.
func judgeServer(from, to *document.ResourceServer) judge {
	if from == nil {
		from = &document.ResourceServer{}
	}
	changed := map[string]bool{}
	for _, side := range [][2]*document.ResourceServer{{from, to}, {to, from}} {
		for _, scope := range side[0].Scopes {
			changed[scope.Name] = !slices.ContainsFunc(side[1].Scopes, func(other document.Scope) bool {
				return other.Name == scope.Name && slices.Equal(document.ScopeMembers(&scope), document.ScopeMembers(&other))
			})
		}
	}
	has := func(scope string) bool { return changed[scope] }
	if !slices.ContainsFunc(slices.Concat(names(from), names(to)), has) {
		return nil
	}
	return func(client *document.Client) (e effect, ok bool) {
		for _, scope := range client.Scopes {
			if has(scope) {
				e.scopes = append(e.scopes, scope)
			}
		}
		return e, len(e.scopes) > 0
	}
}

func names(server *document.ResourceServer) (list []string) {
	for _, scope := range server.Scopes {
		list = append(list, scope.Name)
	}
	return list
}

// add counts a client, and names it while there is room.
func (a *affected) add(e snapshots.Entity, what effect) {
	if a.Count++; len(a.Named) == maxNamed {
		return
	}
	one := affectedClient{EntityID: string(e.ID), ClientID: e.ClientID, OwnerOrganizationID: string(e.Owner), Scopes: what.scopes}
	if !what.diff.Empty() {
		one.Level, one.Changes = what.diff.Level().String(), diff.AppendRows(nil, what.diff.Changes)
	}
	a.Named = append(a.Named, one)
}

// words say how many clients the change of an object of a kind is about.
func (a *affected) words(kind snapshots.Kind) string {
	if a == nil {
		return ""
	}
	what, least := "Clients that change", ""
	if kind == snapshots.KindResourceServer {
		what = "Clients with a scope that changes"
	}
	if !a.Exact {
		least = "at least "
	}
	return fmt.Sprintf("\n%s: %s%d.\n", what, least, a.Count)
}
