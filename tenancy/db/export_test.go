package db

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"
)

// LaneLength is the number of closures of one lane that wait at most, QueueLength
// of all.
const (
	LaneLength  = laneLength
	QueueLength = queueLength
)

// BatchLimit is the number of closures in one transaction at most.
const BatchLimit = batchLimit

// BatchWork is how long a batch goes on taking closures.
const BatchWork = batchWork

// Queued is the number of closures that wait for the committer.
func (d *DB) Queued() int { return d.waiting() }

// Patient makes batches that no time ends.
func (d *DB) Patient() { d.batchWork = time.Hour }

// Impatient makes batches that end after one closure that took any time.
func (d *DB) Impatient() { d.batchWork = -1 }

// Readers is the handle of the reading pool.
func (d *DB) Readers() *sqlx.DB { return d.reader }

// WriteLate is a Write that found d open and queues its closure when d is closed.
func (d *DB) WriteLate(ctx context.Context, fn func(*Tx) error) error {
	j := &job{ctx: ctx, fn: fn, done: make(chan struct{})}
	d.mu.Lock()
	err := d.queue.Push("", j)
	d.mu.Unlock()
	if err != nil {
		return err
	}
	return d.await(ctx, "", j)
}

// Usable asks a program of a version, which migrates from oldest on, whether it
// can use a database.
func Usable(version, oldest int, v Version, migrating bool) error {
	return program{version, oldest}.usable(v, migrating)
}

// ReasonOf says why an error keeps everything from being written.
var ReasonOf = reasonOf

// Classify turns a driver's error into a fault.
var Classify = classify
