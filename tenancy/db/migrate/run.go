package migrate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"

	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// The event of a migration. Its detail is JSON: "from" and "to" are schema
// versions, "program" is what migrated, "script" the SHA-256 of the file.
const KindMigrated = history.Kind("installation.migrated")

// binds is the schema version since which events name the rows that they wrote.
const binds = 4

var versions = db.NewTable("schema_version", "version", "")

// Making is what Run needs beside the steps.
type Making struct {
	Program string                // for the log
	Done    func(Step)            // called after each step that was made here
	Secrets func(tx *db.Tx) error // gives each secret its row of secret_copy
}

// Run makes the steps that the database lacks, each in a transaction of its
// own. d must be open with Options.Migrating and l loaded with it. What fails leaves
// the database at the version before that step.
func (s Steps) Run(ctx context.Context, d *db.DB, l *history.Log, m Making) error {
	for {
		version, err := d.Version(ctx)
		if err != nil {
			return err
		}
		pending := s.After(version.Schema)
		if len(pending) == 0 {
			return nil
		}
		step, made := pending[0], false
		err = d.Write(ctx, func(tx *db.Tx) error {
			made, err = step.make(tx, d.Dialect, m)
			return err
		})
		if err != nil {
			return fmt.Errorf("migrating to schema version %d: %w", step.To, err)
		}
		if made {
			m.Done(step)
		}
	}
}

// make makes one step unless another program was faster.
func (s Step) make(tx *db.Tx, dialect db.Dialect, m Making) (made bool, err error) {
	version, err := db.ReadVersion(&tx.Conn) // again, as the lock is held now
	if err != nil || version.Schema != s.From {
		return false, err
	}
	script, err := db.ForDialect(s.script, dialect)
	if err != nil {
		return false, err
	}
	if err := tx.Script(script); err != nil {
		return false, err
	}
	tx.Insert(versions, "", s.To)
	if _, err := tx.Exec("INSERT INTO installation (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
		db.OldestReader, strconv.Itoa(s.Oldest)); err != nil {
		return false, err
	}
	if s.To == binds {
		if err := m.Secrets(tx); err != nil {
			return false, err
		}
	}
	event, err := s.event(tx, m.Program)
	switch {
	case err != nil:
	case s.To == binds:
		history.RecordMigration(tx, event)
	default:
		history.Record(tx, event)
	}
	return err == nil, err
}

// event belongs to the root organization, if there is one yet.
func (s Step) event(tx *db.Tx, program string) (history.Event, error) {
	var root string
	err := tx.Get(&root, "SELECT org_id FROM org_version WHERE parent_id = '' ORDER BY recorded_at LIMIT 1")
	if err != nil && !fault.Is(err, fault.NotFound) {
		return history.Event{}, err
	}
	sum := sha256.Sum256([]byte(s.script))
	text, err := json.Marshal(map[string]any{"from": s.From, "to": s.To, "program": program, "script": hex.EncodeToString(sum[:])})
	return history.Event{Kind: KindMigrated, ObjectKind: history.ObjectInstallation, Object: history.ObjectInstallation, Org: root, ActingOrg: root,
		Actor: "operator:migrate", Surface: "operator", Reason: s.Title, Effective: history.At(tx).Millis(), Detail: text}, err
}
