package diff

import (
	"slices"
	"sync"
	"time"

	"tenure/snapshots/document"
	"tenure/snapshots/document/uri"
)

// Level is a class of risk, which approvals may be bound to.
type Level uint8

// The levels.
const (
	Routine   Level = iota // nothing that a rule knows
	Sensitive              // look before it goes out
	Critical               // a protection is gone, or all that runs stops
)

func (l Level) String() string { return [...]string{"routine", "sensitive", "critical"}[l] }

// Effect is what a risk is about.
type Effect string

// The effects.
const (
	Relaxes Effect = "relaxes" // somebody can do what was refused before
	Breaks  Effect = "breaks"  // what runs now may be refused or fail
	Alters  Effect = "alters"  // people, or who reads the tokens, see something else
)

// Risk is what one rule says about a change.
type Risk struct {
	Rule   string // lower case with hyphens; the names do not change
	Level  Level
	Effect Effect
	Label  string // words for people; of the documents' content at most names, hosts and numbers
}

// rule is one row of the table.
type rule struct {
	name    string
	members []string // top-level, or of a scope; nil for any
	level   Level
	effect  Effect
	// fresh rules hold for a new document as well: they are about what stands in
	// it, not about what it was before.
	fresh bool
	// label gives the words, none if the rule has nothing to say of the change.
	label func(in *input, r *row) string
}

// input is what rules may look at besides the change.
type input struct {
	at       time.Time
	fresh    bool
	old, new map[string]string // values by top-level member; for clients the effective ones
	rows     []row
	// broken names the rules of document.Works that the change breaks. Few changes touch their members, and
	// they read the whole client, so nothing is asked before a rule needs it.
	broken func() []string
	keys   func() int // how many the new document has
	// asked and owners keep what was found out about the rows' addresses: many rules ask the same.
	asked  map[*row][]*uri.Rule
	owners map[string][]string // by member, the domains of the addresses that the old document has
}

func inputOf[T document.Content](from, to *T, o Options, rows []row) *input {
	in := &input{at: o.At, fresh: from == nil, rows: rows, asked: map[*row][]*uri.Rule{}, owners: map[string][]string{}}
	if len(rows) > 0 {
		in.old, in.new = values(from, o.From), values(to, o.To)
		in.keys = sync.OnceValue(func() int { return len(items(find(properties(in.new["jwks"]), "keys"))) })
		in.broken = sync.OnceValue(func() []string { return brokenWorks(from, to, rows, o.To) })
	}
	return in
}

// values are those of a document as it acts inside its setup.
func values[T document.Content](doc *T, setup *document.Setup) map[string]string {
	if doc == nil {
		doc = new(T)
	}
	if client, ok := any(doc).(*document.Client); ok {
		if setup == nil {
			setup = &document.Setup{}
		}
		effective := document.Effective(client, setup)
		doc = any(&effective).(*T)
	}
	members := document.Members(doc)
	all := make(map[string]string, len(members))
	for _, m := range members {
		all[m.Name] = m.Value
	}
	return all
}

func (in *input) risks(r *row) []Risk {
	var all []Risk
	of := rulesByMember()
	about, listed := of[r.name]
	if !listed {
		about = of[""]
	}
	if in.fresh && r == in.first() {
		about = withWorks(r.name) // they may be told here, see breaks
	}
	for _, rule := range about {
		if in.fresh && !rule.fresh {
			continue
		}
		if label := rule.label(in, r); label != "" {
			all = append(all, Risk{rule.name, rule.level, rule.effect, label})
		}
	}
	return all
}

// rulesByMember are the rules that look at a member, in the order of the table; under the
// empty name those that look at any.
var rulesByMember = sync.OnceValue(func() map[string][]*rule {
	of := map[string][]*rule{"": nil}
	for i := range rules {
		for _, name := range rules[i].members {
			of[name] = nil
		}
	}
	for name := range of {
		for i := range rules {
			if r := &rules[i]; r.members == nil || slices.Contains(r.members, name) {
				of[name] = append(of[name], r)
			}
		}
	}
	return of
})
