package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"tenure/handlers/openfinance"
	"tenure/tenancy/db/dbtest"
)

// TestNoRequestIsCut: a node that is told to stop says so at once, and goes on serving. After
// that callers are refused connections, and have seen no other error; what was under
// way is answered.
func TestNoRequestIsCut(t *testing.T) {
	const drain = 700 * time.Millisecond
	n, err := Open(context.Background(), Config{Database: dbtest.SQLite(t), Drain: drain, Log: zerolog.Nop()})
	must(t, err)
	n.Mount(openfinance.Scheme{}, nil)
	_, err = n.Bootstrap(context.Background(), "root")
	must(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	reached, release := make(chan struct{}), make(chan struct{})
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(reached)
			<-release
			io.WriteString(w, "finished")
			return
		}
		n.Handler.ServeHTTP(w, r)
	})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- n.Serve(ctx, Endpoint{Listener: l, Handler: handler}) }()
	url := "http://" + l.Addr().String()
	get := func(client *http.Client, path string) (status int, body string, err error) {
		resp, err := client.Get(url + path)
		if err != nil {
			return 0, "", err
		}
		defer resp.Body.Close()
		raw, err := io.ReadAll(resp.Body)
		return resp.StatusCode, string(raw), err
	}
	slow := make(chan string, 1)
	go func() {
		status, body, err := get(&http.Client{Transport: &http.Transport{}}, "/slow")
		slow <- fmt.Sprint(status, body, err)
	}()
	<-reached

	var stopped time.Time // set before stop is called
	var callers sync.WaitGroup
	for i := range 8 {
		callers.Go(func() {
			client := &http.Client{Transport: &http.Transport{}}
			for asked := 0; ; asked++ {
				status, body, err := get(client, "/healthz")
				switch {
				case err == nil && status == http.StatusOK && asked < 1_000_000:
				// One that the system has opened and nobody has taken is reset instead.
				case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ECONNRESET):
					if since := time.Since(stopped); since < drain {
						t.Errorf("caller %d is refused %s after the signal, and the drain is %s", i, since, drain)
					}
					return
				default:
					t.Errorf("caller %d, request %d: %d %s %v", i, asked, status, body, err)
					return
				}
			}
		})
	}
	if status, body, err := get(http.DefaultClient, "/readyz"); status != http.StatusOK {
		t.Fatalf("before: %d %s %v", status, body, err)
	}
	stopped = time.Now()
	stop()
	for tries := 0; ; tries++ {
		status, body, err := get(http.DefaultClient, "/readyz")
		if status == http.StatusServiceUnavailable && strings.Contains(body, "draining") {
			break
		}
		if err != nil || tries > 1000 || time.Since(stopped) > drain/2 {
			t.Fatalf("%s after the signal /readyz says %d %s %v", time.Since(stopped), status, body, err)
		}
	}
	if status, body, _ := get(http.DefaultClient, "/readyz?for=reads"); status != http.StatusServiceUnavailable {
		t.Errorf("for reads: %d %s", status, body)
	}
	callers.Wait()
	select {
	case err := <-ended:
		t.Fatalf("the server ended before its last request: %v", err)
	default:
	}
	close(release)
	if got := <-slow; got != "200finished<nil>" && got != "200 finished <nil>" {
		t.Errorf("the request that was under way: %s", got)
	}
	must(t, <-ended)
	must(t, n.Close())
}
