package nevismeta

import (
	"fmt"
	"net/url"
	"strings"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

const (
	metadataParam = "metadata."
	maxMetadata   = 50 // filters by metadata in one request: each is a condition of the statement
)

// listQuery reads the list filters; parameters it does not know are ignored.
func listQuery(c *web.Call) (snapshots.Filter, error) {
	var f snapshots.Filter
	query, err := queryOf(c)
	if err != nil {
		return f, err
	}
	for name, values := range query {
		switch {
		case name == "name":
			f.Name = &values[0]
		case name == "owner":
			f.Owner = &values[0]
		case strings.HasPrefix(name, metadataParam):
			for _, v := range values {
				f.Metadata = append(f.Metadata, document.Localized{Name: strings.TrimPrefix(name, metadataParam), Value: v})
			}
		}
	}
	if len(f.Metadata) > maxMetadata {
		return f, badQuery(metadataParam+"…", fmt.Sprintf("at most %d of them", maxMetadata))
	}
	if f.At, f.AnyTime, err = validAt(query.Get("validAt")); err != nil {
		return f, err
	}
	f.IncludeDeleted, err = softDeleted(c)
	return f, err
}

// queryOf is the query; what it may say once does not stand there twice.
func queryOf(c *web.Call) (url.Values, error) {
	query, err := c.Query()
	for _, name := range []string{"name", "owner", "validAt", "includeSoftDeletedStates", "includeSoftDeleteStates", "resolve",
		"replaceActiveState", "client_id"} {
		if len(query[name]) > 1 {
			return nil, badQuery(name, "it may be given once")
		}
	}
	return query, err
}

// validAt reads an instant, or "any"; nil for an empty text. A plus sign that
// was not escaped arrives as a space.
func validAt(s string) (at *history.Millis, any bool, err error) {
	switch s {
	case "":
		return nil, false, nil
	case "any":
		return nil, true, nil
	}
	m, ok := parseInstant(strings.Replace(s, " ", "+", 1))
	if !ok {
		return nil, false, badQuery("validAt", "a timestamp with an offset such as 2020-10-14T12:00:00+02:00, or any")
	}
	return &m, false, nil
}

// softDeleted reads includeSoftDeletedStates, which the pages also spell
// without the d.
func softDeleted(c *web.Call) (bool, error) {
	for _, name := range []string{"includeSoftDeletedStates", "includeSoftDeleteStates"} {
		if on, given, err := boolQuery(c, name); given || err != nil {
			return on, err
		}
	}
	return false, nil
}

func boolQuery(c *web.Call, name string) (value, given bool, err error) {
	query, err := queryOf(c)
	if err != nil || !query.Has(name) {
		return false, false, err
	}
	switch query.Get(name) {
	case "true":
		return true, true, nil
	case "false":
		return false, true, nil
	}
	return false, true, badQuery(name, "true or false")
}

func badQuery(name, message string) error {
	return fault.New(fault.Malformed, fault.CodeQuery, "the query parameter %s is not understood: %s", name, message)
}
