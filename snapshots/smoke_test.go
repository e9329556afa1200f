package snapshots_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"tenure/snapshots"
	"tenure/snapshots/snapshotstest"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/history"
)

func TestSmoke(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		ctx := context.Background()
		d := dbtest.Open(t, dsn, db.Options{})
		l := history.New(nil, nil)
		if err := l.Load(ctx, d); err != nil {
			t.Fatal(err)
		}
		ids := tenancy.NewIDs(nil)
		ten, err := tenancy.Open(ctx, d, l, ids)
		if err != nil {
			t.Fatal(err)
		}
		s, err := snapshots.Open(ctx, d, l, ids, snapshots.Options{})
		if err != nil {
			t.Fatal(err)
		}
		root, _, err := ten.Bootstrap(ctx, ten.Operator("test"), "root")
		if err != nil {
			t.Fatal(err)
		}
		op := ten.Operator("test")
		_, text, err := ten.CreateKey(ctx, op, tenancy.NewKey{Org: root, Name: "k", Role: tenancy.Admin})
		if err != nil {
			t.Fatal(err)
		}
		p, err := ten.Authenticate(text)
		if err != nil {
			t.Fatal(err)
		}
		scope, err := ten.Authorize(p, "", tenancy.Administer, "test", "")
		if err != nil {
			t.Fatal(err)
		}
		if err := s.CreateModule(ctx, scope, "oauthv2"); err != nil {
			t.Fatal(err)
		}
		full := snapshotstest.FullSetup()
		setup, err := s.CreateSetup(ctx, scope, "oauthv2", snapshots.Change[snapshots.Setup]{Apply: func(*snapshots.Setup, *snapshots.Setup) (*snapshots.Setup, error) { return &full, nil }})
		if err != nil {
			t.Fatal(err)
		}
		t0 := time.Now()
		var wg sync.WaitGroup
		const n, per = 32, 60
		for w := range n {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for i := range per {
					doc := snapshotstest.FullClient()
					doc.JWKSURI = ""
					_, err := s.CreateClient(ctx, scope, snapshots.NewClient{Module: "oauthv2", Setup: setup.Entity.ID, ClientID: fmt.Sprintf("c%d-%d", w, i)},
						snapshots.Change[snapshots.Client]{Apply: func(*snapshots.Client, *snapshots.Setup) (*snapshots.Client, error) { return &doc, nil }})
					if err != nil {
						t.Error(err)
						return
					}
				}
			}()
		}
		wg.Wait()
		el := time.Since(t0)
		t.Log(el, float64(n*per)/el.Seconds(), "per s")
		p2, err := snapshots.Check(ctx, d)
		if err != nil || len(p2) > 0 {
			t.Fatal(p2, err)
		}
	})
}
