package api

import (
	"bufio"
	"io"
	"net/http"

	"tenure/handlers/web"
	"tenure/snapshots/evidence"
	"tenure/tenancy"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// evidencePart is how much of a bundle is sent at once, in bytes.
const evidencePart = 64 << 10

// evidence streams a bundle of what the scope covers.
func (s *surface) evidence(c *web.Call) (*web.Reply, error) {
	filter, err := evidenceFilter(c)
	if err != nil {
		return nil, err
	}
	ctx := c.Request.Context()
	bundle, err := s.Evidence(ctx, c.Scope, filter)
	if err != nil {
		return nil, err
	}
	return &web.Reply{Status: http.StatusOK, ContentType: "application/zip", NoStore: true,
		Header: http.Header{"Content-Disposition": {`attachment; filename="evidence.zip"`}},
		Stream: func(w io.Writer) error {
			out := bufio.NewWriterSize(w, evidencePart)
			if err := bundle.Write(ctx, out); err != nil {
				return err
			}
			return out.Flush()
		}}, nil
}

func evidenceFilter(c *web.Call) (f evidence.Filter, err error) {
	query, err := c.Query()
	if err != nil {
		return f, err
	}
	if f.Clients = query["client"]; len(f.Clients) > evidence.MaxClients {
		return f, fault.New(fault.Malformed, fault.CodeQuery, "client stands more than %d times", evidence.MaxClients)
	}
	if query.Has("organization") {
		if f.Organization, err = tenancy.ParseOrgID(query.Get("organization")); err != nil || len(query["organization"]) > 1 {
			return f, fault.New(fault.Malformed, fault.CodeQuery, "organization is one UUID")
		}
	}
	for name, at := range map[string]*history.Micros{"from": &f.From, "to": &f.To} {
		instant, err := c.Instant(name)
		if err != nil {
			return f, err
		}
		if instant != nil {
			*at = history.Micros(instant.UnixMicro())
		}
	}
	return f, nil
}
