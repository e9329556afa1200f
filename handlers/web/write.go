package web

import (
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"tenure/tenancy/fault"
)

// Header values that are the same for every answer; net/http does not change them.
var (
	typeJSON  = []string{"application/json"}
	noStore   = []string{"no-store"}
	challenge = []string{"Bearer"}
)

// write sends the reply: headers by their canonical names straight into the
// map, the body in one call.
func (c *Call) write(reply *Reply) {
	defer c.leaveRest()()
	header := c.w.Header()
	for name, values := range c.Header {
		header[name] = values
	}
	for name, values := range reply.Header {
		header[name] = values
	}
	// Who sends no id and is shown what is there has no use for one, and a ninth header makes
	// such an answer a tenth slower: a map of headers grows at nine.
	if len(c.Request.Header[headerRequest]) > 0 || reply.Status >= http.StatusBadRequest || !c.reads() {
		header[headerRequest] = c.value(3, c.RequestID)
	}
	if reply.CacheControl != nil {
		header["Cache-Control"] = reply.CacheControl
	}
	if reply.NoStore {
		header["Cache-Control"] = noStore
	}
	if c.age > 0 {
		c.tellAge(header, reply.Status)
	}
	if c.once.Replayed() {
		header["Tenure-Idempotent-Replay"] = []string{"true"}
	}
	status, body := reply.Status, reply.Body
	if c.Route != nil && c.reads() {
		c.depends(header, reply)
	}
	if reply.ETag != "" {
		header["Etag"] = c.value(0, reply.ETag)
		if status == http.StatusOK && c.reads() && notModified(c.Request.Header, reply.ETag) {
			status, body = http.StatusNotModified, nil
		}
	}
	if c.fault != nil {
		c.explain(header, status)
	}
	if reply.Stream != nil {
		header["Content-Type"] = c.value(2, reply.ContentType)
		c.stream(status, reply.Stream)
		return
	}
	if status != http.StatusNoContent && status != http.StatusNotModified && !c.measured(status, body) {
		header["Content-Length"] = c.value(1, strconv.Itoa(len(body)))
	}
	if len(body) > 0 {
		header["Content-Type"] = typeJSON
		if reply.ContentType != "" && reply.ContentType != typeJSON[0] {
			header["Content-Type"] = c.value(2, reply.ContentType)
		}
	}
	c.status = status
	c.w.WriteHeader(status)
	if len(body) > 0 && c.Request.Method != http.MethodHead {
		c.bytes, _ = c.w.Write(body) // a caller that has gone away needs no error
	}
}

// measured reports whether net/http finds the length of the answer itself: that of one
// small write. The answer of a read has eight headers then, and a map of more costs as
// much again as all of them.
func (c *Call) measured(status int, body []byte) bool {
	const buffered = 2048 // net/http's
	return c.Request.Method == http.MethodGet && status == http.StatusOK && c.Request.ContentLength == 0 && len(body) < buffered
}

// depends names the headers that the answer to a read depends on, where it may
// be kept, and the instant that it is about.
func (c *Call) depends(header http.Header, reply *Reply) {
	kept := len(header["Cache-Control"]) == 0 || !strings.Contains(header["Cache-Control"][0], "no-store")
	if vary := c.Route.vary; vary != nil && kept {
		if own := header["Vary"]; own != nil {
			vary = append(vary[:1:1], own...)
		}
		header["Vary"] = vary
	}
	if reply.Status == http.StatusOK && c.Route.dated {
		c.memento(header)
	}
}

// streamTime is how long one part of a streamed body may take to be sent; the
// whole may take longer than any other answer.
const streamTime = 30 * time.Second

// stream sends a body part by part.
func (c *Call) stream(status int, write func(io.Writer) error) {
	c.status = status
	c.w.WriteHeader(status)
	if c.Request.Method == http.MethodHead {
		return
	}
	control := http.NewResponseController(c.w)
	defer control.SetWriteDeadline(time.Time{})
	if err := write(&streamed{c, control}); err != nil {
		c.fault, c.cut = fault.Of(err), true
	}
}

type streamed struct {
	call *Call
	http *http.ResponseController
}

func (s *streamed) Write(part []byte) (int, error) {
	// Not every ResponseWriter can do the two; then the server's own limits hold.
	s.http.SetWriteDeadline(time.Now().Add(streamTime))
	n, err := s.call.w.Write(part)
	s.call.bytes += n
	if err == nil {
		s.http.Flush()
	}
	return n, err
}

// explain sets the headers that belong to a fault in every dialect.
func (c *Call) explain(header http.Header, status int) {
	if wait := c.fault.RetryAfter; wait > 0 {
		seconds := max(1, int(math.Ceil(float64(wait)/float64(time.Second))))
		header["Retry-After"] = []string{strconv.Itoa(seconds)}
	}
	if status == http.StatusUnauthorized && header["Www-Authenticate"] == nil {
		header["Www-Authenticate"] = challenge
	}
	if c.allow != "" {
		header["Allow"] = []string{c.allow}
	}
}

// value makes a header's value without an allocation of its own.
func (c *Call) value(slot int, s string) []string {
	c.values[slot] = s
	return c.values[slot : slot+1 : slot+1]
}

func (c *Call) reads() bool {
	return c.Request.Method == http.MethodGet || c.Request.Method == http.MethodHead
}
