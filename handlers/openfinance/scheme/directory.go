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
// is safe for concurrent use. The set is fetched when it is first asked for,
// when it is an hour old (or as configured), and when a kid is not in it; never
// more than once a minute, so that callers cannot make us hammer the directory,
// and once for all who wait. The last good copy is kept while fetching fails.
type Directory struct {
	location string
	fetch    web.Fetch
	fresh    time.Duration
	flight   singleflight.Group

	mu    sync.Mutex                  // guards all below
	keys  map[string][]*rsa.PublicKey // nil: there never was a good copy
	at    time.Time                   // when keys were fetched
	tried time.Time                   // when a fetch was last begun
	err   error                       // of the last fetch
}

// NewDirectory makes one of a location (a file or URL as fetch takes it; see
// FetchConfigured). fresh is how long a copy is good; zero is an hour.
func NewDirectory(location string, fetch web.Fetch, fresh time.Duration) *Directory {
	if fresh <= 0 {
		fresh = directoryFresh
	}
	return &Directory{location: location, fetch: fetch, fresh: fresh}
}

// Keys are the RSA keys for PS256 with a kid, by the caller's clock; none if
// the directory has none. It is Upstream with CodeDirectory if there never was
// a good copy, Timeout if ctx ends first or the directory did not answer in
// time.
func (d *Directory) Keys(ctx context.Context, kid string, now time.Time) ([]*rsa.PublicKey, error) {
	keys, wanting, err := d.known(kid, now)
	if !wanting {
		return keys, err
	}
	done := d.flight.DoChan("", func() (any, error) {
		d.refresh(context.WithoutCancel(ctx), now)
		return nil, nil
	})
	select {
	case <-done:
	case <-ctx.Done():
		return nil, fault.Wrap(ctx.Err(), fault.Timeout, CodeDirectory, "the directory's key set did not come in time")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.answer(kid)
}

// known is the answer from the copy at hand, and whether a newer one is wanting.
func (d *Directory) known(kid string, now time.Time) (keys []*rsa.PublicKey, wanting bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	keys, err = d.answer(kid)
	stale := !within(now, d.at, d.fresh)
	return keys, len(keys) == 0 || stale, err
}

func (d *Directory) answer(kid string) ([]*rsa.PublicKey, error) {
	if d.keys == nil {
		return nil, Unavailable(d.err, CodeDirectory, "the directory's key set cannot be had")
	}
	return d.keys[kid], nil
}

// within reports whether now is less than span after start; a clock that was
// set back is not.
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
// more with a kid, for signatures and for PS256 as far as use and alg say. What
// cannot be read is left out; a set without one usable key is an error.
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

// IsKeySet checks for an object with an array of keys: the library also takes
// a single key.
func IsKeySet(raw []byte) error {
	var set map[string]json.RawMessage
	if err := web.DecodeJSON(raw, &set, false); err != nil {
		return err
	}
	var keys []json.RawMessage
	if err := json.Unmarshal(set["keys"], &keys); err != nil || keys == nil {
		return fault.New(fault.Upstream, "", "the document is no key set")
	}
	return nil
}
