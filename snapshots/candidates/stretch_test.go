package candidates_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"tenure/snapshots/caches"
	"tenure/snapshots/candidates"
	"tenure/tenancy"
)

// TestStretchesFollowChanges: walks that remember where they went come by the same clients
// as those that remember nothing, while clients are made and get values, and ask nothing
// when nothing changed.
func TestStretchesFollowChanges(t *testing.T) {
	each(t, func(t *table) {
		random := rand.New(rand.NewPCG(13, 5))
		m, size, made := candidates.NewMatches(new(caches.Set), 1<<20), int64(0), map[string]string{}
		// Its conditions keep a question with surfaces from what is remembered.
		forgetful := func(q candidates.Question) candidates.Question { q.Surfaces = []string{"hydra"}; return q }
		stretches := func(m *candidates.Matches, q candidates.Question, after string, n int) (ids []string) {
			q.Setup = "s"
			walk, err := m.Walk(t.db.Single(context.Background()), q, after, size, true, func() ([]tenancy.OrgID, bool, error) { return nil, true, nil })
			if err != nil {
				t.Fatal(err)
			}
			for {
				list, last, err := walk.Next(t.db.Single(context.Background()), n)
				if err != nil {
					t.Fatal(err)
				}
				for _, one := range list {
					ids = append(ids, one.ID)
				}
				if last {
					return ids
				}
			}
		}
		for range 150 {
			size++
			name := fmt.Sprintf("c%02d", random.IntN(40))
			if id, there := made[name]; there && random.IntN(3) > 0 {
				t.exec("INSERT INTO entity_term VALUES ('s', 'name', ?, ?) ON CONFLICT DO NOTHING", []string{"x", "y"}[random.IntN(2)], id)
				m.Changed(id, size)
			} else if !there {
				made[name] = t.add(name, 1, "o", "hydra")
				m.Changed(made[name], size)
			}
			for _, n := range []int{2, 5, 100} {
				after := []string{"", "c10", "c39"}[random.IntN(3)]
				q := candidates.Question{}
				want := stretches(m, forgetful(q), after, n)
				for i := range 2 {
					t.asked = nil
					if got := stretches(m, q, after, n); !slices.Equal(got, want) {
						t.Fatalf("behind %q, steps of %d: %v, want %v", after, n, got, want)
					} else if i == 1 && len(t.asked) > 0 {
						t.Fatalf("asked again: %v", t.asked)
					}
				}
			}
		}
	})
}
