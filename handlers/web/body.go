package web

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"time"

	"tenure/tenancy/fault"
)

// MaxBody is how many bytes the body of a request may have.
const MaxBody = 1 << 20

// limitBody gives the whole body a deadline. leaveRest ends the wait for what nobody reads.
func (c *Call) limitBody(wait time.Duration) {
	c.Request.Body = &arriving{ReadCloser: http.MaxBytesReader(c.w, c.Request.Body, MaxBody), whole: c.Request.Body}
	// A writer that has no connection below it has no deadline to set.
	_ = http.NewResponseController(c.w).SetReadDeadline(c.started.Add(wait))
}

// Body is the whole body, at most MaxBody bytes, or the route's own limit: TooLarge
// beyond that, Throttled or Unavailable where too many bodies are held. It may be
// called more than once.
func (c *Call) Body() ([]byte, error) {
	if c.bodyRead || c.Request.ContentLength == 0 {
		return c.body, nil
	}
	most := c.mostBody()
	if c.Request.ContentLength > int64(most) {
		return nil, errTooLarge(most)
	}
	if err := c.takeTurn(); err != nil {
		return nil, err
	}
	data, err := c.readBody(most)
	var over *http.MaxBytesError
	var refused *fault.Fault
	switch {
	case errors.As(err, &refused):
		return nil, err
	case errors.As(err, &over):
		return nil, errTooLarge(most)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, fault.New(fault.Malformed, "", "the body did not arrive in time")
	case err != nil:
		return nil, fault.Wrap(err, fault.Malformed, "", "the body cannot be read")
	}
	// The deadline was for the body: left standing, it would end the request
	// while the handler still works.
	_ = http.NewResponseController(c.w).SetReadDeadline(time.Time{})
	if c.deadline != nil {
		c.deadline.move(time.Now().Add(c.time))
	}
	c.body, c.bodyRead = data, true
	return c.body, nil
}

// takeTurn counts the call among those of its organization that have a body. Those of
// callers without an API key are bounded by their bytes and their own limits.
func (c *Call) takeTurn() error {
	if c.held.room == nil || c.held.turn || c.Principal.Org == "" {
		return nil
	}
	err := c.held.room.turns.Take(string(c.Principal.Org), 1)
	c.held.turn = err == nil
	return err
}

// mostBody is how many bytes the body of a call may have.
func (c *Call) mostBody() int {
	if c.Route != nil && c.Route.MaxBody != 0 {
		return c.Route.MaxBody
	}
	return MaxBody
}

// readBody reads the body into room that is counted.
func (c *Call) readBody(most int) ([]byte, error) {
	var data []byte
	for {
		if len(data) == cap(data) {
			more := max(c.firstRoom(), cap(data))
			if err := c.room(more); err != nil {
				return nil, err
			}
			data = append(make([]byte, 0, len(data)+more), data...)
		}
		n, err := c.Request.Body.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		switch {
		case len(data) > most:
			return nil, errTooLarge(most)
		case err == io.EOF:
			return data, nil
		case err != nil:
			return nil, err
		}
	}
}

// firstRoom is how many bytes there is room for at first; more is made as they
// arrive, as the declared length proves nothing.
func (c *Call) firstRoom() int {
	const most = 8 << 10
	if n := c.Request.ContentLength; n > 0 && n < most {
		return int(n) + 1 // the last read finds the end
	}
	return most
}

// room counts bytes for the body. They are given back when the answer is written.
func (c *Call) room(n int) error {
	if c.held.room == nil {
		return nil
	}
	if c.held.shares == nil {
		c.held.shares = c.held.room.sharesOf(c)
	}
	return c.held.take(n)
}

func errTooLarge(most int) error {
	return fault.New(fault.TooLarge, "", "the body has more than %d bytes", most)
}

// JSONOptions say how a body is decoded.
type JSONOptions struct {
	Strict       bool // unknown members are refused, names are exact
	AnyMediaType bool // Content-Type is not looked at
}

// JSON decodes the body into into, a pointer. Besides what DecodeJSON refuses,
// a Content-Type that is there and is not JSON's is Unsupported.
func (c *Call) JSON(into any, opts JSONOptions) error {
	if !opts.AnyMediaType && !isJSON(c.Request.Header) {
		return fault.New(fault.Unsupported, CodeMediaType, "the body's Content-Type is not application/json")
	}
	data, err := c.Body()
	if err != nil {
		return err
	}
	return DecodeJSON(data, into, opts.Strict)
}

func isJSON(h http.Header) bool {
	value := h.Get("Content-Type")
	if value == "" {
		return true
	}
	kind, _, err := mime.ParseMediaType(value)
	return err == nil && (kind == "application/json" || strings.HasPrefix(kind, "application/") && strings.HasSuffix(kind, "+json"))
}
