package web

import (
	"io"
	"net/http"
	"time"
)

// How long the rest of a body that nobody wants is waited for: before the answer is sent,
// so that the connection can be used again, and after it, so that a caller who still
// sends can read it.
const (
	restBefore = 100 * time.Millisecond
	restAfter  = 500 * time.Millisecond
)

// How many bytes of such a rest are read at most, before and after the answer.
const (
	maxRest      = 256 << 10
	maxRestAfter = 16 << 20
)

// arriving is a body that knows whether all of it has come.
type arriving struct {
	io.ReadCloser
	whole         io.Reader // without a limit
	ended, failed bool
}

func (a *arriving) Read(p []byte) (int, error) {
	n, err := a.ReadCloser.Read(p)
	a.ended = a.ended || err == io.EOF
	a.failed = a.failed || err != nil && err != io.EOF
	return n, err
}

// leaveRest comes before an answer whose call may have read no body, or not all of it.
// net/http would wait for the rest before it sends the answer, and so for a caller who
// waits for the answer: here what has arrived is passed over, and the connection of a
// body that has not ends with the answer. HTTP/2 has a stream for each call.
//
// The function that it returns comes after the answer: a caller who still sends would find
// the connection reset, and the answer lost, if nobody read what it sends.
func (c *Call) leaveRest() (after func()) {
	after = func() {}
	r := c.Request
	if r.ContentLength == 0 || r.ProtoMajor != 1 {
		return after
	}
	body, ok := r.Body.(*arriving)
	if !ok {
		body = &arriving{ReadCloser: r.Body, whole: r.Body}
	}
	if body.ended {
		return after
	}
	control, until := http.NewResponseController(c.w), time.Now().Add(restBefore)
	if control.SetReadDeadline(until) != nil {
		return after // there is no connection below
	}
	// Who asks first is not to be told to send it, as reading would.
	if !body.failed && r.ContentLength <= maxRest && r.Header["Expect"] == nil {
		_, _ = io.CopyN(io.Discard, body, maxRest+1)
		if body.ended && control.SetReadDeadline(time.Time{}) == nil && time.Now().Before(until) {
			return after
		}
	}
	c.w.Header()["Connection"] = []string{"close"}
	_ = control.SetReadDeadline(time.Now().Add(restAfter))
	if r.Header["Expect"] != nil || control.EnableFullDuplex() != nil {
		return after
	}
	return func() {
		c.held.giveBack(string(c.Principal.Org))
		if control.Flush() == nil {
			_ = control.SetReadDeadline(time.Now().Add(restAfter))
			_, _ = io.CopyN(io.Discard, body.whole, maxRestAfter)
		}
	}
}
