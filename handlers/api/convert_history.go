package api

import "tenure/snapshots"

func fromHistory(p snapshots.Past) clientHistory {
	e := p.Entity
	wire := clientHistory{EntityID: string(e.ID), ClientID: e.ClientID, SetupID: string(e.Setup), OwnerOrganizationID: string(e.Owner),
		Events: make([]happened, len(p.Events))}
	for i, h := range p.Events {
		wire.Events[i] = fromHappened(h)
	}
	if p.More {
		wire.Next = &p.Events[len(p.Events)-1].Seq
	}
	if p.EndedWith != nil {
		end := fromHappened(*p.EndedWith)
		wire.EndedWith = &end
	}
	return wire
}

func fromHappened(h snapshots.Happened) happened {
	return happened{Sequence: h.Seq, LogIndex: h.Index, Kind: string(h.Kind), Object: h.Object, Reference: h.Ref,
		RecordedAt: h.RecordedAt.Time().Format(instant), EffectiveAt: h.Effective.Time().Format(instant),
		Actor: h.Actor, ActingOrganizationID: h.ActingOrg, Surface: h.Surface, Reason: h.Reason}
}
