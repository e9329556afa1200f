// Package disclosures writes down who was shown which client secret.
//
// The first time in an hour is logged before the secret is shown; the times after
// it are counted, and logged together when the hour is over. Who may see a secret
// is decided before, in package snapshots.
//
// It may import tally, tenancy and tenancy/{db,history}.
package disclosures

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"tenure/snapshots/tally"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

const (
	// Span is how long repetitions are counted under one first time.
	Span = history.Micros(time.Hour / time.Microsecond)
	// Most is how many are counted; further ones are each logged.
	Most = 100_000
)

// Log is safe for use by several goroutines.
type Log struct {
	db    *db.DB
	now   func() history.Micros
	tally *tally.Tally[shown]
	count atomic.Uint64
}

// shown is a secret that was shown to somebody.
type shown struct {
	actor, actingOrg, surface string
	client                    string // entity id
	owner                     tenancy.OrgID
	secret                    string // its id
}

// New makes a Log that writes to d by the clock now.
func New(d *db.DB, now func() history.Micros) *Log {
	return &Log{db: d, now: now, tally: tally.New[shown](Span, Most)}
}

// Show returns nil once a client's secret may be shown to the caller: when it is
// logged, or counted.
func (l *Log) Show(ctx context.Context, scope tenancy.Scope, client string, owner tenancy.OrgID, secret string) error {
	by := scope.Event(history.Event{})
	to := shown{by.Actor, by.ActingOrg, by.Surface, client, owner, secret}
	err := l.tally.Happens(ctx, to, l.now(), func() error {
		return l.db.WriteFor(ctx, scope.Lane(), func(tx *db.Tx) error {
			if err := scope.RecheckRead(tx, owner); err != nil {
				return err
			}
			to.record(tx, by.Reason, nil)
			return nil
		})
	})
	if err == nil {
		l.count.Add(1)
	}
	return err
}

// Count is how often Show let a secret be shown.
func (l *Log) Count() uint64 { return l.count.Load() }

func (d shown) record(tx *db.Tx, reason string, detail []byte) {
	history.Record(tx, history.Event{Kind: "client.secret-disclosed", ObjectKind: history.ObjectClient, Object: d.client, Ref: d.secret,
		Org: string(d.owner), Actor: d.actor, ActingOrg: d.actingOrg, Surface: d.surface, Reason: reason, Effective: history.At(tx).Millis(),
		Detail: detail})
}

// Flush logs how often secrets were shown again, in hours that are over or, with all,
// until now.
func (l *Log) Flush(ctx context.Context, all bool) error {
	counts := l.tally.Take(l.now(), all)
	if len(counts) == 0 {
		return nil
	}
	err := l.db.Write(ctx, func(tx *db.Tx) error {
		for _, c := range counts {
			c.Key.record(tx, "", fmt.Appendf(nil, `{"again":%d,"since":%q}`, c.More, c.Since.Time().Format(time.RFC3339Nano)))
		}
		return nil
	})
	if err != nil {
		l.tally.Return(counts)
	}
	return err
}
