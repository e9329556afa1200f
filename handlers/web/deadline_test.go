package web_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"tenure/handlers/web"
	"tenure/jwk/jwktest"
	"tenure/tenancy"
)

// late is a body that says when its end was read.
type late struct {
	io.Reader
	ended time.Time
}

func (l *late) Read(p []byte) (int, error) {
	n, err := l.Reader.Read(p)
	if err == io.EOF {
		l.ended = time.Now()
	}
	return n, err
}

// TestDeadlineOfACall: who waits for longer than the call may take is answered with a Timeout.
// What takes long on purpose has more time, and a body's is its own.
func TestDeadlineOfACall(t *testing.T) {
	var held context.Context
	left := func(c *web.Call) time.Duration {
		at, _ := c.Request.Context().Deadline()
		return time.Until(at)
	}
	body := &late{Reader: strings.NewReader("{}")}
	long := route("GET", "/v1/long", func(c *web.Call) (*web.Reply, error) {
		if got := left(c); got <= web.LongTime-time.Minute || got > web.LongTime {
			t.Errorf("a route that takes long has %s left", got)
		}
		return web.NoContent(), nil
	})
	long.Time = web.LongTime
	f := newFixture(t, surface("s"))
	waits := func(c *web.Call) (*web.Reply, error) {
		below, cancel := context.WithCancel(c.Request.Context())
		defer cancel()
		<-below.Done()
		return nil, fmt.Errorf("asking the store: %w", c.Request.Context().Err())
	}
	routes := []web.Route{route("GET", "/v1/waits", waits), long,
		route("GET", "/v1/streams", func(c *web.Call) (*web.Reply, error) {
			held = c.Request.Context()
			return &web.Reply{Status: 200, Stream: func(w io.Writer) error {
				if err := held.Err(); err != nil {
					t.Errorf("the call of an answer that is being written has ended: %v", err)
				}
				return nil
			}}, nil
		}),
		route("POST", "/v1/body", func(c *web.Call) (*web.Reply, error) {
			if _, err := c.Body(); err != nil {
				return nil, err
			}
			if at, ok := c.Request.Context().Deadline(); !ok || at.Before(body.ended.Add(time.Hour)) {
				t.Errorf("%s after the end of the body", at.Sub(body.ended))
			}
			return web.NoContent(), nil
		}),
		route("GET", "/v1/longer", func(c *web.Call) (*web.Reply, error) {
			longer, cancel := c.Longer(2 * time.Hour)
			defer cancel()
			if at, _ := longer.Deadline(); time.Until(at) < time.Hour+time.Minute {
				t.Errorf("who asks to wait for longer has until %s", at)
			}
			return web.NoContent(), nil
		})}
	send := func(limit time.Duration, method, path string, body io.Reader) *httptest.ResponseRecorder {
		t.Helper()
		h := web.New(web.Config{Tenancy: f.Store, Log: zerolog.Nop(), RequestTime: limit}, []web.Surface{surface("s", routes...)})
		r := httptest.NewRequest(method, path, body)
		r.Header.Set("Authorization", "Bearer "+f.Key(f.North, tenancy.Reader))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	if got := send(time.Millisecond, "GET", "/v1/waits", nil); got.Code != http.StatusGatewayTimeout || !strings.Contains(got.Body.String(), "took too long") {
		t.Errorf("a call that waits: %d %s", got.Code, got.Body)
	}
	for path, want := range map[string]int{"/v1/long": 204, "/v1/streams": 200, "/v1/longer": 204} {
		if got := send(time.Hour, "GET", path, nil); got.Code != want {
			t.Errorf("%s: %d %s", path, got.Code, got.Body)
		}
	}
	if held.Err() == nil {
		t.Error("after the answer the call goes on")
	}
	if got := send(time.Hour, "POST", "/v1/body", body); got.Code != 204 || body.ended.IsZero() {
		t.Errorf("with a body: %d %s", got.Code, got.Body)
	}
}

func TestTimesOfCalls(t *testing.T) {
	if got := jwktest.Limit(t, "Requests", "the time of a request, without its body")[0]; time.Duration(got)*time.Second != web.RequestTime {
		t.Errorf("the default is %s", web.RequestTime)
	}
	if got := jwktest.Limit(t, "Requests", "the time of an export, of evidence, and of removing many registrations")[0]; time.Duration(got)*time.Minute != web.LongTime {
		t.Errorf("the limit is %s", web.LongTime)
	}
}
