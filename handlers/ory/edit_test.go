package ory_test

import (
	"context"
	"errors"
	"testing"

	"tenure/handlers/ory"
	"tenure/snapshots/document"
	"tenure/snapshots/document/documenttest"
	"tenure/tenancy/fault"
)

// TestAnEditIsWorkedOutOncePerVersion: the transaction takes what was worked out for
// the version that was read, and works it out again for another client or setup.
func TestAnEditIsWorkedOutOncePerVersion(t *testing.T) {
	read, moved := documenttest.FullClient(), documenttest.FullClient()
	moved.OwnerLabel = "moved"
	asked := 0
	rename := func(shown *ory.Client) (*ory.Client, error) {
		asked++
		body := *shown
		body.ClientName = "renamed, of " + shown.Owner
		return &body, nil
	}
	edit, err := ory.NewEdit(&read, defaults, rename)
	if err != nil || edit.Shown.Owner != read.OwnerLabel || edit.Body.ClientName != "renamed, of "+read.OwnerLabel {
		t.Fatalf("%+v, %v", edit, err)
	}
	change, err := edit.Prepare(context.Background(), nil, nil)
	if err != nil || change.Secret != nil {
		t.Fatal(change.Secret, err)
	}
	for i, c := range []struct {
		base  *document.Client
		setup *document.Setup
		asked int
	}{{&read, defaults, 1}, {&read, defaults, 1}, {&moved, defaults, 2}, {&read, &document.Setup{}, 3}, {&read, defaults, 3}} {
		next, err := change.Apply(c.base, c.setup)
		if err != nil || asked != c.asked || next.ClientName != "renamed, of "+c.base.OwnerLabel || next.OwnerLabel != c.base.OwnerLabel {
			t.Errorf("%d: asked %d times, %q of %q, %v", i, asked, next.ClientName, next.OwnerLabel, err)
		}
	}
	if _, err := change.Apply(nil, defaults); !fault.HasCode(err, fault.CodeClientUnknown) {
		t.Errorf("a client that is gone: %v", err)
	}
}

// TestTheTransactionReportsEveryFault: what does not convert is reported together
// with the rules that the rest breaks, first what Hydra checks first.
func TestTheTransactionReportsEveryFault(t *testing.T) {
	body := decode(t, `{"metadata":{"a":1,"a":2},"tos_uri":"x"}`)
	edit, err := ory.NewEdit(nil, nil, ory.Replace(body))
	if err != nil {
		t.Fatal(err)
	}
	change, err := edit.Prepare(context.Background(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	next, err := change.Apply(nil, defaults)
	faults := append(fault.Of(err).Fields, document.Validate(change.Rules, document.Input[document.Client]{Next: next})...)
	_, _, inside := spelled(t, "POST", fault.Of(fault.Rules(faults)))
	_, _, before := spelled(t, "POST", fault.Of(edit.Check()))
	if inside != before || inside != sentences[ory.CodeMetadata]+"Field tos_uri must be a valid URI." {
		t.Errorf("inside: %s\nbefore: %s", inside, before)
	}
}

// TestNothingSlowForABrokenClient: nothing is hashed or fetched for a client that
// breaks a rule.
func TestNothingSlowForABrokenClient(t *testing.T) {
	fetch := func(context.Context, string) ([]byte, error) {
		t.Error("something was fetched")
		return nil, errors.New("no")
	}
	base := documenttest.FullClient()
	for _, body := range []string{`{"tos_uri":"x","sector_identifier_uri":"https://new.example"}`, `{"tos_uri":"x","client_secret":"long enough for it"}`, `{"client_secret":"12345"}`} {
		edit, err := ory.NewEdit(&base, defaults, ory.Replace(decode(t, body)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := edit.Prepare(context.Background(), nil, fetch); !fault.Is(err, fault.Invalid) { // with a store it would hash
			t.Errorf("%s: %v", body, err)
		}
	}
}
