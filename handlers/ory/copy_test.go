package ory_test

import (
	"math/rand/v2"
	"testing"

	"tenure/handlers/ory"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/snapshots/document/documenttest"
	"tenure/tenancy/history"
)

// TestCopiesAreReads: a list's element that is copied from the stored bytes is what a read
// of the decoded client shows, byte for byte, whatever the client contains.
func TestCopiesAreReads(t *testing.T) {
	random := rand.New(rand.NewPCG(13, 5))
	form, places := ory.ListForm("test"), &document.Places{}
	text := func() string { return documenttest.Texts[random.IntN(len(documenttest.Texts))] }
	made, left := 0, 0
	for i := range 20_000 {
		doc := documenttest.Random[document.Client](random)
		switch i {
		case 0:
			full := documenttest.FullClient()
			doc = &full
		case 1:
			doc = &document.Client{}
		}
		found := snapshots.Resolved[document.Client]{}
		found.Entity = snapshots.Entity{ClientID: text(), RecordedAt: history.Micros(random.Int64N(4e15))}
		if i%100 == 7 {
			found.Entity.ClientID = "\xff"
		}
		found.ValidFrom, found.RecordedAt = history.Millis(random.Int64N(4e12)), history.Micros(random.Int64N(4e15))
		if i%100 == 8 {
			found.ValidFrom = 400_000_000_000_000
		}
		found.Setup.Content = documenttest.Random[document.Setup](random)
		raw := string(document.Encode(doc))
		if !places.Find(raw) {
			t.Fatalf("no places in %s", raw)
		}
		copied := form.Copy(&found, places)
		if copied == nil {
			left++
			continue
		}
		made++
		var err error
		if found.Content, err = document.Decode[document.Client]([]byte(raw)); err != nil {
			t.Fatal(err)
		}
		want, err := form.Fill(found)
		if err != nil {
			t.Fatalf("%s is copied and cannot be rendered: %v", raw, err)
		}
		if string(copied.Body) != string(want.Body) {
			t.Fatalf("%s\nis copied as\n%s\na read shows\n%s", raw, copied.Body, want.Body)
		}
		if i < 2 && copied.Gap != want.Gap {
			t.Error("gap")
		}
	}
	if made < 2000 || left < 200 {
		t.Errorf("%d were copied, %d were not", made, left)
	}
}
