package tenancy

import (
	"cmp"
	"context"
	"slices"
	"time"

	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// Kinds of event about a key.
const (
	keyCreated = history.Kind("key.created")
	keyRevoked = history.Kind("key.revoked")
)

// revokedKey is the row of a revocation as memory needs it: the event names the key.
type revokedKey struct{}

// NewKey is what a key is made of.
type NewKey struct {
	Org       OrgID
	Name      string
	Role      Role
	ExpiresAt history.Micros // 0 for never
}

// CreateKey makes an API key for an organization that the scope covers and
// returns it with its text, which is not stored and not shown again: it is
// empty where the request is a repetition (Scope.Once). Nobody
// issues more than the own role holds.
func (s *Store) CreateKey(ctx context.Context, scope Scope, k NewKey) (Key, string, error) {
	if err := scope.Check(Administer); err != nil {
		return Key{}, "", err
	}
	fields := CheckName("/name", k.Name)
	if k.Role.Permissions() == 0 {
		fields = append(fields, fault.Field{Path: "/role", Rule: "enum", Message: "a role is one of reader, auditor, editor, admin"})
	}
	if k.ExpiresAt != 0 && k.ExpiresAt <= s.Now() {
		fields = append(fields, fault.Field{Path: "/expires_at", Rule: "future", Message: "the expiry is not in the future"})
	}
	if err := fault.Rules(fields); err != nil {
		return Key{}, "", err
	}
	if !scope.Covers(k.Org) || !scope.Alive(k.Org) {
		return Key{}, "", errOrg()
	}
	draft := s.draftKey(k)
	var made Key
	var text string
	err := s.db.WriteFor(ctx, scope.Lane(), func(tx *db.Tx) error {
		if err := scope.Recheck(tx, k.Org); err != nil {
			return err
		}
		if earlier, err := scope.Earlier(tx); err != nil || earlier != "" {
			made, text, err = earlierKey(tx, earlier, err)
			return err
		}
		var err error
		if made, err = draft.insert(tx, scope); err != nil {
			return err
		}
		text = draft.text
		return scope.Remember(tx, made.ID)
	})
	if err != nil {
		return Key{}, "", err
	}
	return made, text, nil
}

// keyDraft is a key made ready outside the write transaction.
type keyDraft struct {
	NewKey
	id, text string
	surface  string // which API the key counts as made by; empty for the scope's
}

func (s *Store) draftKey(k NewKey) keyDraft {
	return keyDraft{NewKey: k, id: s.ids.Hex(), text: s.ids.Token(KeyPrefix)}
}

// insert stores the key and records its event.
func (d keyDraft) insert(tx *db.Tx, scope Scope) (Key, error) {
	k := Key{ID: d.id, Org: d.Org, Name: d.Name, Role: d.Role, Surface: cmp.Or(d.surface, scope.surface),
		ExpiresAt: d.ExpiresAt, RecordedAt: history.At(tx)}
	hash := hashKey(d.text)
	tx.Made(k.ID)
	tx.Insert(keyTable, k.ID, k.ID, k.Org, k.Name, k.Role, k.Surface, hash[:], int64(k.ExpiresAt), int64(k.RecordedAt))
	after, err := k.detail()
	if err != nil {
		return k, err
	}
	detail, err := history.Changed(nil, after)
	if err != nil {
		return k, err
	}
	row := keyRow{ID: k.ID, Org: k.Org, Name: k.Name, Role: k.Role, Surface: k.Surface, Hash: hash[:],
		ExpiresAt: int64(k.ExpiresAt), RecordedAt: int64(k.RecordedAt)}
	history.RecordRow(tx, scope.Event(history.Event{Kind: keyCreated, ObjectKind: history.ObjectKey, Object: k.ID,
		Org: string(k.Org), Effective: history.At(tx).Millis(), Detail: detail}), row)
	return k, nil
}

// earlierKey is the key that a repeated request made, without its text.
func earlierKey(tx *db.Tx, id string, err error) (Key, string, error) {
	if err != nil {
		return Key{}, "", err
	}
	var row keyRow
	err = tx.Get(&row, `SELECT key_id, org_id, name, role, surface, hash, expires_at, recorded_at, 0 AS last_used FROM api_key WHERE key_id = ?`, id)
	return row.key(), "", err
}

func errNoKey() error { return fault.New(fault.NotFound, fault.CodeKeyUnknown, "there is no such key") }

// Keys lists the keys of the acting organization and of everything below it
// that are not revoked, oldest first.
func (s *Store) Keys(ctx context.Context, scope Scope) ([]Key, error) {
	if err := scope.Check(History); err != nil {
		return nil, err
	}
	var rows []keyRow
	err := s.db.View(ctx, func(c *db.Conn) error {
		if scope.IsRoot() {
			return c.Select(&rows, liveKeys)
		}
		for some := range slices.Chunk(scope.Subtree(), readAtOnce) {
			var more []keyRow
			if err := c.Select(&more, liveKeys+" AND k.org_id IN ("+marks(some)+")", args(some)...); err != nil {
				return err
			}
			rows = append(rows, more...)
		}
		return nil
	})
	list := make([]Key, 0, len(rows))
	for _, r := range rows {
		if !scope.Alive(r.Org) {
			continue
		}
		k := r.key()
		k.LastUsed = max(k.LastUsed, s.uses.Noted(k.ID))
		list = append(list, k)
	}
	slices.SortFunc(list, func(a, b Key) int {
		return cmp.Or(cmp.Compare(a.RecordedAt, b.RecordedAt), cmp.Compare(a.ID, b.ID))
	})
	return list, err
}

// RevokeKey ends a key at once. The last administrator's key of an organization does
// not end itself: Conflict with fault.CodeLastKey. Only a key from above may end it,
// and there is none above the root.
func (s *Store) RevokeKey(ctx context.Context, scope Scope, id string) error {
	if err := scope.Check(Administer); err != nil {
		return err
	}
	return s.db.WriteReserved(ctx, scope.Lane(), func(tx *db.Tx) error {
		var k keyRow
		err := tx.Get(&k, liveKeys+" AND k.key_id = ?", id)
		if fault.Is(err, fault.NotFound) || err == nil && !scope.Covers(k.Org) {
			return errNoKey()
		}
		if err != nil {
			return err
		}
		if err := scope.Recheck(tx, k.Org); err != nil {
			return err
		}
		if err := keepsLastKey(tx, scope, k); err != nil {
			return err
		}
		return revoke(tx, scope, k)
	})
}

// keepsLastKey refuses the last administrator's key of an organization that is to end
// itself. Another one counts only if it does not end before this one would have.
func keepsLastKey(tx *db.Tx, scope Scope, k keyRow) error {
	if k.ID != scope.principal.KeyID || k.Role != Admin {
		return nil
	}
	var others []string
	err := tx.Select(&others, `SELECT k.key_id FROM api_key k WHERE k.org_id = ? AND k.role = ? AND k.key_id <> ? AND (k.expires_at = 0 OR k.expires_at > ? AND ? <> 0 AND k.expires_at >= ?)
		AND NOT EXISTS (SELECT 1 FROM key_revocation r WHERE r.key_id = k.key_id) LIMIT 1`, k.Org, Admin, k.ID, int64(history.At(tx)), int64(k.ExpiresAt), int64(k.ExpiresAt))
	if err == nil && len(others) == 0 {
		err = fault.New(fault.Conflict, fault.CodeLastKey, "this is the last administrator's key of its organization; make another one that does not end before it, and revoke this one with that")
	}
	return err
}

func revoke(tx *db.Tx, scope Scope, k keyRow) error {
	before, err := k.key().detail()
	if err != nil {
		return err
	}
	detail, err := history.Changed(before, nil)
	if err != nil {
		return err
	}
	tx.Insert(revocationTable, k.ID, k.ID, int64(history.At(tx)))
	history.RecordRow(tx, scope.Event(history.Event{Kind: keyRevoked, ObjectKind: history.ObjectKey, Object: k.ID,
		Org: string(k.Org), Effective: history.At(tx).Millis(), Detail: detail}), revokedKey{})
	return nil
}

// ReplaceKey ends one key of the acting organization and makes another in its
// place, whose text it returns: the key that acts, if it is the organization's
// own. For a key from above it is the organization's key of the scope's
// surface, or a first one where it has none; no other key ends. The text is empty where
// the request is a repetition (Scope.Once).
func (s *Store) ReplaceKey(ctx context.Context, scope Scope, name string) (string, error) {
	if err := scope.Check(Administer); err != nil {
		return "", err
	}
	org := scope.acting
	first := s.draftKey(NewKey{Org: org, Name: name, Role: Admin})
	var text string
	err := s.db.WriteFor(ctx, scope.Lane(), func(tx *db.Tx) error {
		if err := scope.Recheck(tx, org); err != nil {
			return err
		}
		text = ""
		if earlier, err := scope.Earlier(tx); err != nil || earlier != "" {
			return err
		}
		draft := first
		where, value := " AND k.org_id = ? AND k.surface = ?", []any{org, scope.surface}
		if scope.principal.Org == org {
			where, value = " AND k.key_id = ?", []any{scope.principal.KeyID}
		}
		var old []keyRow
		if err := tx.Select(&old, liveKeys+where+" ORDER BY k.recorded_at, k.key_id", value...); err != nil {
			return err
		}
		for _, k := range old { // more than one only where two made the first at once
			draft.Name, draft.Role, draft.ExpiresAt, draft.surface = k.Name, k.Role, history.Micros(k.ExpiresAt), k.Surface
			if err := revoke(tx, scope, k); err != nil {
				return err
			}
		}
		if draft.ExpiresAt != 0 && draft.ExpiresAt <= history.At(tx) {
			draft.ExpiresAt = 0
		}
		made, err := draft.insert(tx, scope)
		if err != nil {
			return err
		}
		text = first.text
		return scope.Remember(tx, made.ID)
	})
	return text, err
}

// KeysEnding counts the API keys of the installation that expire within a time from now.
func (s *Store) KeysEnding(within time.Duration) int {
	now := s.log.Now()
	return s.keys.ending(now, now+history.Micros(within.Microseconds()))
}

// Flush writes when keys were last used.
func (s *Store) Flush(ctx context.Context) error {
	_, err := s.uses.Flush(ctx, s.db)
	return err
}
