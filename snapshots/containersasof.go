package snapshots

import (
	"context"
	"encoding/json"
	"fmt"

	"tenure/tenancy"
	"tenure/tenancy/fault"
)

// What follows has no snapshots of its own: it takes effect when it is recorded,
// and ends so. As of an instant it is what had been recorded by then.

// ModulesAsOf lists the modules that there were at an instant, by name.
func (s *Store) ModulesAsOf(ctx context.Context, scope tenancy.Scope, in Instant) ([]string, error) {
	if !in.Given() {
		return s.Modules(ctx, scope)
	}
	return inView(ctx, s, scope, in, func(l *look) ([]string, error) {
		var names []string
		err := l.view.Select(&names, "SELECT name FROM module WHERE recorded_at <= ? ORDER BY name", int64(in.Recorded(s.log.Now())))
		return names, err
	})
}

// PolicyAsOf reads the policy that a setup had at an instant. NotFound where the
// setup was not there yet, Gone where it was deleted.
func (s *Store) PolicyAsOf(ctx context.Context, scope tenancy.Scope, setup EntityID, in Instant) (Policy, error) {
	if !in.Given() {
		return s.Policy(ctx, scope, setup)
	}
	return inView(ctx, s, scope, in, func(l *look) (Policy, error) {
		if _, err := l.find(KindSetup, ByEntity(setup)); err != nil {
			return Policy{}, err
		}
		var raw string
		err := l.view.Get(&raw, "SELECT content FROM setup_policy WHERE setup_id = ? AND recorded_at <= ? ORDER BY seq DESC LIMIT 1",
			setup, int64(in.Recorded(s.log.Now())))
		if fault.Is(err, fault.NotFound) {
			return DefaultPolicy(), nil
		}
		var row policyRow
		if err == nil {
			if err = json.Unmarshal([]byte(raw), &row); err != nil {
				err = fmt.Errorf("policy of setup %s: %w", setup, err)
			}
		}
		return Policy(row), err
	})
}

// InitialTokensAsOf lists a setup's initial access tokens that had been made and
// not revoked by an instant, with their uses by then.
func (s *Store) InitialTokensAsOf(ctx context.Context, scope tenancy.Scope, setup EntityID, in Instant) ([]InitialToken, error) {
	if !in.Given() {
		return s.InitialTokens(ctx, scope, setup)
	}
	if err := scope.Check(tenancy.History); err != nil {
		return nil, err
	}
	return inView(ctx, s, scope, in, func(l *look) ([]InitialToken, error) {
		if _, err := l.find(KindSetup, ByEntity(setup)); err != nil {
			return nil, err
		}
		then := int64(in.Recorded(s.log.Now()))
		var rows []initialRow
		err := l.view.Select(&rows, `SELECT t.token_id, t.name, t.max_uses, t.expires_at, t.recorded_at,
			(SELECT count(*) FROM initial_token_use u WHERE u.token_id = t.token_id AND u.recorded_at <= ?) AS uses
			FROM initial_token t WHERE t.setup_id = ? AND t.recorded_at <= ?
				AND NOT EXISTS (SELECT 1 FROM initial_token_end x WHERE x.token_id = t.token_id AND x.recorded_at <= ?)
			ORDER BY t.recorded_at, t.token_id`, then, setup, then, then)
		list := make([]InitialToken, len(rows))
		for i, r := range rows {
			list[i] = r.token()
		}
		return list, err
	})
}

// secretsKnown is secretsOf with what had been recorded by an instant.
const secretsKnown = `SELECT c.secret_id, c.hash, c.sealed, c.valid_from, c.last4, c.recorded_at, COALESCE((SELECT min(z.ends_at) FROM (
		SELECT x.ends_at FROM secret_end x WHERE x.secret_id = c.secret_id AND x.recorded_at <= ?
			AND NOT EXISTS (SELECT 1 FROM withdrawal v WHERE v.snapshot_id = x.snapshot_id AND v.recorded_at <= ?)
		UNION ALL
		SELECT p.valid_from FROM client_secret p WHERE p.entity_id = c.entity_id AND p.recorded_at <= ?
			AND p.valid_from > c.valid_from AND p.recorded_at < c.recorded_at AND p.valid_from * 1000 > c.recorded_at
			AND NOT EXISTS (SELECT 1 FROM withdrawal v WHERE v.snapshot_id = p.snapshot_id AND v.recorded_at <= ?)
	) z), 0) AS ends_at
	FROM client_secret c WHERE c.entity_id = ? AND c.recorded_at <= ?
		AND NOT EXISTS (SELECT 1 FROM withdrawal v WHERE v.snapshot_id = c.snapshot_id AND v.recorded_at <= ?)
	ORDER BY c.valid_from DESC, c.recorded_at DESC, c.secret_id`

// SecretsAsOf lists the secrets that a client, named by its client_id in a
// setup, had at an instant: those that had not ended then, and started by then
// or were planned. Newest first.
func (s *Store) SecretsAsOf(ctx context.Context, scope tenancy.Scope, setup EntityID, clientID string, in Instant) ([]Secret, error) {
	if !in.Given() {
		e, _, err := s.Find(ctx, scope, ByClientID("", setup, clientID))
		if fault.HasCode(err, fault.CodeSetupUnknown) {
			err = unknown(KindClient)
		}
		if err != nil {
			return nil, err
		}
		return s.Secrets(ctx, scope, e.Ref())
	}
	if err := scope.Check(tenancy.History); err != nil {
		return nil, err
	}
	return inView(ctx, s, scope, in, func(l *look) ([]Secret, error) {
		client, err := l.find(KindClient, ByClientID("", setup, clientID))
		if fault.HasCode(err, fault.CodeSetupUnknown) {
			err = unknown(KindClient)
		}
		if err != nil {
			return nil, err
		}
		known := int64(l.known)
		var rows []secretRow
		if err := l.view.Select(&rows, secretsKnown, known, known, known, known, client.own.entity.ID, known, known); err != nil {
			return nil, err
		}
		list := []Secret{}
		for _, r := range rows {
			started := r.ValidFrom <= l.at || r.RecordedAt <= l.tree()
			if started && (r.EndsAt == 0 || r.EndsAt > l.at) {
				list = append(list, Secret{r.ID, r.Last4, r.ValidFrom, r.EndsAt, r.RecordedAt})
			}
		}
		return list, nil
	})
}
