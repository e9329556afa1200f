package demo

import (
	"crypto/rand"
	"crypto/rsa"
	"net/http"
)

// Paths of a Site.
const (
	PathStatement = "/statement"
	PathKeys      = "/keys"
	PathKeySet    = "/application.jwks"
)

// Site is a directory's web site for one software: it serves a fresh statement, the
// directory's keys, and the software's key set.
type Site struct {
	directory *Directory
	software  Software
	keySet    []byte
}

// NewSite makes a site, and the software's key set with one key for signatures and
// one for encryption.
func NewSite(d *Directory, s Software) (*Site, error) {
	var keys []map[string]any
	for _, use := range []string{"sig", "enc"} {
		key, err := rsa.GenerateKey(rand.Reader, minBits)
		if err != nil {
			return nil, err
		}
		keys = append(keys, PublicKey(&key.PublicKey, "application-"+use, use))
	}
	return &Site{d, s, KeySet(keys...)}, nil
}

const minBits = 2048

// Handler serves the site.
func (s *Site) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+PathStatement, s.statement)
	mux.HandleFunc("GET "+PathKeys, func(w http.ResponseWriter, _ *http.Request) {
		document(w, "application/jwk-set+json", s.directory.JWKS())
	})
	mux.HandleFunc("GET "+PathKeySet, func(w http.ResponseWriter, _ *http.Request) { document(w, "application/jwk-set+json", s.keySet) })
	return mux
}

func (s *Site) statement(w http.ResponseWriter, _ *http.Request) {
	signed, err := s.directory.Sign(s.directory.Claims(s.software))
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError) // only users of a demonstration see it
		return
	}
	document(w, "application/jwt", []byte(signed))
}

func document(w http.ResponseWriter, kind string, body []byte) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "no-store")
	w.Write(body)
}
