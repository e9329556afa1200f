package pages

import (
	"cmp"
	"embed"
	"html/template"
	"io"
	"slices"
	"strings"

	"tenure/tenancy/history"
)

//go:embed templates
var sources embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{"shown": shown, "number": grouped, "style": style, "organization": party.organization, "actor": party.actor}).ParseFS(sources, "templates/*.html"))

// style is the style of the pages of a form. What the second form has more is behind that
// of the first, which verifiers compare.
func style(form int) (template.CSS, error) {
	text, err := sources.ReadFile("templates/style.css")
	if err != nil || form == FormOld {
		return template.CSS(text), err
	}
	more, err := sources.ReadFile("templates/style2.css")
	return template.CSS(text) + template.CSS(more), err
}

func run(w io.Writer, name string, data any) error { return templates.ExecuteTemplate(w, name, data) }

// head is what every page begins and ends with.
type head struct {
	Form   int
	Title  string
	Up     string // index.html from there; empty on it
	Origin string
	MadeAt *stamp
}

// objectPage is the page of an object.
type objectPage struct {
	head
	Sort              string
	Object            Object
	ClientID          string
	Organization      party
	Setup             *party
	SetupPage         bool
	Versions, Counted string
	Whole             bool // it has all events of the object
	Part, Parts       int
	First             int
	Pages             []link
	Effective         bool // changes are those of what is in force
	Signed            *stamp
}

type link struct {
	N    int
	Page string
	Here bool
}

// indexPage is index.html.
type indexPage struct {
	head
	About       About
	For, By     party
	Under       *party
	Asked       []party // clients
	From, To    *stamp
	First, Last *stamp // recorded
	Signed      *stamp // the last checkpoint
	Events      int64
	Population  []counted
	Kinds       []counted
	Lists       []list
	Glossary    []term

	EvidenceName string
	Parted       bool // there are setups of which only the versions are here
}

type counted struct {
	What    string
	N, More int64
}

// list is a table of the objects of one kind.
type list struct {
	Heading, ID string
	Client      bool
	Inherited   bool // Last and Level are also of what clients inherited
	Rows        []listed
}

type listed struct {
	Name, ID, ClientID, Page string
	Organization             party
	Versions, Events         int64
	Last                     stamp
	Level                    string
}

// index writes index.html. The pages of the objects were written before: they
// find the risks.
func (m *maker) index(w io.Writer) error {
	a := &m.b.About
	p := indexPage{head: head{Form: m.b.Form, Title: "Evidence of changes", Origin: a.Origin, MadeAt: instant(a.MadeAt)}, About: *a, For: m.organization(a.Organization),
		By: m.actor(a.MadeBy), From: instant(a.From), To: instant(a.To), Events: int64(len(m.b.Events)), Glossary: glossary, Signed: m.signed(), EvidenceName: "evidence/" + a.Origin}
	if m.effective() {
		p.Glossary = slices.Insert(slices.Clone(glossary), 2, inheritedTerm)
		p.Parted = slices.ContainsFunc(a.Objects, func(o Object) bool { return o.Part })
	}
	if a.Under != "" {
		under := m.organization(a.Under)
		p.Under = &under
	}
	for _, id := range a.Clients {
		p.Asked = append(p.Asked, party{Name: m.nameOf(history.ObjectClient, id), ID: id})
	}
	if n := len(m.b.Events); n > 0 {
		first, last := micros(m.b.Events[0].Envelope.RecordedAt), micros(m.b.Events[n-1].Envelope.RecordedAt)
		p.First, p.Last = &first, &last
	}
	p.Population, p.Kinds = m.population(), m.kinds()
	for _, s := range sorts[:3] {
		l := list{Heading: strings.ToUpper(s.many[:1]) + s.many[1:], ID: s.kind, Client: s.kind == history.ObjectClient, Inherited: s.kind == history.ObjectClient && m.effective()}
		for _, t := range m.ordered {
			if t.Kind == s.kind {
				l.Rows = append(l.Rows, listed{t.name, t.ID, m.b.Names.Clients[t.ID].ClientID, Dir + t.ID + ".html", t.organized, t.versions, t.Count, t.last, t.level.String()})
			}
		}
		if len(l.Rows) > 0 {
			p.Lists = append(p.Lists, l)
		}
	}
	return run(w, "index", p)
}

// population counts the objects of each kind, and their events.
func (m *maker) population() (rows []counted) {
	for _, o := range m.b.About.Objects {
		i := slices.IndexFunc(rows, func(c counted) bool { return c.What == o.Kind })
		if i < 0 {
			i, rows = len(rows), append(rows, counted{What: o.Kind})
		}
		rows[i].N++
		rows[i].More += o.Count
	}
	slices.SortFunc(rows, func(a, b counted) int {
		return cmp.Or(cmp.Compare(place(a.What), place(b.What)), cmp.Compare(a.What, b.What))
	})
	for i := range rows {
		if at := place(rows[i].What); at < len(sorts) {
			rows[i].What = sorts[at].many
		}
	}
	return rows
}

// kinds counts the events of each kind.
func (m *maker) kinds() (rows []counted) {
	counts := make(map[history.Kind]int64)
	for i := range m.b.Events {
		counts[m.b.Events[i].Envelope.Kind]++
	}
	for kind, n := range counts {
		object, _, _ := strings.Cut(string(kind), ".")
		rows = append(rows, counted{What: sortOf(object) + ": " + title(kind), N: n})
	}
	slices.SortFunc(rows, func(a, b counted) int { return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.What, b.What)) })
	return rows
}
