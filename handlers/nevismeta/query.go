package nevismeta

import (
	"fmt"
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

// The parameters of lists. Their checks are here, as the dialect has words of
// its own for them.
var (
	listParams = []web.Param{web.Text("name").AsIs(), web.Text("owner").AsIs(), web.Family(metadataParam), validAtParam, softDeletedParams[0], softDeletedParams[1],
		web.At(), web.KnownAt()}
	versionParams = []web.Param{validAtParam, softDeletedParams[0], softDeletedParams[1]}

	validAtParam      = web.Text("validAt").AsIs()
	softDeletedParams = []web.Param{web.Text("includeSoftDeletedStates").AsIs(), web.Text("includeSoftDeleteStates").AsIs()}
)

// listQuery reads the list filters; parameters it does not know are ignored.
func listQuery(c *web.Call) (f snapshots.Filter, err error) {
	if f.Name, err = textQuery(c, "name"); err != nil {
		return f, err
	}
	if f.Owner, err = textQuery(c, "owner"); err != nil {
		return f, err
	}
	for name, values := range c.Family(metadataParam) {
		for _, v := range values {
			f.Metadata = append(f.Metadata, document.Localized{Name: name, Value: v})
		}
	}
	if len(f.Metadata) > maxMetadata {
		return f, badQuery(metadataParam+"…", fmt.Sprintf("at most %d of them", maxMetadata))
	}
	if err = listInstant(c, &f); err != nil {
		return f, err
	}
	f.IncludeDeleted, err = softDeleted(c)
	return f, err
}

// listInstant reads what instant a list is about: validAt is the dialect's own
// name for at.
func listInstant(c *web.Call, f *snapshots.Filter) (err error) {
	in := snapshots.InstantOf(c.Instants())
	f.At, f.AnyTime, err = validAt(c)
	switch {
	case err != nil:
		return err
	case in.At != nil && (f.At != nil || f.AnyTime):
		return badQuery("validAt", "it cannot be combined with at or Accept-Datetime")
	case in.Known != nil && f.AnyTime:
		return badQuery("validAt", "any cannot be combined with known_at")
	case in.At != nil:
		f.At = in.At
	}
	f.Known = in.Known
	return nil
}

// textQuery is a parameter that may be given once; nil without it.
func textQuery(c *web.Call, name string) (*string, error) {
	switch values := c.Texts(name); len(values) {
	case 0:
		return nil, nil
	case 1:
		return &values[0], nil
	}
	return nil, badQuery(name, "it may be given once")
}

// validAt reads an instant, or "any"; nil for an empty text. A plus sign that
// was not escaped arrives as a space.
func validAt(c *web.Call) (at *history.Millis, any bool, err error) {
	text, err := textQuery(c, validAtParam.Name)
	switch {
	case err != nil, text == nil, *text == "":
		return nil, false, err
	case *text == "any":
		return nil, true, nil
	}
	m, ok := parseInstant(strings.Replace(*text, " ", "+", 1))
	if !ok {
		return nil, false, badQuery("validAt", "a timestamp with an offset such as 2020-10-14T12:00:00+02:00, or any")
	}
	return &m, false, nil
}

// softDeleted reads includeSoftDeletedStates, which the pages also spell
// without the d.
func softDeleted(c *web.Call) (bool, error) {
	for _, p := range softDeletedParams {
		if on, given, err := boolQuery(c, p.Name); given || err != nil {
			return on, err
		}
	}
	return false, nil
}

func boolQuery(c *web.Call, name string) (value, given bool, err error) {
	text, err := textQuery(c, name)
	if err != nil || text == nil {
		return false, false, err
	}
	switch *text {
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
