package scheme

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"sync"
	"time"

	joseKey "github.com/lestrrat-go/jwx/v3/jwk"
	"golang.org/x/sync/singleflight"

	"tenure/handlers/web"
	"tenure/tenancy/fault"
)

const (
	directoryFresh = time.Hour
	directoryRetry = time.Minute // between two refreshes, whatever asks for them
	directoryTime  = 3 * time.Second
	minRSABits     = 2048
)

// Directory is the key set of the directory that signs software statements. It
// is safe for concurrent use. It fetches the set at the first call, when the copy
// is an hour old (or as configured), and for a kid that the copy does not have.
// Callers who wait share one fetch, and there is at most one a minute, so that
// callers cannot flood the directory. While fetching fails the last good copy is
// used.
type Directory struct {
	location string
	fetch    web.Fetch
	fresh    time.Duration
	flight   singleflight.Group

	mu    sync.Mutex                  // guards all below
	keys  map[string][]*rsa.PublicKey // nil before the first good copy
	at    time.Time                   // when keys were fetched
	tried time.Time                   // when the last fetch began
	err   error                       // of the last fetch
}

// NewDirectory makes a Directory that fetches from location, a file or URL that
// fetch accepts; see FetchConfigured. A copy is used for the duration fresh; zero
// is an hour.
func NewDirectory(location string, fetch web.Fetch, fresh time.Duration) *Directory {
	if fresh <= 0 {
		fresh = directoryFresh
	}
	return &Directory{location: location, fetch: fetch, fresh: fresh}
}

// Keys returns the RSA keys for PS256 with a kid, which may be none. now is the
// caller's clock. The fault is Upstream with CodeDirectory if there never was a
// good copy, and Timeout if ctx ends first or the directory did not answer in
// time.
func (d *Directory) Keys(ctx context.Context, kid string, now time.Time) ([]*rsa.PublicKey, error) {
	keys, stale, err := d.known(kid, now)
	if !stale {
		return keys, err
	}
	done := d.flight.DoChan("", func() (any, error) {
		d.refresh(context.WithoutCancel(ctx), now)
		return nil, nil
	})
	select {
	case <-done:
	case <-ctx.Done():
		return nil, fault.Wrap(ctx.Err(), fault.Timeout, CodeDirectory, "the directory's key set could not be fetched in time")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.answer(kid)
}

// known answers from the present copy, and reports whether a newer one is needed.
func (d *Directory) known(kid string, now time.Time) (keys []*rsa.PublicKey, stale bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	keys, err = d.answer(kid)
	return keys, len(keys) == 0 || !within(now, d.at, d.fresh), err
}

func (d *Directory) answer(kid string) ([]*rsa.PublicKey, error) {
	if d.keys == nil {
		return nil, Unavailable(d.err, CodeDirectory, "the directory's key set")
	}
	return d.keys[kid], nil
}

// within reports whether now is less than span after start. It is false if the
// clock was set back.
func within(now, start time.Time, span time.Duration) bool {
	age := now.Sub(start)
	return age >= 0 && age < span
}

// refresh fetches the set unless that was tried less than a minute ago.
func (d *Directory) refresh(ctx context.Context, now time.Time) {
	d.mu.Lock()
	if within(now, d.tried, directoryRetry) {
		d.mu.Unlock()
		return
	}
	d.tried = now
	d.mu.Unlock()

	ctx, cancel := context.WithTimeout(ctx, directoryTime)
	defer cancel()
	raw, err := d.fetch(ctx, d.location)
	var keys map[string][]*rsa.PublicKey
	if err == nil {
		keys, err = directoryKeys(raw)
	}

	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err = err; err == nil {
		d.keys, d.at = keys, now
	}
}

// directoryKeys reads the usable keys of a set: public RSA keys of 2048 bits or
// more with a kid, whose use and alg, if present, are sig and PS256. It leaves out
// all others; a set without a usable key is an error.
func directoryKeys(raw []byte) (map[string][]*rsa.PublicKey, error) {
	if err := IsKeySet(raw); err != nil {
		return nil, err
	}
	set, err := joseKey.Parse(raw, joseKey.WithIgnoreParseError(true))
	if err != nil {
		return nil, err
	}
	keys := map[string][]*rsa.PublicKey{}
	for i := range set.Len() {
		key, _ := set.Key(i)
		kid, _ := key.KeyID()
		use, hasUse := key.KeyUsage()
		alg, hasAlg := key.Algorithm()
		if kid == "" || hasUse && use != "sig" || hasAlg && alg.String() != "PS256" {
			continue
		}
		public := new(rsa.PublicKey)
		if joseKey.Export(key, public) != nil || public.N.BitLen() < minRSABits {
			continue // of another type, private, or weak
		}
		keys[kid] = append(keys[kid], public)
	}
	if len(keys) == 0 {
		return nil, fault.New(fault.Upstream, CodeDirectory, "the key set has no RSA key for PS256")
	}
	return keys, nil
}

// IsKeySet checks that a document is an object with an array of keys. The library
// would accept a single key too.
func IsKeySet(raw []byte) error {
	var set map[string]json.RawMessage
	if err := web.DecodeJSON(raw, &set, false); err != nil {
		return err
	}
	var keys []json.RawMessage
	if err := json.Unmarshal(set["keys"], &keys); err != nil || keys == nil {
		return fault.New(fault.Upstream, "", "the document is not a key set")
	}
	return nil
}
