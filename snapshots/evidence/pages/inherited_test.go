package pages

import (
	"strings"
	"testing"

	"tenure/snapshots/document"
	"tenure/snapshots/document/documenttest"
	"tenure/tenancy/history"
)

// inherits adds what a setup's owner did to what its clients inherit.
func (s *script) inherits() {
	s.About.LogSigned = 1767409445_000001
	s.Names.Clients[quiet] = Client{"quiet", setup}
	doc := documenttest.FullSetup()
	doc.GrantTypes = append(doc.GrantTypes[:len(doc.GrantTypes):len(doc.GrantTypes)], "password")
	doc.AccessTokenTTL = hours(48)
	snap(s, "setup.changed", setup, doc, because("legacy apps, ticket OPS-7"))
	doc.Comment = "nothing that clients inherit"
	snap(s, "setup.changed", setup, doc, nil)
	planned := doc
	planned.AccessTokenTTL = hours(1)
	id := snap(s, "setup.scheduled", setup, planned, func(env *history.Envelope) { env.Effective += 86_400_000 })
	s.event("setup.withdrawn", setup, id, func(env *history.Envelope) { env.Content = "ff" })
	snap(s, "client.changed", kiosk, document.Client{ClientName: "Kiosk", ClientURI: "https://kiosk.example", AccessTokenTTL: hours(48)}, nil)
	later := doc
	later.AccessTokenTTL, later.IDTokenTTL = hours(2), hours(24)
	snap(s, "setup.scheduled", setup, later, func(env *history.Envelope) { env.Effective += 2 * 86_400_000 })
}

// articles are the events of a page, each as people see it.
func articles(page string) (list []string) {
	for _, part := range strings.Split(page, "<article ")[1:] {
		list = append(list, seen("<body><article "+part))
	}
	return list
}

// TestInherited: the page of a client has the changes of its setup that changed it, from
// what to what, with risk, reason and the setup's snapshot; those of what the client sets
// itself, of what nobody inherits and of a plan that was withdrawn are not there.
func TestInherited(t *testing.T) {
	s := example()
	s.inherits()
	files := made(t, &s.Bundle)
	all := articles(files[Dir+kiosk+".html"])
	var of []string
	for _, a := range all {
		if strings.Contains(a, "Inherited from the setup:") {
			of = append(of, a)
		}
	}
	if len(of) != 2 {
		t.Fatalf("%d changes of the setup in %q", len(of), all)
	}
	for _, want := range []string{"Inherited from the setup: Changed", "legacy apps, ticket OPS-7", "now password inherited from the setup, snapshot", "critical : new grant type password",
		"was 3603 s (1 h 3 s) inherited", "now 172800 s (2 d) inherited"} {
		if !strings.Contains(of[0], want) {
			t.Errorf("no %q in %q", want, of[0])
		}
	}
	if !strings.Contains(of[1], "id_token_ttl") || strings.Contains(of[1], "access_token_ttl") || !strings.Contains(of[1], "later:") {
		t.Errorf("what kiosk sets itself by then: %q", of[1])
	}
	own := all[len(all)-2]
	if !strings.Contains(own, "with the same value in force: access_token_ttl") || strings.Contains(own, "The settings are the same as before") {
		t.Errorf("a value that it inherited: %q", own)
	}
	if page := files[Dir+shop+".html"]; strings.Contains(page, "Inherited from the setup:") {
		t.Error("shop sets all of it itself")
	}
	if index := seen(files[FileIndex]); !strings.Contains(index, "Inherited What a client does not set itself") || strings.Contains(index, "of setups of others") {
		t.Error(index)
	}

	s.Form = FormOld
	for name, text := range made(t, &s.Bundle) {
		if strings.Contains(strings.ToLower(text), "inherited from") {
			t.Errorf("the first form has it, too: %s", name)
		}
	}
}

// TestLastCountsWhatIsInherited: the index says when a client last changed, by its own
// event or by one of its setup, and that Events counts its own only.
func TestLastCountsWhatIsInherited(t *testing.T) {
	s := example()
	s.inherits()
	last := s.Events[len(s.Events)-1].Envelope
	files := made(t, &s.Bundle)
	want := micros(last.RecordedAt).Clock
	if last.Object != setup || !strings.Contains(row(t, files, kiosk), " 5 2026-01-02 "+want) {
		t.Errorf("no %s in %s", want, row(t, files, kiosk))
	}
	if own := row(t, files, shop); strings.Contains(own, want) {
		t.Errorf("shop inherits none of it: %s", own)
	}
	const says = "Risk and Last are also of what a client inherited from its setup, Events only of its own"
	if index := seen(files[FileIndex]); strings.Count(index, says) != 1 {
		t.Error(index)
	}
	snap(s, "client.changed", kiosk, document.Client{ClientName: "Kiosk, later"}, nil)
	if own := row(t, made(t, &s.Bundle), kiosk); !strings.Contains(own, " 6 2026-01-02 "+micros(s.at).Clock) {
		t.Errorf("its own is the last: %s", own)
	}
}

// TestPartOfASetup: of a setup of others only the versions are here, and its page and the
// index say so; links to its events lead there in spite of the gaps.
func TestPartOfASetup(t *testing.T) {
	s := example()
	s.inherits()
	events := s.Events[:0]
	for _, e := range s.Events {
		if e.Envelope.Object == setup && e.Envelope.Content == "" {
			continue
		}
		if e.Envelope.Object == setup {
			e.Envelope.Seq *= 700
		}
		events = append(events, e)
	}
	s.Events = events
	o := s.object(history.ObjectSetup, setup)
	o.Part, o.Count = true, o.Count-1
	o.First, o.Last, o.Total = 700, o.Last*700, o.Last*700+5
	files := made(t, &s.Bundle)
	if page := seen(files[Dir+setup+".html"]); !strings.Contains(page, "only the versions are here, as clients in this bundle inherit from them") {
		t.Error(page)
	}
	if !strings.Contains(seen(files[FileIndex]), "Of setups of others only the versions are here") {
		t.Error("the index says nothing of it")
	}
	if strings.Contains(files[FileEvents], Dir+setup+"-") {
		t.Error("a link leads to a page that is not there")
	}
	if !strings.Contains(seen(files[Dir+kiosk+".html"]), "Inherited from the setup: Changed") {
		t.Error("nothing is inherited")
	}
}

// row is the row of an object in index.html.
func row(t *testing.T, files map[string]string, id string) string {
	t.Helper()
	_, text, found := strings.Cut(files[FileIndex], `<a href="`+Dir+id+`.html">`)
	if !found {
		t.Fatalf("no row of %s", id)
	}
	text, _, _ = strings.Cut(text, "</tr>")
	return seen("<body>" + text)
}

// TestNothingIsClaimed of a client whose version of the time of a change of its setup is
// not in the bundle: it may set all that changed itself. Nothing at all is said of one
// whose content of that time was erased.
func TestNothingIsClaimed(t *testing.T) {
	s := example()
	s.inherits()
	s.Names.Clients[erasedClient] = Client{"gone", setup}
	const later = "c1000000000000000000000000000005" // its only version here is newer than the changes
	s.Names.Clients[later] = Client{"later", setup}
	snap(s, "client.changed", later, document.Client{ClientName: "Later", GrantTypes: []string{"authorization_code"}, AccessTokenTTL: hours(1), IDTokenTTL: hours(1), RedirectURIs: []string{"https://later.example/cb"}}, nil)
	o := s.object(history.ObjectClient, later)
	o.First, o.Last, o.Total = 7, 7, 7
	s.Events[len(s.Events)-1].Envelope.Seq = 7
	files := made(t, &s.Bundle)
	for _, id := range []string{quiet, later, erasedClient} {
		all := articles(files[Dir+id+".html"])
		page := seen(files[Dir+id+".html"])
		if strings.Contains(page, "Inherited from the setup:") || strings.Contains(page, "password") || strings.Contains(row(t, files, id), "critical") {
			t.Errorf("%s: %q\n%s", id, all, row(t, files, id))
		}
		const unknown = "Whether the client inherits what changed then, this bundle does not say"
		if want := id != erasedClient; strings.Contains(page, unknown) != want || strings.Contains(files[Dir+id+".html"], `<a href="`+setup+`.html#n3">`) != want {
			t.Errorf("%s: that it is not known: %s", id, page)
		}
	}
	if first := articles(files[Dir+later+".html"])[0]; !strings.Contains(first, "7. Changed") {
		t.Errorf("its own: %q", first)
	}
}

// TestSaysWhenItWasSigned: the pages say up to which instant they are the whole history.
// A change of right before the bundle was asked for may be behind it.
func TestSaysWhenItWasSigned(t *testing.T) {
	s := example()
	says := func(page string) bool {
		return strings.Contains(seen(page), "signed at 2026-01-03 03:04:05.000001 UTC")
	}
	s.About.LogSigned = 1767409445_000001
	for _, form := range []int{Form, FormOld} {
		s.Form = form
		files := made(t, &s.Bundle)
		for _, name := range []string{FileIndex, Dir + shop + ".html"} {
			if says(files[name]) != (form != FormOld) {
				t.Errorf("form %d, %s: %s", form, name, seen(files[name]))
			}
		}
	}
	s.Form, s.About.LogSigned = Form, 0
	if strings.Contains(made(t, &s.Bundle)[FileIndex], "signed at") {
		t.Error("a checkpoint that does not say when it was signed")
	}
}
