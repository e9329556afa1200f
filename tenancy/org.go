package tenancy

import (
	"slices"
	"sync"

	"github.com/google/uuid"

	"tenure/tenancy/fault"
	"tenure/tenancy/text"
)

// OrgID is an organization's id: a UUID in lower case. Empty is no organization.
type OrgID string

// MaxDepth is how many organizations a path from the root may hold.
const MaxDepth = 32

// Organization is the present version of one organization.
type Organization struct {
	ID             OrgID
	Parent         OrgID // empty for the root
	Name           string
	DefaultSetup   string // its own; empty if it uses the nearest ancestor's
	Depth          int    // counted from the acting organization, which has 1
	HasDescendants bool

	// TokenDuration is how long access tokens of its new clients live unless
	// they say so, in seconds; 0 leaves that to the dialect.
	TokenDuration int64
	MaxBelow      *int64 // how many organizations may be below it; nil for any number

	// RequireReason says that a change of it, of what it owns and of everything
	// below needs a reason; ReasonRequired that it or one above says so.
	RequireReason, ReasonRequired bool

	// What SlashID knows of an organization besides; nothing here depends on it,
	// and it never changes.
	PersonsPool, GroupsPool OrgID // whose pool it shares; empty for its own
	InheritsRBAC            bool
}

// ParseOrgID reads a UUID in any case; a fault of kind Malformed otherwise.
func ParseOrgID(s string) (OrgID, error) {
	id, err := uuid.Parse(s)
	if err != nil || len(s) != 36 {
		return "", fault.New(fault.Malformed, "", "an organization id must be a UUID")
	}
	return OrgID(id.String()), nil
}

// CheckName is the rule for names of organizations and keys: 1 to 255 bytes
// of one line, of which something can be seen, and nothing that cannot.
func CheckName(path, name string) []fault.Field {
	if text.Check(text.Name, name) == nil {
		return nil
	}
	return []fault.Field{{Path: path, Rule: "name", Message: "a name has 1 to 255 bytes, something to see, and no control or hidden characters"}}
}

// node is what the tree holds of an organization: its present version. Nodes
// never change; a change puts a new node in the place of the old one.
type node struct {
	orgVersion
	gone bool    // deleted itself, or an ancestor is
	path []OrgID // from the root to itself
	once bool    // itself was deleted or moved at some time, even if it was restored
}

// tree answers the ancestor question in constant time.
type tree struct {
	mu       sync.RWMutex
	nodes    map[OrgID]*node
	children map[OrgID][]OrgID
	root     OrgID
}

// covers reports whether a is b or an ancestor of b, and both are there.
func (t *tree) covers(a, b OrgID) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	na, nb := t.nodes[a], t.nodes[b]
	return na != nil && nb != nil && len(na.path) <= len(nb.path) && nb.path[len(na.path)-1] == a
}

func (t *tree) get(id OrgID) *node {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.nodes[id]
}

// put places the current version of an organization and, when it moved or
// was deleted, new nodes for everything below it.
func (t *tree) put(v orgVersion) {
	t.mu.Lock()
	defer t.mu.Unlock()
	old := t.nodes[v.ID]
	if old != nil && old.Seq >= v.Seq {
		return
	}
	if old == nil || old.Parent != v.Parent {
		if old != nil {
			t.children[old.Parent] = without(t.children[old.Parent], v.ID)
		}
		t.children[v.Parent] = append(t.children[v.Parent], v.ID)
	}
	if v.Parent == "" {
		t.root = v.ID
	}
	n := &node{orgVersion: v, once: v.Deleted || old != nil && (old.once || old.Parent != v.Parent)}
	t.nodes[v.ID] = n
	t.place(n)
	if old == nil || old.Parent != n.Parent || old.gone != n.gone {
		t.placeBelow(n)
	}
}

// place fills in what follows from the parent.
func (t *tree) place(n *node) {
	n.gone = n.Deleted
	if p := t.nodes[n.Parent]; p != nil {
		n.path = append(append(make([]OrgID, 0, len(p.path)+1), p.path...), n.ID)
		n.gone = n.gone || p.gone
	} else {
		n.path = []OrgID{n.ID}
	}
}

func (t *tree) placeBelow(n *node) {
	for _, id := range t.children[n.ID] {
		child := *t.nodes[id]
		t.place(&child)
		t.nodes[id] = &child
		t.placeBelow(&child)
	}
}

// steady reports whether nothing of id's path was ever deleted or moved.
func (t *tree) steady(id OrgID) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	n := t.nodes[id]
	return n != nil && !slices.ContainsFunc(n.path, func(id OrgID) bool { return t.nodes[id].once })
}

// wantsReason reports whether id or one above it requires reasons.
func (t *tree) wantsReason(id OrgID) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	n := t.nodes[id]
	return n != nil && slices.ContainsFunc(n.path, func(id OrgID) bool { return t.nodes[id].RequireReason })
}

// subtree lists id and its descendants that are not gone, parents first.
func (t *tree) subtree(id OrgID) []*node {
	t.mu.RLock()
	defer t.mu.RUnlock()
	var list []*node
	queue := []OrgID{id}
	for len(queue) > 0 {
		n := t.nodes[queue[0]]
		queue = queue[1:]
		if n != nil && !n.gone {
			list = append(list, n)
			queue = append(queue, t.children[n.ID]...)
		}
	}
	return list
}

func (t *tree) hasLiveChildren(id OrgID) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for _, c := range t.children[id] {
		if !t.nodes[c].gone {
			return true
		}
	}
	return false
}

// defaultSetup is the organization's own default setup or the nearest
// ancestor's; empty if there is none.
func (t *tree) defaultSetup(id OrgID) string {
	t.mu.RLock()
	defer t.mu.RUnlock()
	n := t.nodes[id]
	if n == nil {
		return ""
	}
	for i := len(n.path) - 1; i >= 0; i-- {
		if s := t.nodes[n.path[i]].DefaultSetup; s != "" {
			return s
		}
	}
	return ""
}

func without(ids []OrgID, id OrgID) []OrgID {
	kept := make([]OrgID, 0, len(ids))
	for _, other := range ids {
		if other != id {
			kept = append(kept, other)
		}
	}
	return kept
}
