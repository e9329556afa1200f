package node

import (
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"tenure/cmd/tenure/exit"
	"tenure/handlers/openfinance"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/history"
)

// TestNodesWithOtherKeys: a node whose keys are not those of the others does not start, and its
// message names the keys by their public ids.
func TestNodesWithOtherKeys(t *testing.T) {
	ctx, dir, dsn := context.Background(), t.TempDir(), dbtest.Postgres(t)
	seal, otherSeal := filepath.Join(dir, "seal"), filepath.Join(dir, "other-seal")
	id, err := NewSealingKey(seal)
	must(t, err)
	otherID, err := NewSealingKey(otherSeal)
	must(t, err)
	if _, err := NewSealingKey(seal); err == nil {
		t.Error("a key was overwritten")
	}
	if info, err := os.Stat(seal); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	logKey := func(name string, raw []byte) string {
		path := filepath.Join(dir, name)
		must(t, os.WriteFile(path, raw, 0o600))
		return path
	}
	first, err := history.NewKeyFile(rand.Reader)
	must(t, err)
	second, err := history.NewKeyFile(rand.Reader)
	must(t, err)
	signing, other, both := logKey("log", first), logKey("other-log", second), logKey("both", append(append([]byte{}, first...), second...))

	start := func(seal, log string) error {
		t.Helper()
		n, err := Open(ctx, Config{Database: dsn, SecretsKey: seal, LogKey: log, EvidenceKey: None, Log: zerolog.Nop()})
		if err != nil {
			return err
		}
		defer func() { must(t, n.Close()) }()
		n.Mount(openfinance.Scheme{}, nil)
		if _, err := n.Bootstrap(ctx, "root"); err != nil {
			return err
		}
		return n.EndorseKeys(ctx)
	}
	use := func(file string) error {
		t.Helper()
		n, err := Open(ctx, Config{Database: dsn, SecretsKey: None, LogKey: None, EvidenceKey: None, Log: zerolog.Nop()})
		must(t, err)
		defer func() { must(t, n.Close()) }()
		sealer, err := SealingKey(db.Postgres, dsn, file)
		must(t, err)
		return UseSealingKey(ctx, n.DB, sealer)
	}
	refused := func(err error, names ...string) {
		t.Helper()
		if code, _ := exit.Code(err); code != exit.Refused {
			t.Errorf("code %d: %v", code, err)
			return
		}
		for _, name := range names {
			if !strings.Contains(err.Error(), name) {
				t.Errorf("%v names no %s", err, name)
			}
		}
	}
	must(t, start(seal, signing))
	must(t, start(seal, signing))
	public, err := history.ParseKeys(first)
	must(t, err)
	d := dbtest.Open(t, dsn, db.Options{})
	origin, err := history.ReadOrigin(ctx, d)
	must(t, err)
	ids, err := public.VerifierKeys(origin)
	must(t, err)
	logID := publicID(ids[0])

	refused(start(None, signing), id, "use-key")
	refused(start(otherSeal, signing), id, otherID)
	refused(start(seal, None), logID, "new-key")
	refused(start(seal, other), logID, "the file has "+origin+"+")
	must(t, start(seal, both))
	must(t, start(seal, other)) // which the log knows now

	refused(use(otherSeal), id, otherID)
	must(t, use(None))
	refused(start(seal, signing), "use-key")
	must(t, start(None, signing))
	must(t, use(seal))
	must(t, start(seal, signing))
	refused(start(None, signing), id)

	dsn = dbtest.Postgres(t) // where no node has any key
	must(t, start(None, None))
	must(t, start(None, None))
	refused(start(seal, None), "use-key")
}
