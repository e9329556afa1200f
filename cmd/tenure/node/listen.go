package node

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"

	"tenure/cmd/tenure/exit"
)

// Address is the base URL of a listener.
func Address(l net.Listener, tlsConfig *tls.Config) string {
	scheme := "http"
	if tlsConfig != nil {
		scheme = "https"
	}
	return scheme + "://" + l.Addr().String()
}

// LoadTLS reads the certificate chain and the key of the listener; nil without
// them.
func LoadTLS(cert, key string) (*tls.Config, error) {
	if cert == "" && key == "" {
		return nil, nil
	}
	if cert == "" || key == "" {
		return nil, errors.New("--tls-cert and --tls-key must be given together")
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("--tls-cert: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}

// IsLoopback reports whether only this machine can reach an address (host:port).
func IsLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Listen opens a TCP address.
func Listen(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	var wrong *net.AddrError
	if errors.As(err, &wrong) {
		return nil, exit.With(exit.Usage, fmt.Errorf("--listen %s is not an address such as 127.0.0.1:8080: %s", address, wrong.Err))
	}
	if err != nil {
		return nil, exit.With(exit.Listen, fmt.Errorf("cannot listen on %s: %w", address, errors.Unwrap(err)))
	}
	return l, nil
}

// Endpoint is a listener and the handler that it serves, over TLS if that is set.
type Endpoint struct {
	net.Listener
	Handler http.Handler
	TLS     *tls.Config
}
