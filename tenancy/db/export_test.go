package db

import (
	"context"

	"github.com/jmoiron/sqlx"
)

// QueueLength is the number of closures that wait at most.
const QueueLength = queueLength

// BatchLimit is the number of closures in one transaction at most.
const BatchLimit = batchLimit

// Queued is the number of closures that wait for the committer.
func (d *DB) Queued() int { return len(d.queue) }

// Readers is the handle of the reading pool.
func (d *DB) Readers() *sqlx.DB { return d.reader }

// WriteLate is a Write that found d open and queues its closure when d is closed.
func (d *DB) WriteLate(ctx context.Context, fn func(*Tx) error) error {
	j := &job{ctx: ctx, fn: fn, done: make(chan struct{})}
	d.queue <- j
	return d.await(ctx, j)
}

// Usable asks a program of a version, which migrates from oldest on, whether it
// can use a database.
func Usable(version, oldest int, v Version, migrating bool) error {
	return program{version, oldest}.usable(v, migrating)
}
