package web

import (
	"context"
	"net/http"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// startSpan starts the span of a request, below its caller's if it names one
// (traceparent). What else a caller has in tracestate goes no further.
func (h *handler) startSpan(r *http.Request) context.Context {
	ctx := propagation.TraceContext{}.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
	if of := trace.SpanContextFromContext(ctx); of.IsValid() {
		ctx = trace.ContextWithRemoteSpanContext(ctx, of.WithTraceState(trace.TraceState{}))
	}
	ctx, _ = h.Tracer.Start(ctx, "request", trace.WithSpanKind(trace.SpanKindServer))
	return ctx
}

// endSpan names the span of the request and ends it. Like the log it has no path, query,
// header or body, and unlike that neither organization nor key.
func (c *Call) endSpan() {
	span := trace.SpanFromContext(c.Request.Context())
	if !span.IsRecording() {
		span.End()
		return
	}
	surface, route, method := c.labels()
	span.SetName(method + " " + route)
	span.SetAttributes(attribute.String("http.request.method", method), attribute.String("http.route", route), attribute.String("tenure.surface", surface),
		attribute.Int("http.response.status_code", c.status))
	if c.fault != nil {
		span.SetAttributes(attribute.String("error.type", c.fault.Kind.String()))
	}
	if c.status >= http.StatusInternalServerError || c.cut {
		span.SetStatus(codes.Error, "")
	}
	span.End()
}

// authorize is admission with a span of its own.
func (h *handler) authorize(c *Call) error {
	if h.Tracer == nil || c.Route.Open {
		return h.admission(c)
	}
	outside := c.Request.Context()
	ctx, span := h.Tracer.Start(outside, "authorize")
	c.Request = c.Request.WithContext(ctx)
	err := h.admission(c)
	c.Request = c.Request.WithContext(outside)
	span.End()
	return err
}

// None is the surface, and the route, of a request for which there is none.
const None = "none"

// knownMethods are those that are shown by their name; others are "other".
const knownMethods = " GET HEAD POST PUT PATCH DELETE OPTIONS "

// labels are what metrics and traces name a request by: a few fixed words, whatever a
// caller sends.
func (c *Call) labels() (surface, route, method string) {
	surface, route, method = None, None, "other"
	if c.surface != nil {
		surface = c.surface.Name
	}
	if c.Route != nil {
		route = c.Route.Pattern
	}
	if strings.Contains(knownMethods, " "+c.Request.Method+" ") {
		method = c.Request.Method
	}
	return surface, route, method
}
