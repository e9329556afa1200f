package counts

import (
	"context"
	"fmt"
	"testing"

	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// BenchmarkRead counts 100,000 organizations with 500,000 objects in 1,000,000 entries.
func BenchmarkRead(b *testing.B) {
	d := dbtest.Open(b, dbtest.SQLite(b), db.Options{})
	blob, org, object := "zeroblob(32)", "printf('%032x', i % 100000)", "printf('%032x', i % 500000)"
	for from := 0; from < 1_000_000; from += 50_000 {
		if _, err := d.Raw().Exec(fmt.Sprintf(`INSERT INTO log_event
					(idx, leaf_hash, commitment, salt, envelope, kind, object_id, object_seq, ref, org_id, actor, recorded_at)
					WITH RECURSIVE n(i) AS (SELECT %d UNION ALL SELECT i+1 FROM n WHERE i < %d)
					SELECT i, %s, %s, %s, 'e', 'x', %s, 1 + i / 500000, '', %s, 'key:x', i FROM n`,
			from, from+49_999, blob, blob, blob, object, org)); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if err := d.View(context.Background(), func(c *db.Conn) error {
			tree, err := Read(c, 1_000_000, nil)
			if err == nil {
				_, err = tree.Root()
			}
			if len(tree.Organizations) != 100_000 {
				b.Errorf("%d", len(tree.Organizations))
			}
			return err
		}); err != nil {
			b.Fatal(err)
		}
	}
}
