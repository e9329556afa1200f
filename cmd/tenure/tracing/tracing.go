// Package tracing sends the spans of requests to a collector, in OpenTelemetry's protocol
// over HTTP.
//
// It owns the SDK: how spans are sampled, gathered and sent. Which spans there are is the
// business of handlers/web and tenancy/db, which know OpenTelemetry's API only. It imports
// the package exit.
package tracing

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"tenure/cmd/tenure/exit"
)

// closeTime is how long the last spans may take to be sent.
const closeTime = 5 * time.Second

// Config says where spans go.
type Config struct {
	Endpoint string  // of the collector; empty for no tracing
	Sample   float64 // the share of requests that are traced, from 0 to 1
}

// Tracing is a tracer and what sends its spans.
type Tracing struct {
	Tracer   trace.Tracer // nil without an endpoint
	provider *sdk.TracerProvider
}

// Open begins to send spans. An endpoint that does not answer keeps nothing from
// working: the log says so, and its spans are lost.
func Open(ctx context.Context, cfg Config, version string, log zerolog.Logger) (*Tracing, error) {
	if cfg.Sample < 0 || cfg.Sample > 1 || cfg.Sample != cfg.Sample {
		return nil, exit.With(exit.Usage, errors.New("--trace-sample must be between 0 and 1"))
	}
	if cfg.Endpoint == "" {
		return &Tracing{}, nil
	}
	u, err := url.Parse(cfg.Endpoint)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, exit.With(exit.Usage, errors.New("--trace-endpoint must be an http or https URL such as http://127.0.0.1:4318"))
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/v1/traces"
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(u.String()))
	if err != nil {
		return nil, exit.With(exit.Usage, fmt.Errorf("--trace-endpoint: %w", err))
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn().Err(err).Msg("sending traces") }))
	// Callers give a request its trace, and may ask that it is not traced. They cannot have
	// more traced than the operator wants.
	share := sdk.TraceIDRatioBased(cfg.Sample)
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithSampler(sdk.ParentBased(share, sdk.WithRemoteParentSampled(share))),
		sdk.WithResource(resource.NewSchemaless(attribute.String("service.name", "tenure"), attribute.String("service.version", version))))
	return &Tracing{provider.Tracer("tenure"), provider}, nil
}

// Close sends what is left. A collector that is gone is no failure of the program: the
// log says so.
func (t *Tracing) Close() {
	if t.provider == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	_ = t.provider.Shutdown(ctx)
}
