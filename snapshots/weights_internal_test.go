package snapshots

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"tenure/snapshots/document"
	"tenure/snapshots/document/documenttest"
	"tenure/snapshots/selftoken"
	"tenure/tenancy"
)

// TestWeightsAreBytes compares what each cache counts for its entries with what the
// heap grows by, so that the budget of all is one of real bytes.
func TestWeightsAreBytes(t *testing.T) {
	const n = 10_000
	id := func(i int) string { return fmt.Sprintf("%032x", i) }
	entity := func(i int) Entity { // every text has bytes of its own, as after a read
		return Entity{ID: EntityID(id(i)), Kind: Kind(strings.Clone("client")), Module: strings.Clone("oauthv2"), Setup: EntityID(id(n + i)),
			ClientID: fmt.Sprintf("%036d", i), Owner: tenancy.OrgID(fmt.Sprintf("%036d", i)), Surface: strings.Clone("hydra")}
	}
	active := func(i int) *snapshotRow {
		return &snapshotRow{Entity: EntityID(id(i)), ID: SnapshotID(id(i)), Kind: strings.Clone("content"), Base: SnapshotID(id(n + i)), Commitment: make([]byte, 32)}
	}
	contents := func(doc document.Client) func(c *cache, i int) uint32 {
		raw := document.Encode(&doc)
		return func(c *cache, i int) uint32 {
			own := content{raw: []byte(string(raw))}
			decoded, err := document.Decode[document.Client](own.raw)
			if err != nil {
				t.Fatal(err)
			}
			own.doc = decoded
			c.contents.Set(SnapshotID(id(i)), own)
			return weighContent("", own)
		}
	}
	for name, put := range map[string]func(c *cache, i int) uint32{
		"entities": func(c *cache, i int) uint32 { e := entity(i); c.entities.Set(e.ID, e); return weighEntity(e.ID, e) },
		"current": func(c *cache, i int) uint32 {
			e := entity(i)
			key := clientKey{e.Setup, e.ClientID}
			c.current.Set(key, e)
			return weighCurrent(key, e)
		},
		"bearers of one": func(c *cache, i int) uint32 {
			b := bearing{entities: []Entity{entity(i)}}
			c.bearers.Set(b.entities[0].ClientID, b)
			return weighBearers(b.entities[0].ClientID, b)
		},
		"timelines": func(c *cache, i int) uint32 {
			e := entity(i)
			l := &timeline{entity: e, active: active(i)}
			c.timelines.Set(e.ID, l)
			return weighTimeline(e.ID, l)
		},
		"timelines with a token": func(c *cache, i int) uint32 {
			e := entity(i)
			l := &timeline{entity: e, active: active(i)}
			l.token.Store(&selftoken.Row{ID: id(i), Client: id(i), Surface: strings.Clone("oauth2-register"), Hash: make([]byte, 32)})
			c.timelines.Set(e.ID, l)
			return weighTimeline(e.ID, l)
		},
		"timelines with a policy": func(c *cache, i int) uint32 {
			e := entity(i)
			l := &timeline{entity: e, active: active(i)}
			l.policy.Store(&Policy{OnStalePlan: strings.Clone("keep"), Registration: strings.Clone("open"), OpenFinanceProfile: strings.Clone("plain"), RegistrationOwner: tenancy.OrgID(id(i)),
				AllowedScopes: []string{strings.Clone("openid"), strings.Clone("offline_access")}, Origins: []string{"https://" + id(i) + ".example"}})
			c.timelines.Set(e.ID, l)
			return weighTimeline(e.ID, l)
		},
		"renderings": func(c *cache, i int) uint32 {
			r := &Rendering{Body: make([]byte, 1200)}
			c.rendered.Set(RenderKey{Entity: EntityID(id(i)), Snapshot: SnapshotID(id(i)), Setup: SnapshotID(id(n + i)), Owner: "o", Surface: "s"}, r)
			return weighRendering(RenderKey{}, r)
		},
		"no secrets": func(c *cache, i int) uint32 {
			s := &secrets{}
			c.secrets.Set(EntityID(id(i)), s)
			return weighSecrets("", s)
		},
		"secrets": func(c *cache, i int) uint32 {
			s := &secrets{rows: []secretRow{{ID: id(i), Hash: "sha256$", Sealed: make([]byte, 80), Last4: strings.Clone("abcd")}}}
			c.secrets.Set(EntityID(id(i)), s)
			return weighSecrets("", s)
		},
		"small contents":   contents(document.Client{ClientName: "n", RedirectURIs: []string{"https://a.example/cb"}}),
		"typical contents": contents(documenttest.TypicalClient()),
	} {
		c := newCache(1<<40, func() bool { return true })
		before, counted := used(), int64(0)
		for i := range n {
			counted += int64(put(c, i))
		}
		grown := used() - before
		runtime.KeepAlive(c)
		if grown > counted*105/100 || grown < counted/2 {
			t.Errorf("%s: an entry takes %d bytes and is counted as %d", name, grown/n, counted/n)
		}
	}
}

// used is how much of the heap is in use.
func used() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
