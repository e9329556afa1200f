package web

import (
	"bytes"
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

// limitBody gives the whole body a deadline, read or not: the server also
// waits for what it throws away.
func (c *Call) limitBody(wait time.Duration) {
	c.Request.Body = http.MaxBytesReader(c.w, c.Request.Body, MaxBody)
	// A writer that has no connection below it has no deadline to set.
	_ = http.NewResponseController(c.w).SetReadDeadline(c.started.Add(wait))
}

// Body is the whole body, at most MaxBody bytes: TooLarge beyond that. It may
// be called more than once.
func (c *Call) Body() ([]byte, error) {
	if c.bodyRead || c.Request.ContentLength == 0 {
		return c.body, nil
	}
	if c.Request.ContentLength > MaxBody {
		return nil, errTooLarge()
	}
	var b bytes.Buffer
	if n := c.Request.ContentLength; n > 0 {
		b.Grow(int(n) + bytes.MinRead)
	}
	_, err := io.Copy(&b, c.Request.Body)
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		return nil, errTooLarge()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, fault.New(fault.Malformed, "", "the body did not arrive in time")
	case err != nil:
		return nil, fault.Wrap(err, fault.Malformed, "", "the body cannot be read")
	}
	// The deadline was for the body: left standing, it would end the request
	// while the handler still works.
	_ = http.NewResponseController(c.w).SetReadDeadline(time.Time{})
	c.body, c.bodyRead = b.Bytes(), true
	return c.body, nil
}

func errTooLarge() error {
	return fault.New(fault.TooLarge, "", "the body has more than %d bytes", MaxBody)
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
