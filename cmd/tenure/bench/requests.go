package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"sync/atomic"
)

// headers are the lines that say which host a request is for, and whose it is; each has
// its end.
type headers string

const ownHost headers = "Host: bench\r\n"

func bearer(key string) headers { return ownHost + headers("Authorization: Bearer "+key+"\r\n") }

// appendGet appends a GET to buf.
func appendGet(buf []byte, path string, h headers) []byte {
	return fmt.Appendf(buf, "GET %s HTTP/1.1\r\n%s\r\n", path, h)
}

// appendSend appends a request with a JSON body to buf.
func appendSend(buf []byte, method, path string, h headers, kind string, body []byte) []byte {
	return fmt.Appendf(buf, "%s %s HTTP/1.1\r\n%sContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", method, path, h, kind, len(body), body)
}

// scatter gives the numbers below n in an order that looks random, each once, and then
// the same again.
type scatter struct {
	n, start, step uint64
	taken          atomic.Uint64
}

func newScatter(n int) *scatter {
	s := &scatter{n: uint64(max(1, n))}
	s.start = rand.Uint64N(s.n)
	for s.step = s.n*618/1000 + 1; divisor(s.step, s.n) != 1; s.step++ {
	}
	return s
}

func divisor(a, b uint64) uint64 {
	for b > 0 {
		a, b = b, a%b
	}
	return a
}

// take is the next number, and whether it comes for the first time.
func (s *scatter) take() (number int, first bool) {
	k := s.taken.Add(1) - 1
	return int((s.start + k%s.n*s.step) % s.n), k < s.n
}

// inTurn repeats requests one after another.
func inTurn(status int, requests [][]byte) work {
	var next atomic.Uint64
	return work{status: status, next: func([]byte) []byte {
		return requests[(next.Add(1)-1)%uint64(len(requests))]
	}}
}

// hydraObject is a client like those that are seeded, in Hydra's form.
func hydraObject(i int, method string) map[string]any {
	doc := documentOf(i, "")
	return map[string]any{"client_name": doc.ClientName, "owner": "made by the benchmark", "client_uri": doc.ClientURI, "logo_uri": doc.LogoURI,
		"tos_uri": doc.TosURI, "policy_uri": doc.PolicyURI, "contacts": doc.Contacts, "metadata": json.RawMessage(doc.FreeMetadata),
		"redirect_uris": doc.RedirectURIs, "post_logout_redirect_uris": doc.PostLogoutRedirectURIs, "allowed_cors_origins": doc.AllowedCORSOrigins,
		"grant_types": doc.GrantTypes, "response_types": doc.ResponseTypes, "scope": strings.Join(doc.Scopes, " "), "audience": doc.Audience,
		"token_endpoint_auth_method": method, "subject_type": doc.SubjectType, "backchannel_logout_uri": doc.BackchannelLogoutURI}
}

// creates are requests that create clients of every name, by Hydra's API at a path.
func creates(path string, h headers, method string) ([][]byte, error) {
	requests := make([][]byte, nameKinds)
	for i := range requests {
		body, err := json.Marshal(hydraObject(i*chainEvery, method))
		if err != nil {
			return nil, err
		}
		requests[i] = appendSend(nil, "POST", path, h, "application/json", body)
	}
	return requests, nil
}

// mostPages is how many places in a list are asked for.
const mostPages = 50

// pages are requests for pages of 100 at places all over a list of Hydra's API. It walks
// there in pages of 500.
func pages(ctx context.Context, address, path string, h headers) ([][]byte, error) {
	var requests [][]byte
	for at := path + "?page_size=500"; at != "" && len(requests) < mostPages; {
		requests = append(requests, appendGet(nil, strings.Replace(at, "page_size=500", "page_size=100", 1), h))
		a, err := sample(ctx, address, always(200, appendGet(nil, at, h)))
		if err != nil {
			return nil, err
		}
		at = nextPage(a.next)
	}
	return requests, nil
}

// nextPage is the path and query that a Link header has for the next page; empty if
// there is none.
func nextPage(link string) string {
	for part := range strings.SplitSeq(link, ",") {
		target, relation, found := strings.Cut(part, ">")
		if !found || !strings.Contains(relation, `rel="next"`) {
			continue
		}
		u, err := url.Parse(strings.TrimPrefix(strings.TrimSpace(target), "<"))
		if err == nil {
			return u.RequestURI()
		}
	}
	return ""
}
