package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// rounds of a row: in each a slice of the yardstick, one of the server twice as long,
// and one of the yardstick again, which is the first of the next round.
const rounds = 5

// side is one of the two that are measured in turn.
type side struct {
	addresses []string
	pids      []int        // whose processor time counts; none if it is not known
	trips     func() int64 // round trips to the database so far; nil if they are not counted
	work      work
}

// cpu is the processor time that the side's processes have used together.
func (s side) cpu() (sum time.Duration, known bool) {
	for _, pid := range s.pids {
		used, ok := cpuOf(pid)
		if !ok {
			return 0, false
		}
		sum += used
	}
	return sum, len(s.pids) > 0
}

func (s side) tripped() int64 {
	if s.trips == nil {
		return 0
	}
	return s.trips()
}

// course is a side while a row is measured.
type course struct {
	side
	load      *load
	rates     []float64
	latencies []time.Duration
	used      time.Duration // processor time
	known     bool
	trips     int64
	failed    int
	why       error
}

func newCourse(s side, connections int) *course {
	return &course{side: s, load: newLoad(s.addresses, connections, s.work), known: true}
}

// run measures one slice and returns its rate, 0 if there was nothing to ask.
func (c *course) run(ctx context.Context, length time.Duration) float64 {
	before, known := c.cpu()
	trips := c.side.tripped()
	s := c.load.run(ctx, length)
	after, still := c.cpu()
	c.trips += c.side.tripped() - trips
	c.known = c.known && known && still
	c.used += after - before
	c.latencies = append(c.latencies, s.latencies...)
	c.failed += s.failed
	if c.why == nil {
		c.why = s.why
	}
	if s.rate() > 0 {
		c.rates = append(c.rates, s.rate())
	}
	return s.rate()
}

// perRequest is the processor time of a request in microseconds; nil if unknown.
func (c *course) perRequest() *float64 {
	if !c.known || len(c.latencies) == 0 {
		return nil
	}
	each := float64(c.used.Microseconds()) / float64(len(c.latencies)+c.failed)
	return &each
}

// measure measures a side beside its yardstick, and fills the result with what it finds.
func measure(ctx context.Context, own, yard side, connections int, length time.Duration, r *Result) error {
	it, beside := newCourse(own, connections), newCourse(yard, connections)
	defer it.load.close()
	defer beside.load.close()
	if err := errors.Join(it.load.connect(ctx), beside.load.connect(ctx)); err != nil {
		return err
	}
	var ratios []float64
	before := beside.run(ctx, length/(2*rounds))
	for range rounds {
		rate := it.run(ctx, length/rounds)
		after := beside.run(ctx, length/(2*rounds))
		if err := ctx.Err(); err != nil {
			return err
		}
		if rate == 0 {
			break // everything has been asked, or nothing is answered
		}
		if before+after > 0 {
			ratios = append(ratios, 2*rate/(before+after))
		}
		before = after
	}
	slices.Sort(it.latencies)
	r.Requests, r.Failed = len(it.latencies), it.failed
	if it.why != nil {
		r.Failure = it.why.Error()
	}
	if beside.why != nil {
		return fmt.Errorf("%s: the yardstick: %w", r.Row, beside.why)
	}
	r.Rate, r.YardRate, r.Ratio = median(it.rates), median(beside.rates), median(ratios)
	r.CPU, r.YardCPU = it.perRequest(), beside.perRequest()
	if own.trips != nil && len(it.latencies) > 0 {
		r.Trips = float64(it.trips) / float64(len(it.latencies)+it.failed)
	}
	if own.work.turn != nil {
		r.Ratio = 0 // the pace decides
	}
	r.P50, r.P99 = milliseconds(percentile(it.latencies, 0.50)), milliseconds(percentile(it.latencies, 0.99))
	return nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// sample sends the next request of some work, and returns its answer, which must be as
// it should be.
func sample(ctx context.Context, address string, w work) (answer, error) {
	request := w.next(nil)
	a, err := once(ctx, address, request)
	if err == nil && a.status != w.status {
		err = fmt.Errorf("status %d instead of %d: %.300s", a.status, w.status, a.body)
	}
	return a, err
}

// answerWith makes the bare handler answer like a sample.
func answerWith(ctx context.Context, bare string, a answer) error {
	request := fmt.Appendf(nil, "PUT %s?status=%d HTTP/1.1\r\nHost: bench\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s",
		pathBare, a.status, a.kind, len(a.body), a.body)
	_, err := sample(ctx, bare, always(http.StatusNoContent, request))
	return err
}
