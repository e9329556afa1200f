package db

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"tenure/tenancy/fault"
)

// maxQuery is how much of a statement's text a span has: an insert of 64 rows repeats itself.
const maxQuery = 1000

// noted is a statement that was run.
type noted struct {
	query        string
	begun, ended time.Time
	err          error
}

func endSpan() {}

// Span begins a span below that of ctx, if requests are traced and ctx's is; the function ends it.
func (d *DB) Span(ctx context.Context, name string) (context.Context, func()) {
	if d.tracer == nil || !trace.SpanFromContext(ctx).IsRecording() {
		return ctx, endSpan
	}
	ctx, span := d.tracer.Start(ctx, name)
	return ctx, func() { span.End() }
}

// notes is what a view calls of each statement; nil where its caller is not traced.
func (d *DB) notes(ctx context.Context) func(noted) {
	if d.tracer == nil || !trace.SpanFromContext(ctx).IsRecording() {
		return nil
	}
	return func(n noted) { d.traceStatement(ctx, n) }
}

// begun is the instant at which a statement begins; zero where nothing is traced.
func (c *Conn) begun() time.Time {
	if c.note == nil {
		return time.Time{}
	}
	return time.Now()
}

// ran notes a statement that has ended.
func (c *Conn) ran(query string, begun time.Time, err error) {
	if c.note != nil {
		c.note(noted{query, begun, time.Now(), err})
	}
}

// traceBatch makes the spans of a batch that has ended. It is part of the first traced
// request in it, and linked to the others: only now is known which these are.
func (d *DB) traceBatch(b *batch, begun time.Time, tries int, err error) {
	if d.tracer == nil {
		return
	}
	var parent context.Context
	var others []trace.Link
	for _, j := range b.jobs {
		switch of := trace.SpanContextFromContext(j.ctx); {
		case !of.IsSampled():
		case parent == nil:
			parent = j.ctx
		default:
			others = append(others, trace.Link{SpanContext: of})
		}
	}
	if parent == nil {
		return
	}
	ctx, span := d.tracer.Start(parent, "batch", trace.WithTimestamp(begun), trace.WithLinks(others...),
		trace.WithAttributes(attribute.Int("tenure.batch.writes", len(b.jobs)), attribute.Int("tenure.batch.tries", tries)))
	for _, n := range b.notes {
		d.traceStatement(ctx, n)
	}
	d.fail(span, err)
	span.End()
}

// traceStatement makes the span of a statement: its text with placeholders, never what
// fills them, and of an error only its kind, as an engine's text quotes values.
func (d *DB) traceStatement(ctx context.Context, n noted) {
	system := "sqlite"
	if d.Dialect == Postgres {
		system = "postgresql"
	}
	text := n.query
	if len(text) > maxQuery {
		text = text[:maxQuery] + "…"
	}
	_, span := d.tracer.Start(ctx, summary(n.query), trace.WithTimestamp(n.begun), trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(attribute.String("db.system.name", system), attribute.String("db.query.text", text)))
	d.fail(span, n.err)
	span.End(trace.WithTimestamp(n.ended))
}

func (d *DB) fail(span trace.Span, err error) {
	if err == nil || errors.Is(err, sql.ErrNoRows) {
		return
	}
	span.SetStatus(codes.Error, "")
	span.SetAttributes(attribute.String("error.type", fault.Of(d.classify(err)).Kind.String()))
}

// summary is a statement's verb and the first table that it names.
func summary(query string) string {
	words := strings.Fields(query)
	if len(words) == 0 {
		return "statement"
	}
	for i, word := range words[:len(words)-1] {
		if word == "FROM" || word == "INTO" || word == "UPDATE" {
			return words[0] + " " + strings.Trim(words[i+1], "(),;")
		}
	}
	return words[0]
}
