package diff_test

import (
	"fmt"
	"testing"

	"tenure/snapshots"
	"tenure/snapshots/diff"
	"tenure/snapshots/snapshotstest"
)

func TestTry(t *testing.T) {
	full := snapshotstest.FullClient()
	r := diff.Of(&snapshots.Client{}, &full, diff.Options{})
	for _, c := range r.Changes {
		fmt.Println(c.Path, c.Label, c.Kind, c.Old.Text, "→", c.New.Text, c.Risks)
	}
	r = diff.Of(&full, &snapshots.Client{}, diff.Options{})
	for _, c := range r.Changes {
		fmt.Println(c.Path, c.Label, c.Kind, c.Old.Text, "→", c.New.Text, c.Risks)
	}
}
