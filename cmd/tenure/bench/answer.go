package bench

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// answer is what a server sent for one request. Head and body are read only if they
// are asked for; a body that is not is skipped.
type answer struct {
	status int
	ends   bool // the server closes the connection after it
	kind   string
	next   string // the Link header
	body   []byte
}

var errHead = errors.New("the answer has a malformed head")

// answerReader reads the answers on one connection. It knows HTTP/1.1 as servers of
// Go write it: bodies have a Content-Length or are chunked.
type answerReader struct {
	*bufio.Reader
	keep bool // heads and bodies, for whoever prepares a row
}

// read reads one answer. Interim answers (1xx) are passed over.
func (r *answerReader) read() (answer, error) {
	for {
		a, length, err := r.head()
		if err != nil || a.status >= 200 {
			if err == nil && a.status != 204 && a.status != 304 {
				a.body, err = r.content(length)
			}
			return a, err
		}
	}
}

// largestBody is the largest body that is kept, in bytes.
const largestBody = 1 << 28

// Lengths of a body that no Content-Length says.
const (
	chunked   = -1
	unlimited = -2
)

// head reads a head, and how long the body after it is.
func (r *answerReader) head() (a answer, length int64, err error) {
	line, err := r.line()
	if err != nil {
		return a, 0, err
	}
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.")) {
		return a, 0, errHead
	}
	if a.status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return a, 0, errHead
	}
	for length = unlimited; ; {
		if line, err = r.line(); err != nil || len(line) == 0 {
			return a, length, err
		}
		name, value, found := bytes.Cut(line, []byte(":"))
		if !found {
			return a, 0, errHead
		}
		value = bytes.TrimSpace(value)
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.ParseInt(string(value), 10, 64); err != nil || length < 0 {
				return a, 0, errHead
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")) && bytes.EqualFold(value, []byte("chunked")):
			length = chunked
		case bytes.EqualFold(name, []byte("Connection")) && bytes.EqualFold(value, []byte("close")):
			a.ends = true
		case r.keep && bytes.EqualFold(name, []byte("Content-Type")):
			a.kind = string(value)
		case r.keep && bytes.EqualFold(name, []byte("Link")):
			a.next = string(value)
		}
	}
}

// line is the next line without its end; it is valid until the next read.
func (r *answerReader) line() ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return nil, errHead
	}
	return bytes.TrimRight(line, "\r\n"), err
}

func (r *answerReader) content(length int64) (body []byte, err error) {
	switch length {
	case unlimited:
		return nil, errors.New("the answer says no length")
	case chunked:
		for {
			line, err := r.line()
			if err != nil {
				return nil, err
			}
			size, _, _ := bytes.Cut(line, []byte(";"))
			n, err := strconv.ParseInt(string(size), 16, 64)
			if err != nil || n < 0 {
				return nil, fmt.Errorf("the answer has a malformed chunk: %q", line)
			}
			if body, err = r.part(body, n); err != nil {
				return nil, err
			}
			if line, err = r.line(); err != nil || len(line) > 0 {
				return nil, errors.Join(err, errors.New("the answer has a malformed chunk"))
			}
			if n == 0 {
				return body, nil
			}
		}
	}
	return r.part(nil, length)
}

// part reads or skips n bytes of a body.
func (r *answerReader) part(body []byte, n int64) ([]byte, error) {
	if !r.keep {
		_, err := r.Discard(int(n))
		return nil, err
	}
	if n > largestBody {
		return nil, errors.New("the answer is too large")
	}
	start := len(body)
	body = append(body, make([]byte, n)...)
	_, err := io.ReadFull(r, body[start:])
	return body, err
}
