package tracing

import (
	"context"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/trace"

	"tenure/cmd/tenure/exit"
)

// TestConfig: what is no endpoint and no share is refused; without an endpoint nothing is traced.
func TestConfig(t *testing.T) {
	for _, c := range []struct {
		cfg  Config
		says string
	}{
		{Config{Endpoint: "127.0.0.1:4318", Sample: 1}, "--trace-endpoint"},
		{Config{Endpoint: "grpc://127.0.0.1:4317", Sample: 1}, "--trace-endpoint"},
		{Config{Endpoint: "http://user:password@127.0.0.1:4318", Sample: 1}, "--trace-endpoint"},
		{Config{Endpoint: "http://127.0.0.1:4318?x=1", Sample: 1}, "--trace-endpoint"},
		{Config{Sample: 1.5}, "--trace-sample"},
		{Config{Sample: -1}, "--trace-sample"},
		{Config{Sample: math.NaN()}, "--trace-sample"},
	} {
		_, err := Open(context.Background(), c.cfg, "v1", zerolog.Nop())
		if code, _ := exit.Code(err); code != exit.Usage || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "password") {
			t.Errorf("%+v: %v", c.cfg, err)
		}
	}
	off, err := Open(context.Background(), Config{Sample: 1}, "v1", zerolog.Nop())
	if err != nil || off.Tracer != nil {
		t.Errorf("%v %v", off, err)
	}
	off.Close()
}

// TestSampling: a caller may keep its request from being traced, and cannot have more
// traced than the operator wants.
func TestSampling(t *testing.T) {
	collector := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer collector.Close()
	for _, c := range []struct {
		sample float64
		asked  trace.TraceFlags
		traced bool
	}{{1, trace.FlagsSampled, true}, {1, 0, false}, {0, trace.FlagsSampled, false}, {0, 0, false}} {
		on, err := Open(context.Background(), Config{Endpoint: collector.URL, Sample: c.sample}, "v1", zerolog.Nop())
		if err != nil {
			t.Fatal(err)
		}
		caller := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}, TraceFlags: c.asked, Remote: true})
		ctx, span := on.Tracer.Start(trace.ContextWithRemoteSpanContext(context.Background(), caller), "request")
		_, below := on.Tracer.Start(ctx, "below")
		if span.IsRecording() != c.traced || below.IsRecording() != c.traced {
			t.Errorf("%+v: %v, %v", c, span.IsRecording(), below.IsRecording())
		}
		on.Close()
	}
}
