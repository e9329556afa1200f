package main

import (
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"tenure/tenancy/db/dbtest"
)

// receiver is a collector of spans.
type receiver struct {
	*httptest.Server
	mu    sync.Mutex
	spans []*otlp.Span
	wrong []string
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		raw, err := io.ReadAll(req.Body)
		var sent collector.ExportTraceServiceRequest
		if err == nil {
			err = proto.Unmarshal(raw, &sent)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		if err != nil || req.URL.Path != "/v1/traces" {
			r.wrong = append(r.wrong, fmt.Sprint(req.URL.Path, err))
		}
		for _, of := range sent.ResourceSpans {
			for _, scope := range of.ScopeSpans {
				r.spans = append(r.spans, scope.Spans...)
			}
		}
	}))
	t.Cleanup(r.Close)
	return r
}

// below lists the spans whose parent is the span of an id, in the order in which they began.
func (r *receiver) below(trace, parent string) (list []*otlp.Span) {
	for _, s := range r.spans {
		if hex.EncodeToString(s.TraceId) == trace && hex.EncodeToString(s.ParentSpanId) == parent {
			list = append(list, s)
		}
	}
	slices.SortStableFunc(list, func(a, b *otlp.Span) int { return int(int64(a.StartTimeUnixNano) - int64(b.StartTimeUnixNano)) })
	return list
}

// tree draws the spans below one.
func (r *receiver) tree(trace, parent, indent string) string {
	var b strings.Builder
	list := r.below(trace, parent)
	for i, s := range list {
		branch, more := "├─ ", "│  "
		if i == len(list)-1 {
			branch, more = "└─ ", "   "
		}
		fmt.Fprintf(&b, "%s%s%s\n%s", indent, branch, s.Name, r.tree(trace, hex.EncodeToString(s.SpanId), indent+more))
	}
	return b.String()
}

const (
	callersTrace = "4bf92f3577b34da6a3ce929d0e0e4736"
	callersSpan  = "00f067aa0ba902b7"
)

// TestTraceOfAPatch: a PATCH of Hydra's API is one tree of spans below the caller's own,
// the example of docs/operations.md is that tree, and no span says whose request it was.
func TestTraceOfAPatch(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		r := newReceiver(t)
		p := started(t, "", "serve", "--database", dsn, "--secrets-key-file", "none", "--log-key", "none", "--evidence-key", "none", "--log-state", "none",
			"--log-level", "error", "--trace-endpoint", r.URL)
		status, made, err := p.call("POST", "/admin/clients", `{"client_id":"tenants-client","client_name":"Tenant's name","client_secret":"a-secret-of-the-tenant-1"}`)
		if err != nil || status != 201 {
			t.Fatal(status, made, err)
		}
		req, err := http.NewRequest("PATCH", p.info.URL+"/admin/clients/tenants-client", strings.NewReader(`[{"op":"replace","path":"/client_name","value":"another name"}]`))
		must(t, err)
		req.Header.Set("Authorization", "Bearer "+p.info.Organizations[0].APIKey)
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Tenure-Reason", "because of a tenant")
		req.Header.Set("Traceparent", "00-"+callersTrace+"-"+callersSpan+"-01")
		req.Header.Set("Tracestate", "vendor=a-callers-own")
		res, err := http.DefaultClient.Do(req)
		must(t, err)
		res.Body.Close()
		if res.StatusCode != 200 {
			t.Fatal(res.StatusCode)
		}
		p.stop(t) // and sends what is left
		r.mu.Lock()
		defer r.mu.Unlock()
		requests := r.below(callersTrace, callersSpan)
		if len(r.wrong) > 0 || len(requests) != 1 || requests[0].Name != "PATCH /admin/clients/{client}" {
			t.Fatal(r.wrong, requests)
		}
		tree := requests[0].Name + "\n" + r.tree(callersTrace, hex.EncodeToString(requests[0].SpanId), "")
		var parts []string
		for _, s := range r.below(callersTrace, hex.EncodeToString(requests[0].SpanId)) {
			parts = append(parts, s.Name)
		}
		if !slices.Contains(parts, "authorize") || !slices.Contains(parts, "resolve") || parts[len(parts)-1] != "batch" || !strings.Contains(tree, "COMMIT") {
			t.Errorf("the request's parts are %q", parts)
		}
		page, err := os.ReadFile(filepath.Join("..", "..", "docs", "operations.md"))
		must(t, err)
		if !strings.HasPrefix(dsn, "postgres") && !strings.Contains(string(page), "```text\n"+tree+"```") {
			t.Errorf("docs/operations.md does not show\n%s", tree)
		}
		for _, s := range r.spans {
			text := s.String()
			for _, secret := range []string{"tenants-client", "enant's name", "another name", "a-secret", "because", "callers-own", string(p.info.Organizations[0].ID), string(p.info.SetupID), p.info.Organizations[0].APIKey} {
				if strings.Contains(text, secret) {
					t.Errorf("a span shows %q: %s", secret, text)
				}
			}
		}
	})
}
