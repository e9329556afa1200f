package pages

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"tenure/snapshots/diff"
	"tenure/tenancy/history"
)

// entry is an event on a page.
type entry struct {
	Index, Seq          int64
	Kind, Title, Sort   string
	Object, ObjectName  string
	Page                string // the object's, from the page that the entry is on; empty for none
	Owner, For          party
	Who                 party
	Surface, Reason     string
	Recorded, Effective stamp
	Later               bool // it takes effect after it was recorded
	Reference           string
	Content             bool // Reference is a snapshot with a file
	Details             []detail
	DetailGone          string
	FromSetup           bool // an event of the setup, on the page of a client that it changed
	Unknown             bool // likewise, but the bundle does not say whether it changed the client

	comparison // what it changed; only on the page of its object
}

// comparison is what an event changed.
type comparison struct {
	Notes     []string
	IsFirst   bool // there is no version before to compare with
	Changes   []change
	Reordered []string
	Stored    []string // members that the client begins or ceases to set, with the same value in force
	Level     diff.Level
}

// change is a difference in words.
type change struct {
	What, Kind string
	Old, New   *value
	Risks      []risk
}

type value struct {
	Text  string
	Bytes int    // of the whole; 0 where all of it is shown
	From  string // the setup's snapshot that it is inherited from; empty for none
}

type risk struct{ Level, Label string }

// Critical reports whether the risk is of the highest level.
func (r risk) Critical() bool { return r.Level == diff.Critical.String() }

// detail is a member of an event's detail.
type detail struct{ Name, Value string }

// party is somebody or something with an id, and a name if the bundle has one.
type party struct{ Sort, Name, ID, Of string }

// entry makes what every page says of an event.
func (m *maker) entry(e *Event) entry {
	env := &e.Envelope
	recorded := env.RecordedAt.Millis()
	made := entry{Index: e.Index, Seq: env.Seq, Kind: string(env.Kind), Title: title(env.Kind), Sort: sortOf(env.ObjectKind), Object: env.Object, ObjectName: m.nameOf(env.ObjectKind, env.Object),
		Owner: m.organization(env.Org), For: m.organization(env.ActingOrg), Who: m.actor(env.Actor), Surface: env.Surface, Reason: env.Reason,
		Recorded: micros(env.RecordedAt), Effective: millis(env.Effective), Later: env.Effective > recorded,
		Reference: env.Ref, Content: env.Content != "" && !m.b.Erased[env.Ref], Details: detailsOf(e.Detail), DetailGone: e.DetailGone}
	if t := m.titles[env.Object]; t != nil {
		made.Page = partName(env.Object, t.partOf(env.Seq))
	}
	return made
}

func (m *maker) organization(id string) party {
	return party{Sort: "organization", Name: m.b.Names.Organizations[id], ID: id}
}

// actor is who did it: a key by its name, a client by its client_id.
func (m *maker) actor(actor string) party {
	who, id, _ := strings.Cut(actor, ":")
	switch who {
	case "key":
		key := m.b.Names.Keys[id]
		return party{"API key", key.Name, id, m.b.Names.Organizations[key.Organization]}
	case "client":
		return party{"the client itself,", m.nameOf(history.ObjectClient, id), id, ""}
	case "operator":
		return party{"an operator of the installation:", id, "", ""}
	case "anonymous":
		return party{"somebody without a key, from", id, "", ""}
	}
	return party{"", actor, "", ""}
}

// nameOf is the name of an object, as far as the bundle has one.
func (m *maker) nameOf(kind, id string) string {
	if t := m.titles[id]; t != nil && t.name != "" {
		return t.name
	}
	switch kind {
	case history.ObjectClient:
		return m.b.Names.Clients[id].ClientID
	case history.ObjectOrganization:
		return m.b.Names.Organizations[id]
	case history.ObjectKey:
		return m.b.Names.Keys[id].Name
	}
	return ""
}

// compare says what an event of an object changed, and keeps the versions.
func (m *maker) compare(e *Event, versions *timeline, whole bool) (c comparison, err error) {
	env := &e.Envelope
	switch _, verb, _ := strings.Cut(string(env.Kind), "."); {
	case verb == "withdrawn":
		versions.withdraw(env.Ref)
		c.Notes = append(c.Notes, "The snapshot below never takes effect.")
		return c, nil
	case env.Content == "":
		return c, nil
	case verb == "deleted":
		c.Notes = append(c.Notes, "From then on it is not in force. Its configuration is not changed by that.")
		return c, nil
	}
	base := versions.before(env.Effective)
	versions.add(version{env.Ref, env.Effective})
	next, err := m.content(env.Ref)
	if err != nil {
		return c, err
	}
	if next == nil {
		c.Notes = append(c.Notes, "The content was erased: what it set is not known any more.")
		return c, nil
	}
	var old []byte
	if base != nil {
		if old, err = m.content(base.id); err != nil {
			return c, err
		}
	}
	switch {
	case base == nil && !whole:
		c.Notes = append(c.Notes, "The version before is older than this bundle: these are all settings, not only those that changed.")
	case base == nil:
		c.Notes = append(c.Notes, "The first version: these are all settings.")
	case old == nil:
		c.Notes = append(c.Notes, "The version before was erased: these are all settings, not only those that changed.")
	}
	c.IsFirst = old == nil
	in, from, err := m.setupBefore(env.Object, env.Effective+1)
	if err != nil {
		return c, err
	}
	if !m.effective() {
		from = ""
	}
	result, err := compared(env.ObjectKind, old, next, env.Effective.Time(), in, from)
	if err != nil {
		c.Notes = append(c.Notes, "The content has a form that cannot be shown here; it is in the file "+fileOf(env.Ref)+".")
		return c, nil
	}
	if base != nil && old != nil && result.Empty() && len(result.Stored) == 0 {
		c.Notes = append(c.Notes, "The settings are the same as before.")
	}
	c.take(&result)
	return c, nil
}

func changeOf(c *diff.Change) change {
	made := change{What: c.Label, Kind: string(c.Kind), Old: valueOf(c.Old, c.OldFrom), New: valueOf(c.New, c.NewFrom)}
	for _, r := range c.Risks {
		made.Risks = append(made.Risks, risk{r.Level.String(), r.Label})
	}
	return made
}

func valueOf(v diff.Value, from string) *value {
	if !v.Set() {
		return nil
	}
	text, whole := cut(v.Text)
	return &value{text, whole, from}
}

func fileOf(snapshot string) string { return "snapshots/" + snapshot + ".json" }

// detailsOf lists the members of a detail, those of members by their path.
func detailsOf(text string) []detail {
	if text == "" {
		return nil
	}
	var v any
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		shortened, _ := cut(text)
		return []detail{{"detail", shortened}}
	}
	return flat(nil, "", v, maxDeep)
}

// maxDeep is how many levels of a detail have rows of their own.
const maxDeep = 8

func flat(list []detail, at string, v any, deep int) []detail {
	if members, ok := v.(map[string]any); ok && len(members) > 0 && deep > 0 {
		names := make([]string, 0, len(members))
		for name := range members {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			list = flat(list, strings.TrimPrefix(at+"."+name, "."), members[name], deep-1)
		}
		return list
	}
	shortened, _ := cut(plain(v))
	if at == "" {
		at = "detail"
	}
	return append(list, detail{at, shortened})
}

func plain(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case nil:
		return "none"
	case bool, json.Number:
		return fmt.Sprint(v)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return ""
	}
	return strings.TrimSuffix(b.String(), "\n")
}
