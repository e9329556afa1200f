package node

import (
	"context"
	"time"

	"tenure/tenancy/history"
	"tenure/tenancy/history/counts"
)

// countEvery is how often a node looks whether the last count of all organizations is a day old.
const countEvery = time.Hour

// count regularly records how many objects each organization has. One of several nodes does it.
func (n *Node) count(ctx context.Context) {
	n.regularly(ctx, countEvery, "counting the organizations' objects", func() error {
		_, err := counts.Record(ctx, n.DB, "", nil, n.Log.Now(), n.Tenancy.Operator("daily count").Event(history.Event{}))
		return err
	})
}
