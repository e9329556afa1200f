package snapshots_test

import (
	"reflect"
	"testing"

	"tenure/snapshots"
	"tenure/snapshots/snapshotstest"
)

func TestEffectiveInherits(t *testing.T) {
	setup := snapshotstest.FullSetup()
	want := snapshots.Client{
		ClientName:            "bare",
		GrantTypes:            setup.GrantTypes,
		ForceReauthentication: setup.ForceReauthentication,
		AccessTokenTTL:        setup.AccessTokenTTL,
		RefreshTokenTTL:       setup.RefreshTokenTTL,
		IDTokenTTL:            setup.IDTokenTTL,
		PersistedConsentTTL:   setup.PersistedConsentTTL,
	}
	bare := snapshots.Client{ClientName: "bare"}
	if got := snapshots.Effective(&bare, &setup); !reflect.DeepEqual(got, want) {
		t.Errorf("effective: %+v, want %+v", got, want)
	}
	if !reflect.DeepEqual(bare, snapshots.Client{ClientName: "bare"}) {
		t.Errorf("the client itself became %+v", bare)
	}
}

// What a client sets stays, zero lifetimes, false and empty lists included.
func TestEffectiveKeepsOwn(t *testing.T) {
	setup := snapshotstest.FullSetup()
	zero := int64(0)
	for _, own := range []snapshots.Client{
		snapshotstest.FullClient(),
		{GrantTypes: []string{}, ForceReauthentication: snapshots.False, AccessTokenTTL: &zero, RefreshTokenTTL: &zero,
			IDTokenTTL: &zero, PersistedConsentTTL: &zero},
	} {
		if got := snapshots.Effective(&own, &setup); !reflect.DeepEqual(got, own) {
			t.Errorf("changed: %q", snapshots.Changed(&got, &own))
		}
	}
}

func TestEffectiveOfNothing(t *testing.T) {
	got := snapshots.Effective(&snapshots.Client{}, &snapshots.Setup{})
	if !reflect.DeepEqual(got, snapshots.Client{GrantTypes: []string{}}) {
		t.Errorf("effective: %+v, want empty grant types that are not nil, and nothing else", got)
	}
}
