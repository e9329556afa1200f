package tenancy_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/history"
	"tenure/tenancy/tenancytest"
)

// said are the details of an organization, key or policy's event.
type said struct{ Before, After map[string]any }

// detailsOf reads the details of an object's events, oldest first, as a scope sees them.
func detailsOf(t *testing.T, w *tenancytest.World, scope tenancy.Scope, object string) []said {
	t.Helper()
	page, err := w.Store.Journal(ctx, scope, tenancy.Query{Object: object, After: -1, Limit: 100})
	must(t, err)
	list := make([]said, len(page.Events))
	for i, e := range page.Events {
		must(t, json.Unmarshal(page.Details[e.Index], &list[i]))
	}
	return list
}

// TestEventsSayWhatChanged: each change of an organization or key has the whole object
// before and after.
func TestEventsSayWhatChanged(t *testing.T) {
	each(t, func(t *testing.T, w *tenancytest.World) {
		root := w.Scope(t, w.Root, tenancy.Admin)
		made, err := w.Store.CreateOrganization(ctx, root, w.North, "new")
		must(t, err)
		most := int64(7)
		steps := []struct {
			member        string
			before, after any
			change        func() error
		}{
			{"name", "new", "newer", func() error { _, err := w.Store.RenameOrganization(ctx, root, made.ID, "newer"); return err }},
			{"parent_id", string(w.North), string(w.South), func() error {
				_, err := w.Store.MoveOrganization(ctx, root, made.ID, w.South, keeps)
				return err
			}},
			{"default_setup_id", "", "s", func() error {
				_, err := w.Store.SetDefaultSetup(ctx, root, made.ID, "s", func(*db.Tx) error { return nil })
				return err
			}},
			{"token_duration", 0.0, 600.0, func() error { _, err := w.Store.SetTokenDuration(ctx, root, made.ID, 600); return err }},
			{"max_below", -1.0, 7.0, func() error { _, err := w.Store.SetMaxBelow(ctx, root, made.ID, &most); return err }},
			{"require_reason", false, true, func() error {
				_, err := w.Store.SetRequireReason(ctx, root, made.ID, true)
				return err
			}},
			{"deleted", false, true, func() error { return w.Store.DeleteOrganization(ctx, root, made.ID, true, tenancy.Contents{}) }},
		}
		for _, s := range steps {
			must(t, s.change())
		}
		events := detailsOf(t, w, root, string(made.ID))
		if len(events) != len(steps)+1 || events[0].Before != nil || events[0].After["name"] != "new" {
			t.Fatalf("%d events, the first says %v", len(events), events[0])
		}
		for i, s := range steps {
			e := events[i+1]
			want := cloned(e.Before)
			want[s.member] = s.after
			if e.Before[s.member] != s.before || !cmp.Equal(e.After, want) {
				t.Errorf("%s: from %v to %v", s.member, e.Before, e.After)
			}
		}

		until := w.Store.Now() + 3_600_000_000
		key, _, err := w.Store.CreateKey(ctx, root, tenancy.NewKey{Org: w.North, Name: "night", Role: tenancy.Editor, ExpiresAt: until})
		must(t, err)
		must(t, w.Store.RevokeKey(ctx, root, key.ID))
		was := map[string]any{"name": "night", "role": "editor", "surface": key.Surface, "expires_at": float64(until)}
		if diff := cmp.Diff([]said{{nil, was}, {was, nil}}, detailsOf(t, w, w.Scope(t, w.North, tenancy.Auditor), key.ID)); diff != "" {
			t.Error(diff)
		}
		if problems := checked(t, w); len(problems) > 0 {
			t.Errorf("check: %q", problems)
		}
	})
}

func cloned(m map[string]any) map[string]any {
	c := make(map[string]any, len(m))
	for name, v := range m {
		c[name] = v
	}
	return c
}

// TestDetailsNameNobodyBeside: whoever covers an organization learns nothing of those
// above it or beside it from where it was.
func TestDetailsNameNobodyBeside(t *testing.T) {
	each(t, func(t *testing.T, w *tenancytest.World) {
		root := w.Scope(t, w.Root, tenancy.Admin)
		_, err := w.Store.MoveOrganization(ctx, root, w.Harbour, w.South, keeps)
		must(t, err)
		events := detailsOf(t, w, w.Scope(t, w.South, tenancy.Auditor), string(w.Harbour))
		moved := events[len(events)-1]
		if moved.Before["parent_id"] != nil || moved.After["parent_id"] != string(w.South) || moved.Before["name"] != "harbour" {
			t.Errorf("south sees it move from %v to %v", moved.Before, moved.After)
		}
	})
}

// TestPagesOfLongDetailsAreShort: the details of a page have a bound, and nothing is
// lost by it.
func TestPagesOfLongDetailsAreShort(t *testing.T) {
	each(t, func(t *testing.T, w *tenancytest.World) {
		root := w.Scope(t, w.Root, tenancy.Admin)
		const many, long = 7, 1 << 20
		must(t, w.DB.Write(ctx, func(tx *db.Tx) error {
			for i := range many {
				after, err := json.Marshal(map[string]any{"n": i, "x": string(make([]byte, long/6))})
				if err != nil {
					return err
				}
				detail, err := history.Changed(nil, after)
				if err != nil {
					return err
				}
				history.Record(tx, root.Event(history.Event{Kind: history.PolicyChanged, ObjectKind: history.ObjectSetup, Object: "s",
					Org: string(w.Root), Detail: detail}))
			}
			return nil
		}))
		q := tenancy.Query{Object: "s", After: -1, Limit: 100}
		var seen []string
		for pages := 1; ; pages++ {
			page, err := w.Store.Journal(ctx, root, q)
			must(t, err)
			total := 0
			for _, e := range page.Events {
				var d said
				must(t, json.Unmarshal(page.Details[e.Index], &d))
				seen = append(seen, fmt.Sprint(d.After["n"]))
				total += len(page.Details[e.Index])
			}
			if total > 4<<20 {
				t.Errorf("a page of %d bytes", total)
			}
			if q.After = page.Next; !page.More {
				break
			}
			if pages == many {
				t.Fatal("no end")
			}
		}
		if fmt.Sprint(seen) != "[0 1 2 3 4 5 6]" {
			t.Errorf("seen: %v", seen)
		}
	})
}

// TestCheckReadsDetailsOfBothForms: what older programs recorded says only what was after
// the change; both forms are compared with the rows.
func TestCheckReadsDetailsOfBothForms(t *testing.T) {
	for _, c := range []struct {
		name, alter string
		sound       bool
	}{
		{"as it is", "", true},
		{"old form", `UPDATE log_detail SET content = substr(content, 10, length(content) - 10) WHERE content LIKE '{"after":%' AND content NOT LIKE '%"before":%'`, true},
		{"old form of another name", `UPDATE log_detail SET content = replace(substr(content, 10, length(content) - 10), 'harbour', 'haven')
			WHERE content LIKE '{"after":%' AND content NOT LIKE '%"before":%'`, false},
		{"another name before", `UPDATE log_detail SET content = replace(content, 'harbour', 'haven') WHERE content LIKE '%"before":%'`, false},
		{"another name after", `UPDATE log_detail SET content = replace(content, 'port', 'haven') WHERE content LIKE '%"before":%'`, false},
		{"another role of a revoked key", `UPDATE log_detail SET content = replace(content, '"role":"editor"', '"role":"reader"')
			WHERE content LIKE '{"before":%'`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := tenancytest.New(t, dbtest.SQLite(t))
			root := w.Scope(t, w.Root, tenancy.Admin)
			_, err := w.Store.RenameOrganization(ctx, root, w.Harbour, "port")
			must(t, err)
			must(t, w.Store.RevokeKey(ctx, root, w.KeyID(w.South, tenancy.Editor)))
			if c.alter != "" {
				for _, verb := range []string{"update", "delete"} {
					w.DB.Raw().Exec("DROP TRIGGER log_detail_no_" + verb)
				}
				changed, err := w.DB.Raw().Exec(c.alter)
				must(t, err)
				if n, err := changed.RowsAffected(); err != nil || n == 0 {
					t.Fatalf("%d rows altered: %v", n, err)
				}
			}
			if problems := checked(t, w); (len(problems) == 0) != c.sound {
				t.Errorf("sound: %v, found %q", c.sound, problems)
			}
		})
	}
}
