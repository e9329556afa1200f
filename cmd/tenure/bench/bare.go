package bench

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
)

// pathBare is the path by which the bench sets what the bare handler answers.
const pathBare = "/answer"

// bareAnswer is what the bare handler answers every request with.
type bareAnswer struct {
	status       int
	kind, length []string
	body         []byte
}

// ServeBare serves the yardstick of a run: a net/http handler that answers every
// request with the same bytes, on a loopback port that it writes to out. A PUT to
// /answer?status= sets status, type and bytes. It ends when in does, so that it does
// not outlive the run.
func ServeBare(in io.Reader, out io.Writer) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	var now atomic.Pointer[bareAnswer]
	now.Store(&bareAnswer{status: http.StatusNotFound})
	handler := func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut && r.URL.Path == pathBare {
			body, err := io.ReadAll(r.Body)
			status, _ := strconv.Atoi(r.URL.Query().Get("status"))
			if err != nil || status < 200 || status > 599 {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			now.Store(&bareAnswer{status, []string{r.Header.Get("Content-Type")}, []string{strconv.Itoa(len(body))}, body})
			w.WriteHeader(http.StatusNoContent)
			return
		}
		a := now.Load()
		w.Header()["Content-Type"], w.Header()["Content-Length"] = a.kind, a.length
		w.WriteHeader(a.status)
		w.Write(a.body)
	}
	if _, err := fmt.Fprintf(out, "%s%s\n", bareReady, l.Addr()); err != nil {
		return err
	}
	go func() {
		io.Copy(io.Discard, in)
		l.Close()
	}()
	if err := http.Serve(l, http.HandlerFunc(handler)); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// bareReady begins the line that says where the bare handler listens.
const bareReady = "bare handler on "
