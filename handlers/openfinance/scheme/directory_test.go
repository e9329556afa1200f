package scheme_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tenure/handlers/openfinance/demo"
	"tenure/handlers/openfinance/scheme"
	"tenure/tenancy/fault"
)

// store is a key set that changes, and counts who asks.
type store struct {
	raw   []byte
	err   error
	asked int
}

func (s *store) fetch(_ context.Context, location string) ([]byte, error) {
	s.asked++
	if location != "the-location" {
		return nil, errors.New("another location")
	}
	return s.raw, s.err
}

func rotated() []byte {
	old, next := directory().Key("sig"), directory().Key("sig")
	next["kid"] = "sign-2"
	return demo.KeySet(old, next)
}

func TestDirectoryIsAskedSeldom(t *testing.T) {
	s := &store{raw: directory().JWKS()}
	d := scheme.NewDirectory("the-location", s.fetch, 0)
	for _, step := range []struct {
		about string
		after time.Duration // since noon
		kid   string
		keys  int
		asked int // in all
	}{
		{"first", 0, "sign-1", 1, 1},
		{"known", 59 * time.Minute, "sign-1", 1, 1},
		{"stale", 60 * time.Minute, "sign-1", 1, 2},
		{"unknown, just fetched", 60*time.Minute + 59*time.Second, "sign-2", 0, 2},
		{"unknown", 61 * time.Minute, "sign-2", 0, 3},
		{"unknown again", 61*time.Minute + 30*time.Second, "sign-3", 0, 3},
		{"known meanwhile", 61*time.Minute + 40*time.Second, "sign-1", 1, 3},
		{"unknown after a minute", 62 * time.Minute, "sign-3", 0, 4},
		{"the clock was set back", 0, "sign-1", 1, 5},
	} {
		keys, err := d.Keys(context.Background(), step.kid, noon.Add(step.after))
		if err != nil || len(keys) != step.keys || s.asked != step.asked {
			t.Errorf("%s: %d keys, asked %d times, %v", step.about, len(keys), s.asked, err)
		}
	}
	s.raw = rotated()
	if keys, err := d.Keys(context.Background(), "sign-2", noon.Add(time.Minute)); err != nil || len(keys) != 1 {
		t.Errorf("a new key is not found: %v", err)
	}
}

func TestDirectoryKeepsTheLastGoodCopy(t *testing.T) {
	s := &store{err: errors.New("it does not answer")}
	d := scheme.NewDirectory("the-location", s.fetch, 10*time.Minute)
	ask := func(after time.Duration) error {
		keys, err := d.Keys(context.Background(), "sign-1", noon.Add(after))
		if err == nil && len(keys) != 1 {
			t.Fatalf("after %s: no key and no error", after)
		}
		return err
	}
	refusedWith(t, "never had", ask(0), fault.Upstream, scheme.CodeDirectory)
	s.raw, s.err = directory().JWKS(), nil
	refusedWith(t, "not asked again yet", ask(time.Second), fault.Upstream, scheme.CodeDirectory)
	if err := ask(time.Minute); err != nil {
		t.Fatal(err)
	}
	for i, bad := range []store{{err: errors.New("away")}, {raw: []byte("<html>")}, {raw: []byte(`{"keys":[]}`)}, {raw: []byte(`{"keys":{}}`)},
		{raw: demo.KeySet(directory().Key("enc"))}} {
		s.raw, s.err = bad.raw, bad.err
		if err := ask(time.Duration(i+1) * 20 * time.Minute); err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
	if s.asked != 2+5 {
		t.Errorf("asked %d times", s.asked)
	}
}

func TestDirectoryTakesOnlyKeysForPS256(t *testing.T) {
	key := func(change func(map[string]any)) map[string]any {
		k := directory().Key("sig")
		k["kid"] = "other"
		change(k)
		return k
	}
	for about, bad := range map[string]map[string]any{
		"enc":       key(func(k map[string]any) { k["use"] = "enc" }),
		"RS256":     key(func(k map[string]any) { k["alg"] = "RS256" }),
		"weak":      key(func(k map[string]any) { k["n"] = k["n"].(string)[:170] }),
		"symmetric": {"kty": "oct", "kid": "other", "k": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
		"unknown":   {"kty": "new", "kid": "other"},
		"no n":      {"kty": "RSA", "kid": "other", "e": "AQAB"},
	} {
		d := scheme.NewDirectory("", fetchOf(demo.KeySet(bad, directory().Key("sig")), nil), 0)
		if keys, err := d.Keys(context.Background(), "other", noon); err != nil || len(keys) != 0 {
			t.Errorf("%s: %d keys, %v", about, len(keys), err)
		}
		if keys, err := d.Keys(context.Background(), "sign-1", noon); err != nil || len(keys) != 1 {
			t.Errorf("beside %s: %d keys, %v", about, len(keys), err)
		}
	}
	twice := scheme.NewDirectory("", fetchOf(demo.KeySet(must(demo.NewDirectory("sign-1", clock)).Key("sig"), directory().Key("sig")), nil), 0)
	if _, err := (scheme.Verifier{Directory: twice}).Verify(context.Background(), signed(nil), noon); err != nil {
		t.Errorf("a kid that stands twice: %v", err)
	}
}

func TestDirectoryIsFetchedOnceForAll(t *testing.T) {
	var asked atomic.Int32
	begun, open := make(chan struct{}), make(chan struct{})
	d := scheme.NewDirectory("", func(ctx context.Context, _ string) ([]byte, error) {
		if asked.Add(1) == 1 {
			close(begun)
		}
		<-open
		if _, bounded := ctx.Deadline(); !bounded {
			t.Error("the fetch has no end")
		}
		return directory().JWKS(), nil
	}, 0)
	gone, cancel := context.WithCancel(context.Background())
	left := make(chan error)
	go func() {
		_, err := d.Keys(gone, "sign-1", noon)
		left <- err
	}()
	<-begun
	cancel()
	refusedWith(t, "a caller that leaves", <-left, fault.Timeout, scheme.CodeDirectory)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if keys, err := d.Keys(context.Background(), "sign-1", noon); err != nil || len(keys) != 1 {
				t.Errorf("%d keys, %v", len(keys), err)
			}
		})
	}
	close(open)
	all.Wait()
	if n := asked.Load(); n != 1 {
		t.Errorf("fetched %d times", n)
	}
}

func TestConfiguredFetch(t *testing.T) {
	file := filepath.Join(t.TempDir(), "openbanking.jwks")
	if err := os.WriteFile(file, []byte("set"), 0o600); err != nil {
		t.Fatal(err)
	}
	answer := func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/set":
			w.Write([]byte("set"))
		case "/largest":
			w.Write(make([]byte, 256<<10))
		case "/larger":
			w.Write(make([]byte, 256<<10+1))
		case "/elsewhere":
			http.Redirect(w, r, "/set", http.StatusFound)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}
	secure, open := httptest.NewTLSServer(http.HandlerFunc(answer)), httptest.NewServer(http.HandlerFunc(answer))
	defer secure.Close()
	defer open.Close()
	fetch := scheme.FetchConfigured(secure.Client().Transport.(*http.Transport).Clone())
	for location, size := range map[string]int{file: 3, secure.URL + "/set": 3, open.URL + "/set": 3, secure.URL + "/largest": 256 << 10} {
		if raw, err := fetch(context.Background(), location); err != nil || len(raw) != size {
			t.Errorf("%s: %d bytes, %v", location, len(raw), err)
		}
	}
	for _, location := range []string{file + ".not", secure.URL + "/larger", secure.URL + "/elsewhere", secure.URL + "/none",
		"http://192.0.2.1/set", "ftp://127.0.0.1/set", "https://", "http://%", strings.Replace(open.URL, "http://", "https://", 1) + "/set"} {
		if raw, err := fetch(context.Background(), location); err == nil {
			t.Errorf("%s gives %d bytes", location, len(raw))
		}
	}
}
