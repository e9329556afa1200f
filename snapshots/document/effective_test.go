package document_test

import (
	"reflect"
	"slices"
	"testing"

	"tenure/snapshots/document"
	"tenure/snapshots/document/documenttest"
)

func TestEffectiveInherits(t *testing.T) {
	setup := documenttest.FullSetup()
	want := document.Client{
		ClientName:            "bare",
		GrantTypes:            setup.GrantTypes,
		ForceReauthentication: setup.ForceReauthentication,
		AccessTokenTTL:        setup.AccessTokenTTL,
		RefreshTokenTTL:       setup.RefreshTokenTTL,
		IDTokenTTL:            setup.IDTokenTTL,
		PersistedConsentTTL:   setup.PersistedConsentTTL,
	}
	bare := document.Client{ClientName: "bare"}
	if got := document.Effective(&bare, &setup); !reflect.DeepEqual(got, want) {
		t.Errorf("effective: %+v, want %+v", got, want)
	}
	if !reflect.DeepEqual(bare, document.Client{ClientName: "bare"}) {
		t.Errorf("the client itself became %+v", bare)
	}
}

// What a client sets stays, zero lifetimes, false and empty lists included.
func TestEffectiveKeepsOwn(t *testing.T) {
	setup := documenttest.FullSetup()
	zero := int64(0)
	for _, own := range []document.Client{
		documenttest.FullClient(),
		{GrantTypes: []string{}, ForceReauthentication: document.False, AccessTokenTTL: &zero, RefreshTokenTTL: &zero,
			IDTokenTTL: &zero, PersistedConsentTTL: &zero},
	} {
		if got := document.Effective(&own, &setup); !reflect.DeepEqual(got, own) {
			t.Errorf("changed: %q", document.Changed(&got, &own))
		}
	}
}

func TestEffectiveOfNothing(t *testing.T) {
	got := document.Effective(&document.Client{}, &document.Setup{})
	if !reflect.DeepEqual(got, document.Client{GrantTypes: []string{}}) {
		t.Errorf("effective: %+v, want empty grant types that are not nil, and nothing else", got)
	}
}

// TestInheritedAreThoseThatEffectiveFills: the list is what Effective changes, whatever is unset.
func TestInheritedAreThoseThatEffectiveFills(t *testing.T) {
	setup := documenttest.FullSetup()
	for _, c := range []document.Client{{}, {ClientName: "bare"}, {GrantTypes: []string{}}, {ForceReauthentication: document.False}, documenttest.FullClient()} {
		acts := document.Effective(&c, &setup)
		if got, want := document.Inherited(&c, &setup), document.Changed(&c, &acts); !slices.Equal(got, want) {
			t.Errorf("inherited %q, filled %q", got, want)
		}
		if got := document.Inherited(&c, &document.Setup{}); len(got) > 0 {
			t.Errorf("of a setup without defaults: %q", got)
		}
	}
}
