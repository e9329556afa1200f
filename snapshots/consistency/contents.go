package consistency

import (
	"bytes"
	"slices"

	"github.com/Masterminds/squirrel"

	"tenure/snapshots/candidates"
	"tenure/snapshots/clientsecret"
	"tenure/snapshots/document"
	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

// secrets compares each secret with the commitment to what it is.
func (k *checker) secrets() error {
	for last := ""; ; {
		var rows []struct {
			ID         string `db:"secret_id"`
			Client     string `db:"entity_id"`
			Hash       string `db:"hash"`
			Before     []byte `db:"before"`
			Last4      string `db:"last4"`
			Commitment []byte `db:"commitment"` // nil where there is none
			Salt       []byte `db:"salt"`
			Sealed     []byte `db:"sealed"`
			Erased     bool   `db:"erased"`
		}
		err := k.conn.Select(&rows, `SELECT c.secret_id, c.entity_id, c.hash, c.sealed AS before, c.last4, k.commitment, k.salt, k.sealed,
			EXISTS (SELECT 1 FROM erasure x WHERE x.ref = c.entity_id) AS erased
			FROM client_secret c LEFT JOIN secret_copy k ON k.secret_id = c.secret_id WHERE c.secret_id > ? ORDER BY c.secret_id LIMIT ?`, last, pageSize)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, r := range rows {
			last = r.ID
			empty := r.Hash == "" && r.Last4 == "" && len(r.Before) == 0 && len(r.Salt) == 0 && len(r.Sealed) == 0
			sum := history.Commitment(r.Salt, clientsecret.Content(r.Hash, r.Last4, r.Before, r.Sealed))
			switch {
			case r.Commitment == nil:
				k.report("client_secret %s: nothing commits to what it is", r.ID)
			case r.Erased && !empty:
				k.report("client_secret %s: its client is erased, and it is not", r.ID)
			case r.Erased:
			case !bytes.Equal(sum[:], r.Commitment):
				k.report("client_secret %s: its hash, last characters or sealed copy do not match the commitment in secret_copy", r.ID)
			}
		}
	}
}

// parts reports contents, search terms and commitments whose owner is not there.
func (k *checker) parts() error {
	for _, q := range []struct{ query, problem string }{
		{"SELECT b.snapshot_id FROM snapshot_body b WHERE NOT EXISTS (SELECT 1 FROM snapshot s WHERE s.snapshot_id = b.snapshot_id)",
			"snapshot_body %s: its snapshot is not there"},
		{"SELECT DISTINCT t.entity_id FROM entity_term t WHERE NOT EXISTS (SELECT 1 FROM entity e WHERE e.entity_id = t.entity_id)",
			"entity_term %s: its entity is not there"},
		{"SELECT k.secret_id FROM secret_copy k WHERE NOT EXISTS (SELECT 1 FROM client_secret c WHERE c.secret_id = k.secret_id)",
			"secret_copy %s: its secret is not there"},
	} {
		if err := k.each(q.problem, q.query+" LIMIT ?"); err != nil {
			return err
		}
	}
	return nil
}

type term struct {
	Entity string `db:"entity_id"`
	Bucket string `db:"bucket"`
	Field  string `db:"field"`
	Value  string `db:"value"`
}

// terms compares the search terms of each entity with what its contents say.
func (k *checker) terms() error {
	for last := ""; ; {
		var entities []struct {
			ID     string `db:"entity_id"`
			Kind   string `db:"kind"`
			Module string `db:"module"`
			Setup  string `db:"setup_id"`
			Erased bool   `db:"erased"`
		}
		err := k.conn.Select(&entities, `SELECT e.entity_id, e.kind, e.module, e.setup_id, EXISTS (SELECT 1 FROM erasure x WHERE x.ref = e.entity_id) AS erased
			FROM entity e WHERE e.entity_id > ? ORDER BY e.entity_id LIMIT ?`, last, pageSize)
		if err != nil || len(entities) == 0 {
			return err
		}
		ids := make([]string, len(entities))
		for i, e := range entities {
			ids[i] = e.ID
		}
		last = ids[len(ids)-1]
		var rows []term
		if err := k.conn.SelectBuilt(&rows, db.Builder().Select("entity_id, bucket, field, value").From("entity_term").Where(squirrel.Eq{"entity_id": ids})); err != nil {
			return err
		}
		stored := map[term]bool{}
		for _, r := range rows {
			stored[r] = true
		}
		for _, e := range entities {
			bucket := candidates.Bucket(e.Kind, e.Module, e.Setup)
			if err := k.termsOf(e.ID, e.Kind, e.Module, e.Setup, func(t candidates.Term) {
				t = t.Cut()
				want := term{e.ID, bucket, t.Field, t.Value}
				if is, there := stored[want]; !there && !e.Erased {
					k.report("entity_term %s %s: the search term that a content has is not there", e.ID, t.Field)
				} else if is {
					stored[want] = false
				}
			}); err != nil {
				return err
			}
		}
		var surplus []string
		for t, unsaid := range stored {
			if unsaid {
				surplus = append(surplus, t.Entity+" "+t.Field)
			}
		}
		slices.Sort(surplus)
		for _, name := range surplus {
			k.report("entity_term %s: no content of it has this search term", name)
		}
	}
}

// termsOf calls fn with the terms of each content of an entity.
func (k *checker) termsOf(id, kind, module, setup string, fn func(candidates.Term)) error {
	return k.conn.Each(func(scan func(...any) error) error {
		var content string
		if err := scan(&content); err != nil || content == "" {
			return err
		}
		list, err := termsIn(kind, []byte(content))
		if err != nil {
			return nil // snapshots has said so
		}
		for _, t := range list {
			fn(t)
		}
		return nil
	}, `SELECT b.content FROM snapshot s JOIN snapshot_body b ON b.snapshot_id = s.snapshot_id
		WHERE s.module = ? AND s.setup_id = ? AND s.entity_id = ?`, module, setup, id)
}

func termsIn(kind string, content []byte) ([]candidates.Term, error) {
	switch kind {
	case history.ObjectSetup:
		d, err := document.Decode[document.Setup](content)
		if err != nil {
			return nil, err
		}
		return candidates.Terms(d), nil
	case history.ObjectResourceServer:
		d, err := document.Decode[document.ResourceServer](content)
		if err != nil {
			return nil, err
		}
		return candidates.Terms(d), nil
	}
	d, err := document.Decode[document.Client](content)
	if err != nil {
		return nil, err
	}
	return candidates.Terms(d), nil
}
