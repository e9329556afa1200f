package node

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"tenure/cmd/tenure/exit"
	"tenure/snapshots/credential"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// Rows of the table installation: the public id of the key that seals secrets, and whether
// the nodes seal none.
const (
	rowSealingKey = "sealing-key"
	rowSealingOff = "sealing-off"
)

// sameSealingKey refuses a key that is not the one of the other nodes.
func sameSealingKey(ctx context.Context, d *db.DB, sealer *credential.Sealer) error {
	if sealer == nil {
		return nil
	}
	id, found, err := d.Stored(ctx, rowSealingKey)
	if err != nil || !found || id == sealer.KeyID() {
		return err
	}
	return exit.With(exit.Refused, fmt.Errorf("--secrets-key-file: secrets of this installation are sealed with key %s, and the file has key %s: "+
		"give every node the file with key %[1]s; if that is lost, tenure secrets use-key --secrets-key-file none gives sealing up", id, sealer.KeyID()))
}

// sameKeys refuses a node that has no key where the others have one, or the other way
// around. A SQLite database has one node, which need not agree with any.
func (n *Node) sameKeys(ctx context.Context) error {
	if n.DB.Dialect == db.SQLite {
		return nil
	}
	if err := n.sameSealing(ctx); err != nil {
		return err
	}
	if n.stores.Log.Signs() {
		return nil
	}
	origin, err := history.ReadOrigin(ctx, n.DB)
	if err != nil {
		return err
	}
	ids, err := n.logKeyIDs(ctx, origin)
	if err == nil && len(ids) > 0 {
		err = exit.With(exit.Refused, fmt.Errorf("--log-key: the log of this installation is signed with %s, and this node has no key: "+
			"give every node a file with one of these keys (tenure log new-key adds one)", strings.Join(ids, " and ")))
	}
	return err
}

func (n *Node) sameSealing(ctx context.Context) error {
	if n.sealing {
		_, off, err := n.DB.Stored(ctx, rowSealingOff)
		if err == nil && off {
			err = exit.With(exit.Refused, fmt.Errorf("--secrets-key-file: the nodes of this installation seal no secrets, and this one has a key: "+
				"give every node none, or begin to seal with tenure secrets use-key --secrets-key-file FILE"))
		}
		return err
	}
	if _, off, err := n.DB.Stored(ctx, rowSealingOff); off || err != nil {
		return err // as before
	}
	return n.DB.Write(ctx, func(tx *db.Tx) error {
		tx.Timeless = true
		var id, off string
		err := tx.Get(&off, "SELECT value FROM installation WHERE name = ?", rowSealingOff)
		if !fault.Is(err, fault.NotFound) {
			return err // as before
		}
		switch err := tx.Get(&id, "SELECT value FROM installation WHERE name = ?", rowSealingKey); {
		case err == nil:
			return exit.With(exit.Refused, fmt.Errorf("--secrets-key-file: secrets of this installation are sealed with key %s, and this node has none: "+
				"give every node the file with that key, or give sealing up with tenure secrets use-key --secrets-key-file none", id))
		case !fault.Is(err, fault.NotFound):
			return err
		}
		_, err = tx.Exec("INSERT INTO installation (name, value) VALUES (?, ?)", rowSealingOff, "since a start with none")
		return err
	})
}

// UseSealingKey says what the nodes seal with from their next start on: a key, or nil for none.
func UseSealingKey(ctx context.Context, d *db.DB, sealer *credential.Sealer) error {
	if err := sameSealingKey(ctx, d, sealer); err != nil {
		return err
	}
	return d.Write(ctx, func(tx *db.Tx) (err error) {
		if sealer == nil {
			_, err = tx.Exec("INSERT INTO installation (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING", rowSealingOff, "given up")
		} else {
			_, err = tx.Exec("DELETE FROM installation WHERE name = ?", rowSealingOff)
		}
		return err
	})
}

// logKeyIDs are the public ids of the keys that sign the log, and are not retired.
func (n *Node) logKeyIDs(ctx context.Context, origin string) (ids []string, err error) {
	var list history.SigningKeys
	if err := n.DB.View(ctx, func(c *db.Conn) error { list, err = history.ReadSigningKeys(c); return err }); err != nil {
		return nil, err
	}
	for _, key := range list.Of(history.SignsLog) {
		if key.Retired >= 0 {
			continue
		}
		verifier, err := key.VerifierKey(origin)
		if err != nil {
			return nil, err
		}
		ids = append(ids, publicID(verifier))
	}
	return ids, nil
}

// sameLogKeys refuses a file none of whose keys signs the log, though others do.
func (n *Node) sameLogKeys(ctx context.Context, origin string, keys *history.Keys) error {
	known, err := n.logKeyIDs(ctx, origin)
	if err != nil || len(known) == 0 {
		return err
	}
	own, err := keys.VerifierKeys(origin)
	if err != nil {
		return err
	}
	for i, verifier := range own {
		own[i] = publicID(verifier)
		if slices.Contains(known, own[i]) {
			return nil
		}
	}
	return exit.With(exit.Refused, fmt.Errorf("--log-key: the log of this installation is signed with %s, and the file has %s: "+
		"give every node a file with one of the first (tenure log new-key adds another to it)", strings.Join(known, " and "), strings.Join(own, " and ")))
}

// publicID is the name of a key with its hash, as tenure log key prints them before the key.
func publicID(verifier string) string {
	parts := strings.SplitN(verifier, "+", 3) // there may be more in the key
	return parts[0] + "+" + parts[1]
}
