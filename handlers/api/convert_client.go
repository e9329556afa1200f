package api

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"slices"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy"
	"tenure/tenancy/history"
)

// fromClient shows a client to a scope. It is pure.
func fromClient(s tenancy.Scope, r snapshots.Resolved[document.Client]) (client, error) {
	inherited, err := inheritedBy(r)
	if err != nil {
		return client{}, err
	}
	e := r.Entity
	return client{EntityID: string(e.ID), ClientID: e.ClientID, Module: e.Module, SetupID: string(e.Setup),
		OwnerOrganizationID: string(e.Owner), Surface: e.Surface, CreatedAt: e.RecordedAt.Time().Format(instant),
		Snapshot: fromVersion(r.Version), Effective: fromSpan(s, r),
		Configuration: configuration(r.Content), Inherited: inherited}, nil
}

// fromObject shows a client, a setup or a resource server to a scope, with the next
// snapshot where there is one to show. It is pure.
func fromObject[T document.Content](s tenancy.Scope, r snapshots.Resolved[T], next any) (any, error) {
	if r, ok := any(r).(snapshots.Resolved[document.Client]); ok {
		wire, err := fromClient(s, r)
		wire.Next = next
		return wire, err
	}
	return configured{EntityID: string(r.Entity.ID), Module: r.Entity.Module, SetupID: string(r.Entity.Setup),
		OwnerOrganizationID: string(r.Entity.Owner), CreatedAt: r.Entity.RecordedAt.Time().Format(instant),
		Snapshot: fromVersion(r.Version), Effective: fromSpan(s, r), Configuration: configuration(r.Content), Next: next}, nil
}

// fromSpan is the span in which a snapshot is in force, as far as the scope may know it.
func fromSpan[T document.Content](s tenancy.Scope, r snapshots.Resolved[T]) effective {
	span := effective{From: fromMillis(r.ValidFrom)}
	if s.Allows(tenancy.Plans) {
		until := json.RawMessage(fromUntil(r.Until()))
		span.Until = &until
	}
	return span
}

// fromUntil is the end of what is in force, as JSON.
func fromUntil(ends history.Millis) string {
	if ends == 0 {
		return "null"
	}
	return `"` + fromMillis(ends) + `"`
}

// fill renders an object as callers see it who may not see plans. The cache keeps that.
func fill[T document.Content](r snapshots.Resolved[T]) (*snapshots.Rendering, error) {
	wire, err := fromObject(tenancy.Scope{}, r, nil)
	if err != nil {
		return nil, err
	}
	body, err := web.Encode(wire)
	// No text has this in it: there a quotation mark is escaped.
	from := `"effective":{"from":"` + fromMillis(r.ValidFrom) + `"`
	return &snapshots.Rendering{Body: body, Gap: bytes.Index(body, []byte(from)) + len(from)}, err
}

// seen shows to a scope what is kept of an object, which changes at an instant.
func seen(s tenancy.Scope, kept *snapshots.Rendering, until history.Millis) []byte {
	plans := ""
	if s.Allows(tenancy.Plans) {
		plans = `,"until":` + fromUntil(until)
	}
	return slices.Concat(kept.Body[:kept.Gap], []byte(plans), kept.Body[kept.Gap:])
}

func fromVersion[T document.Content](v snapshots.Version[T]) snapshot {
	return snapshot{ID: string(v.ID), ValidFrom: fromMillis(v.ValidFrom), RecordedAt: v.RecordedAt.Time().Format(instant),
		BaseID: orNull(string(v.Base)), Digest: hex.EncodeToString(v.Commitment), Imported: v.Imported}
}

func fromMillis(at history.Millis) string { return at.Time().Format("2006-01-02T15:04:05.000Z") }

// configuration is a document in its canonical encoding, without the number of
// the form, its first member.
func configuration[T document.Content](doc *T) json.RawMessage {
	raw := document.Encode(doc)
	end := bytes.IndexAny(raw, ",}")
	return append(json.RawMessage("{"), bytes.TrimPrefix(raw[end:], []byte(","))...)
}

// inheritedBy are the members that a client has of its setup.
func inheritedBy(r snapshots.Resolved[document.Client]) (json.RawMessage, error) {
	acts := document.Effective(r.Content, r.Setup.Content)
	changed := document.Changed(r.Content, &acts)
	if len(changed) == 0 {
		return json.RawMessage("{}"), nil
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(document.Encode(&acts), &all); err != nil {
		return nil, err
	}
	for name := range all {
		if !slices.Contains(changed, name) {
			delete(all, name)
		}
	}
	return json.Marshal(all)
}

func fromLost(list []snapshots.Lost) []lost {
	wire := make([]lost, len(list))
	for i, l := range list {
		wire[i] = lost{l.What, l.ID, fromMillis(l.At)}
	}
	return wire
}

func fromEvents(events []history.Event) rehearsed {
	wire := rehearsed{DryRun: true, Events: make([]rehearsedEvent, len(events))}
	for i, e := range events {
		wire.Events[i] = rehearsedEvent{string(e.Kind), e.Object, e.Org}
	}
	return wire
}
