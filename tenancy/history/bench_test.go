package history

import (
	"math/rand/v2"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
)

const benchLeaves = 100_000

// BenchmarkLog measures, on a log of 100,000 entries, what a proof and a
// checkpoint cost. Targets: a proof under 2 ms, a checkpoint that is there under
// 1 ms, one that is signed and stored under 10 ms.
func BenchmarkLog(b *testing.B) {
	for name, dsn := range map[string]func(testing.TB) string{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres} {
		b.Run(name, func(b *testing.B) {
			w := newWall()
			d, l := load(b, dsn(b), w)
			p := publisher(b, d, l, PublisherOptions{})
			grow(b, d, l, benchLeaves)
			checkpoint(b, p)
			random := rand.New(rand.NewPCG(1, 2))
			inView := func(name string, fn func(t *Tiles) error) {
				b.Run(name, func(b *testing.B) {
					for b.Loop() {
						if err := d.View(bg, func(c *db.Conn) error { return fn(p.tiles(c)) }); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
			inView("inclusion", func(t *Tiles) error { _, err := t.Inclusion(random.Int64N(benchLeaves), benchLeaves); return err })
			inView("consistency", func(t *Tiles) error {
				_, err := t.Consistency(1+random.Int64N(benchLeaves), benchLeaves)
				return err
			})
			inView("inclusion-first-after-start", func(t *Tiles) error {
				_, err := NewTiles(t.conn).Inclusion(random.Int64N(benchLeaves), benchLeaves)
				return err
			})
			b.Run("receipt", func(b *testing.B) {
				for b.Loop() {
					if _, err := p.Receipt(bg, random.Int64N(benchLeaves)); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run("checkpoint-there", func(b *testing.B) {
				for b.Loop() {
					checkpoint(b, p)
				}
			})
			b.Run("checkpoint-signed", func(b *testing.B) { // with the write that makes it due
				for b.Loop() {
					record(b, d, "a")
					w.set(Micros(w.micros.Load()) + 2e6)
					checkpoint(b, p)
				}
			})
		})
	}
}

// BenchmarkSign is the signature alone, and its verification.
func BenchmarkSign(b *testing.B) {
	keys := keysOf(b, 1)
	known := verifiers(b, keys, testOrigin)
	made, err := keys.sign(testOrigin, benchLeaves, tlog.Hash{1}, Signing{At: 1767225600000000})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("sign", func(b *testing.B) {
		for b.Loop() {
			if _, err := keys.sign(testOrigin, benchLeaves, tlog.Hash{1}, Signing{At: 1767225600000000}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			if _, err := OpenCheckpoint(made.Note, known); err != nil {
				b.Fatal(err)
			}
		}
	})
}
