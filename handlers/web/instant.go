package web

import (
	"net/http"
	"net/url"
	"time"

	"tenure/tenancy/fault"
)

// Instants are what a read is about on both clocks, from at and known_at or the
// header Accept-Datetime (RFC 7089), of which at counts first; nil is not given.
// A route that does not declare a clock refuses it, and the clock is nil here.
func (c *Call) Instants() (at, known *time.Time) {
	c.ask()
	if at = c.instantOf(nameAt); at == nil && c.Route.dated {
		at, _ = c.acceptDatetime() // checked
	}
	return at, c.instantOf(nameKnownAt)
}

// OnlyNow refuses another instant than now: what a client reads of itself by its
// own credentials is what is in force.
func (c *Call) OnlyNow() error {
	if at, known := c.Instants(); at != nil || known != nil {
		return fault.New(fault.Forbidden, "", "with its own credentials a client can only read what is in force now")
	}
	return nil
}

// check refuses a request whose query, or whose Accept-Datetime, its route does
// not take.
func (c *Call) check() error {
	if c.ask(); c.query.err != nil || !c.Route.dated {
		return c.query.err
	}
	_, err := c.acceptDatetime()
	return err
}

// acceptDatetime reads the header of RFC 7089; nil without one.
func (c *Call) acceptDatetime() (*time.Time, error) {
	text, err := Once(c.Request.Header, "Accept-Datetime")
	if err != nil || text == "" {
		return nil, err
	}
	at, err := http.ParseTime(text)
	if err != nil || at.Year() < 1970 {
		return nil, fault.New(fault.Malformed, "", "Accept-Datetime is not a date of RFC 9110")
	}
	return &at, nil
}

// memento adds what RFC 7089 wants in an answer about another instant: when the
// state began that it shows, and where the original is, which is its own
// TimeGate.
func (c *Call) memento(header http.Header) {
	at, _ := c.Instants()
	if at == nil {
		return
	}
	from := *at
	if began := header["Tenure-Valid-From"]; len(began) == 1 {
		if t, err := time.Parse(time.RFC3339Nano, began[0]); err == nil {
			from = t
		}
	}
	header["Memento-Datetime"] = []string{from.UTC().Format(http.TimeFormat)}
	original := c.Request.URL.EscapedPath()
	if query, err := url.ParseQuery(c.Request.URL.RawQuery); err == nil {
		query.Del(nameAt)
		if rest := query.Encode(); rest != "" {
			original += "?" + rest
		}
	}
	links := header["Link"]
	header["Link"] = append(links[:len(links):len(links)], "<"+original+`>; rel="original timegate"`)
}
