package api

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"tenure/snapshots"
	"tenure/snapshots/inheriting"
	"tenure/tenancy"
	"tenure/tenancy/history"
)

// extras are what is read for events beside their envelopes.
type extras struct {
	keys      map[string]tenancy.Key    // that acted, by id
	details   map[int64]json.RawMessage // by log index
	inherited map[int64][]string        // members of a client that its setup's event changed, by log index
}

func fromHistory(p inheriting.Past, n extras) objectHistory {
	e := p.Entity
	wire := objectHistory{EntityID: string(e.ID), SetupID: string(e.Setup), OwnerOrganizationID: string(e.Owner)}
	if e.Kind == snapshots.KindClient {
		wire.ClientID = e.ClientID
	}
	events := slices.Concat(p.Events, p.Around, p.Entries())
	slices.SortFunc(events, func(a, b snapshots.Happened) int { return cmp.Compare(a.Index, b.Index) })
	wire.Events = fromEntries(events, n)
	if p.More {
		wire.Next = &p.Next
	}
	if p.EndedWith != nil {
		end := fromEntry(*p.EndedWith, n)
		wire.EndedWith = &end
	}
	return wire
}

func fromEntries(entries []history.Entry, n extras) []happened {
	wire := make([]happened, len(entries))
	for i, e := range entries {
		wire[i] = fromEntry(e, n)
	}
	return wire
}

func fromEntry(e history.Entry, n extras) happened {
	wire := happened{Sequence: e.Seq, LogIndex: e.Index, Kind: string(e.Kind), ObjectKind: e.ObjectKind, Object: e.Object,
		OwnerOrganizationID: e.Org, Reference: e.Ref, Digest: orNull(e.Content),
		RecordedAt: e.RecordedAt.Time().Format(instant), EffectiveAt: e.Effective.Time().Format(instant),
		Actor: e.Actor, ActingOrganizationID: e.ActingOrg, Surface: e.Surface, Reason: e.Reason, Details: n.details[e.Index], Inherited: n.inherited[e.Index]}
	if e.Content != "" { // a snapshot's event, and no other, binds content
		wire.SnapshotID = orNull(e.Ref)
	}
	wire.Key = keyOf(e.Actor, n.keys)
	return wire
}

// keyOf is the API key that acted; nil for anybody else.
func keyOf(actor string, keys map[string]tenancy.Key) *actingKey {
	id, ok := strings.CutPrefix(actor, tenancy.ActorKey)
	if !ok {
		return nil
	}
	acting := fromActing(id, keys)
	return &acting
}

func fromBlame(lines []inheriting.Line, keys map[string]tenancy.Key) blameList {
	list := blameList{Members: make([]origin, len(lines))}
	for i, l := range lines {
		list.Members[i] = origin{l.Member, l.Set, l.Snapshot, fromMillis(l.ValidFrom), l.Inherited,
			l.Made.RecordedAt.Time().Format(instant), l.Made.Actor, keyOf(l.Made.Actor, keys), l.Made.ActingOrg, l.Made.Surface, l.Made.Reason}
	}
	return list
}

func fromActing(id string, keys map[string]tenancy.Key) actingKey {
	k := keys[id] // all empty where the scope does not cover it
	return actingKey{ID: id, Name: orNull(k.Name), OrganizationID: orNull(string(k.Org))}
}
