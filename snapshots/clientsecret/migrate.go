package clientsecret

import (
	"io"

	"tenure/snapshots/credential"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

const migratePage = 500 // secrets that are read at once

// Keyless says what becomes of the sealed copies of a database that is migrated without
// the key that seals them.
type Keyless string

// Either nothing is migrated, or nobody can be shown these secrets any more.
const (
	Refuse Keyless = ""
	GiveUp Keyless = "give up"
)

// Migrate gives each secret its row of secret_copy, which schema version 3 did not have:
// its commitment, and the copy sealed anew, bound to its client, client_id and hash. Without a
// sealer and with copies it is a Conflict, or they are given up. What secrets
// of erased clients were is not known, and their salt is not kept.
func Migrate(tx *db.Tx, random io.Reader, sealer *credential.Sealer, keyless Keyless) error {
	for last := ""; ; {
		var rows []struct {
			ID     string          `db:"secret_id"`
			Client string          `db:"entity_id"`
			Name   string          `db:"client_id"`
			Hash   credential.Hash `db:"hash"`
			Sealed []byte          `db:"sealed"`
			Last4  string          `db:"last4"`
		}
		if err := tx.Select(&rows, `SELECT c.secret_id, c.entity_id, e.client_id, c.hash, c.sealed, c.last4
			FROM client_secret c JOIN entity e ON e.entity_id = c.entity_id WHERE c.secret_id > ? ORDER BY c.secret_id LIMIT ?`, last, migratePage); err != nil {
			return err
		}
		for _, r := range rows {
			sealed, salt := []byte{}, make([]byte, 32)
			switch {
			case len(r.Sealed) == 0:
			case sealer != nil:
				var err error
				if sealed, err = sealer.Reseal(random, credential.Bearer{Secret: r.ID, Client: r.Client, ClientID: r.Name, Hash: r.Hash}, r.Sealed); err != nil {
					return fault.Wrap(err, fault.Conflict, "", "a sealed copy does not open: the key is another one, or the database was changed: %v", err)
				}
			case keyless == Refuse:
				return fault.New(fault.Conflict, "", "the database has sealed copies of secrets: name their key with --secrets-key-file, "+
					"or none there if nobody is to be shown these secrets any more")
			}
			if _, err := io.ReadFull(random, salt); err != nil {
				return err
			}
			commitment := history.Commitment(salt, Content(string(r.Hash), r.Last4, r.Sealed, sealed))
			if r.Hash == "" { // erased
				salt = []byte{}
			}
			if _, err := tx.Exec("INSERT INTO secret_copy (secret_id, commitment, salt, sealed, recorded_at) VALUES (?, ?, ?, ?, ?)",
				r.ID, commitment[:], salt, sealed, int64(history.At(tx))); err != nil {
				return err
			}
			last = r.ID
		}
		if len(rows) < migratePage {
			return nil
		}
	}
}
