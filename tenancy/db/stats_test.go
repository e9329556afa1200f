package db_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"

	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/fault"
)

// TestStats: what the committer did is counted: batches by size and time, tries, what
// failed and what was refused.
func TestStats(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		broken := errors.New("the engine is gone")
		var fail error
		d, _ := load(t, dsn, db.Options{Inject: func(point string) error {
			if point == db.BeforeCommit {
				return fail
			}
			return nil
		}})
		for _, err := range together(t, d, put(1), put(2), put(3)) {
			if err != nil {
				t.Error(err)
			}
		}
		s := d.Stats()
		if s.Sizes.Count != 2 || s.Sizes.Sum != 4 || !slices.Equal(s.Sizes.Counts, []uint64{1, 2, 2, 2, 2}) || s.Times.Count != 2 || s.Times.Sum <= 0 || s.Failed+s.Retries != 0 {
			t.Errorf("%+v", s)
		}
		if err := d.Write(bg, put(1)); !fault.Is(err, fault.Conflict) { // a row that the engine refuses: once more, with care
			t.Error(err)
		}
		if s = d.Stats(); s.Retries > 1 || s.Failed != 0 {
			t.Errorf("%+v", s)
		}
		fail = broken
		if err := d.Write(bg, put(4)); err == nil {
			t.Error("it is written")
		}
		fail = fault.New(fault.Unavailable, fault.CodeClock, "the clock is wrong")
		if err := d.Write(bg, put(5)); err == nil {
			t.Error("it is written")
		}
		if s = d.Stats(); s.Failed != 2 || s.Refused[db.RefusedClock] != 1 || s.Refused[db.RefusedQueue]+s.Refused[db.RefusedLane] != 0 {
			t.Errorf("%+v", s)
		}
		fail = nil
		release := hold(t, d)
		var answers []chan error
		for i := range int64(db.LaneLength) {
			answers = append(answers, queueFor(d, "", put(100+i)))
		}
		wantFault(t, d.Write(bg, put(-1)), fault.Throttled, "one organization")
		if s = d.Stats(); s.Refused[db.RefusedLane] != 1 || s.Waiting != db.LaneLength || s.Writer.InUse != 1 || s.Reader.MaxOpenConnections < 1 {
			t.Errorf("%+v", s)
		}
		release()
		for _, a := range answers {
			if err := <-a; err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestTraces: a batch is below the first traced request in it and linked to the others; its
// statements are below it, without what fills their placeholders. Untraced work has no spans.
func TestTraces(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		spans := tracetest.NewInMemoryExporter()
		provider := sdk.NewTracerProvider(sdk.WithSyncer(spans))
		tracer := provider.Tracer("test")
		d, _ := load(t, dsn, db.Options{Tracer: tracer})
		if err := d.Write(bg, put(1)); err != nil || len(spans.GetSpans()) > 0 || len(ids(t, d)) != 1 {
			t.Fatalf("%v, spans of untraced work: %v", err, spans.GetSpans())
		}
		first, one := tracer.Start(bg, "first")
		second, two := tracer.Start(bg, "second")
		release := hold(t, d)
		var answers []chan error
		for i, ctx := range []context.Context{bg, first, second} {
			answer, before := make(chan error, 1), d.Queued()
			go func() { answer <- d.WriteFor(ctx, "", put(int64(7_654_321+i))) }()
			for d.Queued() == before {
				runtime.Gosched()
			}
			answers = append(answers, answer)
		}
		release()
		for _, a := range answers {
			if err := <-a; err != nil {
				t.Error(err)
			}
		}
		var batch tracetest.SpanStub
		below := map[trace.SpanID][]string{}
		for _, s := range spans.GetSpans() {
			below[s.Parent.SpanID()] = append(below[s.Parent.SpanID()], s.Name)
			if s.Name == "batch" {
				batch = s
			}
			for _, a := range s.Attributes {
				if strings.Contains(a.Value.String(), "7654321") {
					t.Errorf("a span has an argument: %v", a)
				}
			}
		}
		if batch.Parent.SpanID() != one.SpanContext().SpanID() || len(batch.Links) != 1 || batch.Links[0].SpanContext.SpanID() != two.SpanContext().SpanID() {
			t.Errorf("the batch is below %v and linked to %v", batch.Parent, batch.Links)
		}
		statements := below[batch.SpanContext.SpanID()]
		if len(statements) < 6 || statements[0] != "BEGIN" || !slices.Contains(statements, "INSERT scratch") || statements[len(statements)-1] != "COMMIT" {
			t.Errorf("its statements are %q", statements)
		}
		spans.Reset()
		ctx, end := d.Span(first, "resolve")
		if err := d.View(ctx, func(c *db.Conn) error { return c.Get(new(int64), "SELECT n FROM scratch WHERE id = ?", -1) }); !fault.Is(err, fault.NotFound) {
			t.Error(err)
		}
		if err := d.Single(ctx).Get(new(int64), "SELECT n FROM nowhere"); err == nil {
			t.Error("there is a table nowhere")
		}
		end()
		got := spans.GetSpans()
		if len(got) != 3 || got[0].Name != "SELECT scratch" || got[0].Parent.SpanID() != got[2].SpanContext.SpanID() || got[0].Status.Code != 0 ||
			got[1].Status.Code != 1 || got[1].Status.Description != "" || got[2].Name != "resolve" || got[2].Parent.SpanID() != one.SpanContext().SpanID() {
			t.Errorf("%+v", got)
		}
	})
}
