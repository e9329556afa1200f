package pages

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"tenure/snapshots/document"
	"tenure/snapshots/document/documenttest"
	"tenure/tenancy/history"
)

const (
	north, harbour, above = "0a6d7a34-0000-4000-8000-000000000001", "0a6d7a34-0000-4000-8000-000000000002", "0a6d7a34-0000-4000-8000-000000000003"
	admin, topKey         = "key:1c0a0000000000000000000000000001", "key:1c0a0000000000000000000000000002"
	shop, kiosk           = "c1000000000000000000000000000001", "c1000000000000000000000000000002"
	erasedClient, quiet   = "c1000000000000000000000000000003", "c1000000000000000000000000000004"
	setup, server         = "5e000000000000000000000000000001", "5e000000000000000000000000000002"
	hostile               = "<script>alert('1')</script>\u202egnp.exe & \x1b[31m\u200b\nsecond"
)

// script makes a Bundle event by event.
type script struct {
	Bundle
	contents map[string][]byte
	at       history.Micros
	n        int // of snapshots
}

func (s *script) event(kind, object, ref string, change func(*history.Envelope)) *Event {
	s.at += 61_000_123
	objectKind, _, _ := strings.Cut(kind, ".")
	env := history.Envelope{Version: 1, Kind: history.Kind(kind), ObjectKind: objectKind, Object: object, Ref: ref, Org: harbour, Actor: admin, ActingOrg: north,
		Surface: "api", RecordedAt: s.at, Effective: s.at.Millis()}
	if change != nil {
		change(&env)
	}
	o := s.object(objectKind, object)
	o.Count, o.Last, o.Total = o.Count+1, o.Last+1, o.Last+1
	env.Seq = o.Last
	s.Events = append(s.Events, Event{Index: int64(len(s.Events)) + 1000, Envelope: env, Commitment: fmt.Sprintf("%064x", len(s.Events))})
	return &s.Events[len(s.Events)-1]
}

func (s *script) object(kind, id string) *Object {
	for i := range s.About.Objects {
		if s.About.Objects[i].ID == id {
			return &s.About.Objects[i]
		}
	}
	s.About.Objects = append(s.About.Objects, Object{ID: id, Kind: kind, Owner: harbour, First: 1})
	return &s.About.Objects[len(s.About.Objects)-1]
}

func snap[T document.Content](s *script, kind, object string, doc T, change func(*history.Envelope)) string {
	id := fmt.Sprintf("%032x", s.n+0xabc)
	s.n++
	s.contents[id] = document.Encode(&doc)
	s.event(kind, object, id, func(env *history.Envelope) {
		env.Content = fmt.Sprintf("%064x", len(s.contents))
		if change != nil {
			change(env)
		}
	})
	return id
}

func because(reason string) func(*history.Envelope) {
	return func(env *history.Envelope) { env.Reason = reason }
}

func hours(n int64) *int64 { n *= 3600; return &n }

// example has every kind of event, each kind of change, and texts that do harm
// where they are not escaped.
func example() *script {
	s := &script{contents: make(map[string][]byte), at: 1767322869_678958}
	s.Form = Form
	s.Erased = make(map[string]bool)
	s.Content = func(id string) ([]byte, error) {
		if c, ok := s.contents[id]; ok {
			return c, nil
		}
		return nil, fmt.Errorf("no %s", id)
	}
	s.Names = Names{Organizations: map[string]string{north: "North", harbour: "Harbour & " + hostile},
		Keys:    map[string]Key{strings.TrimPrefix(admin, "key:"): {"deploy <b>", north}},
		Clients: map[string]Client{shop: {"shop", setup}, kiosk: {hostile, setup}, erasedClient: {"gone", ""}, quiet: {"quiet", ""}}}
	s.event("organization.created", harbour, "", because("")).Detail = `{"name":"Harbour","parent":"` + north + `","persons_pool":null,"max_below":3}`
	s.event("organization.moved", harbour, "", nil).DetailGone = "withheld"
	s.event("key.created", strings.TrimPrefix(admin, "key:"), "", nil).Detail = `{"name":"deploy <b>","role":"admin","expires_at":0,"scopes":["a","b"]}`
	snap(s, "setup.published", setup, documenttest.FullSetup(), because("the first one"))
	s.event("setup.policy", setup, "", nil).Detail = `{"allow":["weak-key"],"registration":{"mode":"open","limit":10}}`
	snap(s, "resource_server.published", server, documenttest.FullResourceServer(), nil)

	first := documenttest.FullClient()
	first.ClientName = "Online shop"
	snap(s, "client.published", shop, first, because("onboarding, ticket OPS-4410"))
	second := *document.Clone(&first)
	second.RedirectURIs = []string{"https://shop.example.com/cb", "https://*.shop.example.com/cb", "http://shop.example.com/plain"}
	second.GrantTypes = append(second.GrantTypes, "password")
	second.AccessTokenTTL = hours(72)
	second.Comment = hostile + strings.Repeat(" long", 900)
	second.JWKS, second.JWKSURI = "", ""
	second.TokenEndpointAuthMethod = "none"
	snap(s, "client.changed", shop, second, because(hostile))
	planned := *document.Clone(&second)
	planned.ClientName, planned.Contacts = "Online shop, next year", []string{"team@shop.example.com"}
	id := snap(s, "client.scheduled", shop, planned, func(env *history.Envelope) { env.Effective += 86_400_000 })
	third := *document.Clone(&second)
	third.Contacts = nil
	third.TokenEndpointAuthMethod = "private_key_jwt"
	third.JWKS = first.JWKS
	snap(s, "client.changed", shop, third, func(env *history.Envelope) { env.Actor, env.ActingOrg = topKey, above })
	s.event("client.withdrawn", shop, id, func(env *history.Envelope) { env.Content = "ff" })
	s.event("client.secret-added", shop, "5ec0000000000000000000000000001", nil)
	s.event("client.secret-disclosed", shop, "5ec0000000000000000000000000001", nil).Detail = `{"to":"key"}`
	snap(s, "client.changed", shop, third, nil) // nothing changes

	other := document.Client{ClientName: hostile, RedirectURIs: []string{"javascript:alert(1)"}}
	snap(s, "client.published", kiosk, other, func(env *history.Envelope) { env.Actor = "anonymous:192.0.2.7" })
	snap(s, "client.changed", kiosk, document.Client{ClientName: "Kiosk"}, func(env *history.Envelope) { env.Actor = "client:" + kiosk })
	s.event("client.deleted", kiosk, "f000000000000000000000000000000f", func(env *history.Envelope) { env.Content = "ee" })
	s.contents["f000000000000000000000000000000f"] = nil
	snap(s, "client.restored", kiosk, document.Client{ClientName: "Kiosk", ClientURI: "https://kiosk.example"}, nil)

	gone := snap(s, "client.published", erasedClient, document.Client{ClientName: "Jane Doe"}, nil)
	delete(s.contents, gone)
	s.Erased[gone] = true
	s.event("client.erased", erasedClient, "", func(env *history.Envelope) { env.Actor, env.Reason = "operator:data protection", "request 17" })
	s.About.Objects = append(s.About.Objects, Object{ID: quiet, Kind: history.ObjectClient, Owner: harbour, Total: 4})
	s.event("later.unknown-thing", "x", "", func(env *history.Envelope) { env.Actor, env.Org, env.ActingOrg = "", "", "" })
	a := &s.About
	a.Origin, a.MadeAt, a.MadeBy, a.MadeWith, a.Organization = "tenure.example/log", "2026-01-03T03:04:05.678958Z", admin, "tenure v1.2.3", north
	a.From, a.LogSize, a.Erased, a.Withheld, a.Snapshots = "2026-01-01T00:00:00Z", 4711, 1, 1, int64(len(s.contents))+1
	return s
}

// made are the files of a bundle.
func made(t testing.TB, b *Bundle) map[string]string {
	t.Helper()
	files := make(map[string]string)
	err := Write(b, func(name string, write func(io.Writer) error) error {
		if _, twice := files[name]; twice {
			t.Errorf("%s is made twice", name)
		}
		var out bytes.Buffer
		err := write(&out)
		files[name] = out.String()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
