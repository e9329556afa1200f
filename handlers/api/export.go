package api

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"tenure/handlers/web"
	"tenure/tenancy"
	"tenure/tenancy/history"
	"tenure/tenancy/text/cells"
)

// form is a way to write events other than a page of JSON.
type form struct {
	name, contentType, ending string
	// head is written first; one line follows for each event, by the program of
	// that version.
	head func(io.Writer) error
	line func(io.Writer, happened, history.Entry, string) error
}

const typeLines = "application/jsonl"

var forms = []form{
	{"jsonl", typeLines, "jsonl", nil, func(w io.Writer, h happened, _ history.Entry, _ string) error { return writeLine(w, h) }},
	{"csv", "text/csv; charset=utf-8; header=present", "csv", writeColumns, func(w io.Writer, h happened, _ history.Entry, _ string) error { return cells.Write(w, h.cells()) }},
	{"ocsf", typeLines, "ocsf.jsonl", nil, func(w io.Writer, h happened, e history.Entry, program string) error {
		return writeLine(w, toOCSF(h, e, program))
	}},
}

// exportForm reads format, or Accept without it: text/csv and
// application/jsonl ask for an export. nil is the list.
func exportForm(c *web.Call) *form {
	name := c.Text("format")
	if name == "" {
		switch accept := c.Request.Header.Get("Accept"); {
		case strings.HasPrefix(accept, "text/csv"):
			name = "csv"
		case strings.HasPrefix(accept, typeLines), strings.HasPrefix(accept, "application/x-ndjson"):
			name = "jsonl"
		default:
			return nil
		}
	}
	for i := range forms {
		if forms[i].name == name {
			return &forms[i]
		}
	}
	return nil
}

// formatNames are what format can be.
func formatNames() []string {
	names := []string{"json"}
	for _, f := range forms {
		names = append(names, f.name)
	}
	return names
}

// export streams everything that the query asks for, page by page, up to what
// was recorded when it began.
func (h *handler) export(c *web.Call, q tenancy.Query, f form) (*web.Reply, error) {
	if c.Int("limit", 0) != 0 {
		return nil, badParameter("limit", "an export has no limit; from, to and after bound it")
	}
	if err := c.TakePlace(); err != nil {
		return nil, err
	}
	q.Before, q.Limit = h.Tenancy.LogSize(), maxHistoryPage
	page, more, err := h.journalPage(c, q) // the first now, while an error can still be answered
	if err != nil {
		return nil, err
	}
	c.Account(history.Exported)
	return &web.Reply{Status: http.StatusOK, ContentType: f.contentType, NoStore: true,
		Header: http.Header{"Content-Disposition": {`attachment; filename="history.` + f.ending + `"`}},
		Stream: func(w io.Writer) error {
			if f.head != nil {
				if err := f.head(w); err != nil {
					return err
				}
			}
			for {
				var b bytes.Buffer
				for _, e := range page.Events {
					if err := f.line(&b, fromEntry(e, more), e, h.Version); err != nil {
						return err
					}
				}
				if _, err := w.Write(b.Bytes()); err != nil || !page.More {
					return err
				}
				q.After = page.Next
				if page, more, err = h.journalPage(c, q); err != nil {
					return err
				}
			}
		}}, nil
}

func writeLine(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// columns of the CSV form.
var columns = []string{"log_index", "sequence", "kind", "object_kind", "object", "owner_organization_id", "reference", "snapshot_id",
	"digest", "recorded_at", "effective_at", "actor", "key_id", "key_name", "key_organization_id", "acting_organization_id", "surface", "reason", "details", "inherited"}

func writeColumns(w io.Writer) error { return cells.Write(w, columns) }
