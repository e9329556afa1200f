package hydraimport

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

func TestImportWaitsForABusyServer(t *testing.T) {
	var asked atomic.Int64
	busy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status := http.StatusNotFound
		switch n := asked.Add(1); {
		case n < 3:
			status = http.StatusServiceUnavailable
		case r.Method == http.MethodPost && r.URL.RawQuery == "dry_run=true":
			status = http.StatusCreated
		}
		w.WriteHeader(status)
		w.Write([]byte(`{"error":"x","error_description":"y"}`))
	}))
	defer busy.Close()
	s := &serverTarget{client: busy.Client(), clients: busy.URL, dry: true, pause: time.Millisecond}
	c := sourceClient{number: 1}
	c.read([]byte(`{"client_id":"a"}`))
	if r, err := s.put(t.Context(), c); err != nil || r.Result != resultCreated || asked.Load() != 4 {
		t.Errorf("%+v %v after %d requests", r, err, asked.Load())
	}
}
