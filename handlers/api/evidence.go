package api

import (
	"bufio"
	"io"
	"net/http"

	"tenure/handlers/web"
	"tenure/snapshots/evidence"
	"tenure/tenancy/history"
)

// evidencePart is how much of a bundle is sent at once, in bytes.
const evidencePart = 64 << 10

// evidence streams a bundle of what the scope covers.
func (h *handler) evidence(c *web.Call) (*web.Reply, error) {
	ctx := c.Request.Context()
	if err := c.TakePlace(); err != nil {
		return nil, err
	}
	bundle, err := h.Evidence.Choose(ctx, c.Scope, evidenceFilter(c))
	if err != nil {
		return nil, err
	}
	c.Account(history.EvidenceMade)
	return &web.Reply{Status: http.StatusOK, ContentType: "application/zip", NoStore: true,
		Header: http.Header{"Content-Disposition": {`attachment; filename="evidence.zip"`}},
		Stream: func(w io.Writer) error {
			out := bufio.NewWriterSize(w, evidencePart)
			err := bundle.Write(ctx, out)
			c.Show(bundle.Snapshots()...)
			if err != nil {
				return err
			}
			return out.Flush()
		}}, nil
}

func evidenceFilter(c *web.Call) evidence.Filter {
	return evidence.Filter{Clients: c.Texts("client"), Organization: organizationOf(c), From: micros(c.Instant("from")), To: micros(c.Instant("to")),
		Since: c.Int("since", 0)}
}
