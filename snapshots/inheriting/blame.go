package inheriting

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/Masterminds/squirrel"

	"tenure/snapshots"
	"tenure/snapshots/diff"
	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

// Line says of a member who gave it the value that is in force.
type Line struct {
	diff.Origin
	Inherited bool // the snapshot is one of the setup
	ValidFrom history.Millis
	Made      history.Entry // the event that recorded the snapshot; zero for none
}

// Blame says of each member that ever had a value, in table order, which snapshot gave
// it the one that is in force at an instant: of a member that the client leaves to its
// setup one of the setup's. With stored it speaks of what the client itself set. It
// reads each version of both once, and their events by one statement.
func (r Reader) Blame(ctx context.Context, scope tenancy.Scope, client snapshots.EntityID, in snapshots.Instant, stored bool) ([]Line, error) {
	own, err := passOver[document.Client](ctx, r, scope, snapshots.KindClient, client, in)
	if err != nil {
		return nil, err
	}
	var inherited []string
	var setups passed[document.Setup]
	if !stored && own.last != nil {
		if setups, err = passOver[document.Setup](ctx, r, scope, snapshots.KindClient, client, in); err != nil {
			return nil, err
		}
		if setups.last != nil {
			inherited = document.Inherited(own.last, setups.last)
		}
	}
	var lines []Line
	for _, o := range own.origins {
		line := Line{Origin: o, ValidFrom: own.from[o.Snapshot]}
		if slices.Contains(inherited, o.Member) {
			at := slices.IndexFunc(setups.origins, func(s diff.Origin) bool { return s.Member == o.Member })
			line = Line{Origin: setups.origins[at], Inherited: true}
			line.ValidFrom = setups.from[line.Snapshot]
		}
		if line.Snapshot != "" {
			lines = append(lines, line)
		}
	}
	return lines, r.made(ctx, scope, snapshots.KindClient, client, lines)
}

// BlameOf is Blame of an entity that inherits nothing.
func BlameOf[T document.Content](ctx context.Context, r Reader, scope tenancy.Scope, kind snapshots.Kind, id snapshots.EntityID, in snapshots.Instant) ([]Line, error) {
	own, err := passOver[T](ctx, r, scope, kind, id, in)
	if err != nil {
		return nil, err
	}
	var lines []Line
	for _, o := range own.origins {
		if o.Snapshot != "" {
			lines = append(lines, Line{Origin: o, ValidFrom: own.from[o.Snapshot]})
		}
	}
	return lines, r.made(ctx, scope, kind, id, lines)
}

// passed is what one pass over an entity's versions finds.
type passed[T document.Content] struct {
	origins []diff.Origin
	from    map[string]history.Millis // by snapshot
	last    *T                        // nil after the end
}

var errStopped = errors.New("stopped")

func passOver[T document.Content](ctx context.Context, r Reader, scope tenancy.Scope, kind snapshots.Kind, id snapshots.EntityID, in snapshots.Instant) (p passed[T], err error) {
	p.from = make(map[string]history.Millis)
	var versions iter.Seq2[diff.Version[T], error] = func(yield func(diff.Version[T], error) bool) {
		err := snapshots.Versions(ctx, r.Snapshots, scope, kind, id, in, func(v snapshots.Version[T]) error {
			p.from[string(v.ID)] = v.ValidFrom
			if v.Content == nil && !v.Tombstone { // erased
				return nil
			}
			if p.last = v.Content; !yield(diff.Version[T]{ID: string(v.ID), Doc: v.Content}, nil) {
				return errStopped
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStopped) {
			yield(diff.Version[T]{}, err)
		}
	}
	p.origins, err = diff.Blame(versions)
	return p, err
}

// made reads the events that recorded the lines' snapshots.
func (r Reader) made(ctx context.Context, scope tenancy.Scope, kind snapshots.Kind, id snapshots.EntityID, lines []Line) error {
	var ids []string
	for _, l := range lines {
		if !slices.Contains(ids, l.Snapshot) {
			ids = append(ids, l.Snapshot)
		}
	}
	return r.Snapshots.OfEntity(ctx, scope, kind, id, func(c *db.Conn, e snapshots.Entity) error {
		events := make(map[string]history.Entry)
		for part := range slices.Chunk(ids, idsAtOnce) {
			list, err := history.Entries(c, squirrel.Eq{"ref": part, "object_id": []string{string(e.ID), string(e.Setup)}}, 2*len(part))
			if err != nil {
				return err
			}
			for _, made := range list {
				if _, later := events[made.Ref]; !later {
					events[made.Ref] = made
				}
			}
		}
		for i := range lines {
			lines[i].Made = events[lines[i].Snapshot]
		}
		return nil
	})
}
