package pages

import (
	"cmp"
	"io"
	"math"
	"slices"
	"strconv"
	"time"

	"tenure/snapshots/diff"
	"tenure/snapshots/document"
	"tenure/tenancy/history"
	"tenure/tenancy/text/cells"
)

// Write makes every file, each by one call of file, in an order of its own.
func Write(b *Bundle, file func(name string, write func(io.Writer) error) error) error {
	m, err := newMaker(b)
	if err != nil {
		return err
	}
	if err := file(FileCSV, m.csv); err != nil {
		return err
	}
	if err := file(FileEvents, m.events); err != nil {
		return err
	}
	for _, t := range m.ordered {
		if err := m.object(t, file); err != nil {
			return err
		}
	}
	return file(FileIndex, m.index)
}

// titled is an object that has a page.
type titled struct {
	Object
	name      string // in force when the bundle was made, or the newest before that
	events    []*Event
	level     diff.Level // the highest of its changes
	versions  int64
	last      stamp // when it changed last, by a change of its setup too
	lastIndex int64 // of that event
	organized party
	line      timeline // its versions, without those that were withdrawn

	changes []setupChange // of a setup, for its clients
	asked   bool          // changes are known
}

// maxHeld bounds the contents in memory: an object's name, its own page and the
// next change want the same ones.
const maxHeld = 16 << 20

type maker struct {
	b       *Bundle
	titles  map[string]*titled
	ordered []*titled // by kind, then name

	held    map[string][]byte // contents that were read, up to maxHeld bytes
	holds   int
	setupID string // the setup that was read last
	setup   *document.Setup
}

func newMaker(b *Bundle) (*maker, error) {
	m := &maker{b: b, titles: make(map[string]*titled), held: make(map[string][]byte)}
	for _, o := range b.About.Objects {
		switch o.Kind {
		case history.ObjectClient, history.ObjectSetup, history.ObjectResourceServer:
			t := &titled{Object: o, organized: m.organization(o.Owner)}
			m.titles[o.ID], m.ordered = t, append(m.ordered, t)
		}
	}
	for i := range b.Events {
		if t := m.titles[b.Events[i].Envelope.Object]; t != nil {
			t.events = append(t.events, &b.Events[i])
			t.last, t.lastIndex = micros(b.Events[i].Envelope.RecordedAt), b.Events[i].Index
		}
	}
	for _, t := range m.ordered {
		if err := m.nameObject(t); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(m.ordered, func(a, b *titled) int {
		return cmp.Or(cmp.Compare(place(a.Kind), place(b.Kind)), cmp.Compare(m.nameOf(a.Kind, a.ID), m.nameOf(b.Kind, b.ID)), cmp.Compare(a.ID, b.ID))
	})
	return m, nil
}

// nameObject reads the name that an object had when the bundle was made, or
// the first that it will have.
func (m *maker) nameObject(t *titled) error {
	var versions timeline
	for _, e := range t.events {
		switch env := &e.Envelope; {
		case title(env.Kind) == titles["withdrawn"]:
			versions.withdraw(env.Ref)
		case env.Content != "" && title(env.Kind) != titles["deleted"]:
			versions.add(version{env.Ref, env.Effective})
			t.versions++
		}
	}
	if t.line = versions; len(versions) == 0 {
		return nil
	}
	named := versions[0]
	if made, err := time.Parse(time.RFC3339Nano, m.b.About.MadeAt); err == nil {
		if then := versions.before(history.Millis(made.UnixMilli()) + 1); then != nil {
			named = *then
		}
	}
	content, err := m.content(named.id)
	if err == nil && content != nil {
		t.name = nameIn(t.Kind, content)
	}
	return err
}

// content reads the content of a snapshot; nil where it was erased.
func (m *maker) content(id string) ([]byte, error) {
	if m.b.Erased[id] {
		return nil, nil
	}
	if content, ok := m.held[id]; ok {
		return content, nil
	}
	content, err := m.b.Content(id)
	if err != nil {
		return nil, err
	}
	if content == nil {
		content = []byte{} // of a deletion
	}
	if m.holds+len(content) > maxHeld {
		clear(m.held)
		m.holds = 0
	}
	m.held[id] = content
	m.holds += len(content)
	return content, nil
}

var columns = []string{"log_index", "recorded_at", "effective_at", "kind", "object_kind", "object", "sequence", "owner_organization_id",
	"reference", "actor", "acting_organization_id", "surface", "reason", "content_commitment", "commitment", "previous_commitment"}

// csv writes events.csv (RFC 4180; see package cells).
func (m *maker) csv(w io.Writer) error {
	if err := cells.Write(w, columns); err != nil {
		return err
	}
	for i := range m.b.Events {
		e := &m.b.Events[i]
		env := &e.Envelope
		if err := cells.Write(w, []string{strconv.FormatInt(e.Index, 10), env.RecordedAt.Time().Format(time.RFC3339Nano),
			env.Effective.Time().Format(time.RFC3339Nano), string(env.Kind), env.ObjectKind, env.Object, strconv.FormatInt(env.Seq, 10), env.Org,
			env.Ref, env.Actor, env.ActingOrg, env.Surface, env.Reason, env.Content, e.Commitment, env.Previous}); err != nil {
			return err
		}
	}
	return nil
}

// events writes events.html, a row for each event.
func (m *maker) events(w io.Writer) error {
	h := head{Form: m.b.Form, Title: "Every event, in order", Up: FileIndex, Origin: m.b.About.Origin, MadeAt: instant(m.b.About.MadeAt)}
	if err := run(w, "events-head", struct {
		head
		N string
	}{h, plural(int64(len(m.b.Events)), "event", "events")}); err != nil {
		return err
	}
	for i := range m.b.Events {
		if err := run(w, "events-row", m.entry(&m.b.Events[i])); err != nil {
			return err
		}
	}
	return run(w, "events-foot", h)
}

// object writes the pages of one client, setup or resource server: one of
// them for each partSize events.
func (m *maker) object(t *titled, file func(string, func(io.Writer) error) error) error {
	var versions timeline
	parts := max(1, (len(t.events)+partSize-1)/partSize)
	setups, err := m.changesOfSetup(t)
	if err != nil {
		return err
	}
	for n := range parts {
		events := t.events[n*partSize : min(len(t.events), (n+1)*partSize)]
		name := partName(t.ID, n)
		if err := file(name, func(w io.Writer) error { return m.part(w, t, events, &setups, &versions, n, parts) }); err != nil {
			return err
		}
	}
	return nil
}

// signed is when the checkpoint was signed that the bundle goes up to; nil where that is
// not said, as in the first form.
func (m *maker) signed() *stamp {
	if m.b.About.LogSigned == 0 || !m.effective() {
		return nil
	}
	at := micros(m.b.About.LogSigned)
	return &at
}

// partOf is which of an object's pages has its event with a number. What is here in
// part has gaps.
func (t *titled) partOf(seq int64) int {
	if t.Part {
		return max(0, slices.IndexFunc(t.events, func(e *Event) bool { return e.Envelope.Seq == seq })) / partSize
	}
	return int(max(0, seq-t.First) / partSize)
}

func partName(id string, n int) string {
	if n == 0 {
		return Dir + id + ".html"
	}
	return Dir + id + "-" + strconv.Itoa(n+1) + ".html"
}

func (m *maker) part(w io.Writer, t *titled, events []*Event, setups *[]setupChange, versions *timeline, n, parts int) error {
	p := objectPage{head: head{Form: m.b.Form, Title: cmp.Or(m.nameOf(t.Kind, t.ID), t.ID), Up: "../" + FileIndex, Origin: m.b.About.Origin, MadeAt: instant(m.b.About.MadeAt)},
		Sort: sortOf(t.Kind), Object: t.Object, ClientID: m.b.Names.Clients[t.ID].ClientID, Organization: t.organized,
		Versions: plural(t.versions, "version", "versions"), Counted: plural(t.Count, "event", "events"), Whole: t.First == 1 && t.Last == t.Total,
		Part: n + 1, Parts: parts, First: n*partSize + 1, Effective: m.effective(), Signed: m.signed()}
	if setup := m.b.Names.Clients[t.ID].Setup; setup != "" {
		p.Setup = &party{Name: m.nameOf(history.ObjectSetup, setup), ID: setup}
		p.SetupPage = m.titles[setup] != nil
	}
	for i := range parts {
		p.Pages = append(p.Pages, link{i + 1, partName(t.ID, i)[len(Dir):], i == n})
	}
	if err := run(w, "object-head", p); err != nil {
		return err
	}
	for _, e := range events {
		if err := m.setupsUntil(w, t, setups, e.Index); err != nil {
			return err
		}
		made := m.entry(e)
		var err error
		if made.comparison, err = m.compare(e, versions, t.First == 1); err != nil {
			return err
		}
		t.level = max(t.level, made.Level)
		if err := run(w, "object-entry", made); err != nil {
			return err
		}
	}
	if n == parts-1 {
		if err := m.setupsUntil(w, t, setups, math.MaxInt64); err != nil {
			return err
		}
	}
	return run(w, "object-foot", p)
}

// setupsUntil writes what changes of its setup did to a client, up to a place in the log.
func (m *maker) setupsUntil(w io.Writer, t *titled, setups *[]setupChange, index int64) error {
	for len(*setups) > 0 && (*setups)[0].event.Index < index {
		made, err := m.inherited(t, &(*setups)[0])
		if *setups = (*setups)[1:]; err != nil {
			return err
		}
		if made == nil {
			continue
		}
		if made.Unknown {
			if err := run(w, "object-unknown", made); err != nil {
				return err
			}
			continue
		}
		t.level = max(t.level, made.Level)
		if made.Index > t.lastIndex {
			t.last, t.lastIndex = made.Recorded, made.Index
		}
		if err := run(w, "object-entry", made); err != nil {
			return err
		}
	}
	return nil
}
