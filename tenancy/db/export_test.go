package db

import "github.com/jmoiron/sqlx"

// QueueLength is the number of closures that wait at most.
const QueueLength = queueLength

// BatchLimit is the number of closures in one transaction at most.
const BatchLimit = batchLimit

// Queued is the number of closures that wait for the committer.
func (d *DB) Queued() int { return len(d.queue) }

// Readers is the handle of the reading pool.
func (d *DB) Readers() *sqlx.DB { return d.reader }
