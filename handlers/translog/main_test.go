package translog_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"tenure/handlers/translog"
	"tenure/handlers/web"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/history"
	"tenure/tenancy/tenancytest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

var bg = context.Background()

// fixture is a log that is served over HTTP.
type fixture struct {
	*tenancytest.World
	log    *history.Publisher
	server *httptest.Server
	vkey   string
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newFixture(t testing.TB, dsn string, signs bool) *fixture {
	t.Helper()
	f := &fixture{World: tenancytest.New(t, dsn)}
	opts := history.PublisherOptions{Origin: "example.org/log"}
	if signs {
		file, err := history.NewKeyFile(rand.Reader)
		must(t, err)
		opts.Keys, err = history.ParseKeys(file)
		must(t, err)
		vkeys, err := opts.Keys.VerifierKeys(opts.Origin)
		must(t, err)
		f.vkey = vkeys[0]
	}
	var err error
	f.log, err = history.OpenPublisher(bg, f.DB, f.Log, opts)
	must(t, err)
	f.server = httptest.NewServer(web.New(web.Config{Tenancy: f.Store, Log: zerolog.Nop()}, []web.Surface{translog.New(translog.Deps{Log: f.log})}))
	t.Cleanup(f.server.Close)
	return f
}

// grow makes the log size entries long, and lets enough time pass for a
// checkpoint of them.
func (f *fixture) grow(t testing.TB, size int64) {
	t.Helper()
	for f.Log.Size() < size {
		must(t, f.DB.Write(bg, func(tx *db.Tx) error {
			for i := range min(50, size-f.Log.Size()) {
				history.Record(tx, history.Event{Kind: "x", Object: fmt.Sprint(i)})
			}
			return nil
		}))
	}
	f.Clock.Advance(2 * time.Second)
}

// ask sends a request below /log/ and reads the answer.
func (f *fixture) ask(t testing.TB, method, path string) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequest(method, f.server.URL+"/log/"+path, nil)
	must(t, err)
	res, err := f.server.Client().Do(req)
	must(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	must(t, err)
	return res, body
}

// entries is every public entry, as the stored commitments have it.
func (f *fixture) entries(t testing.TB) (all [][]byte) {
	t.Helper()
	must(t, f.DB.View(bg, func(c *db.Conn) error {
		return c.Each(func(scan func(...any) error) error {
			var commitment []byte
			err := scan(&commitment)
			all = append(all, history.PublicEntry([32]byte(commitment)))
			return err
		}, "SELECT commitment FROM log_event ORDER BY idx")
	}))
	return all
}
