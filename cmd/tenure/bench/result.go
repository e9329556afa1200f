package bench

import (
	"fmt"
	"strings"
)

// Result is one row of the table. Numbers that a row does not have are zero, and left
// out.
type Result struct {
	Row      string   `json:"row"`
	Work     string   `json:"work"`
	Beside   string   `json:"beside,omitempty"` // the yardstick
	Requests int      `json:"requests,omitempty"`
	Failed   int      `json:"failed,omitempty"`
	Failure  string   `json:"failure,omitempty"` // the first
	Rate     float64  `json:"per_second,omitempty"`
	YardRate float64  `json:"yardstick_per_second,omitempty"`
	Ratio    float64  `json:"ratio,omitempty"`
	CPU      *float64 `json:"cpu_us,omitempty"` // of the server for one request; nil if not known
	YardCPU  *float64 `json:"yardstick_cpu_us,omitempty"`
	Trips    float64  `json:"round_trips,omitempty"` // to the database for one request, those of polls included
	P50      float64  `json:"p50_ms,omitempty"`
	P99      float64  `json:"p99_ms,omitempty"`
	Seconds  float64  `json:"seconds,omitempty"`
	Bytes    int64    `json:"bytes,omitempty"`
	Target   string   `json:"target,omitempty"`
	Verdict  string   `json:"verdict,omitempty"` // met, not met, failed; empty without a target
}

// Verdicts.
const (
	met    = "met"
	notMet = "not met"
	failed = "failed"
)

// target is what a row should reach; zero members say nothing.
type target struct {
	rate    float64 // at least, a second
	ratio   float64 // at least, of the yardstick
	cpu     float64 // at most, microseconds
	seconds float64 // at most
	bytes   int64   // at most
}

func (t target) text() string {
	var parts []string
	add := func(set bool, format string, args ...any) {
		if set {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	add(t.ratio > 0, "≥ %.2f", t.ratio)
	add(t.rate > 0, "≥ %s/s", thousands(t.rate))
	add(t.cpu > 0, "≤ %.0f µs", t.cpu)
	add(t.seconds > 0, "≤ %.1f s", t.seconds)
	add(t.bytes > 0, "≤ %d MB", t.bytes/1e6)
	return strings.Join(parts, ", ")
}

// judge fills in the target and whether the result reaches it. A result with failures, or
// with no answer, reaches nothing. Processor time that is not known does not count against it.
func (t target) judge(r *Result) {
	r.Target = t.text()
	switch {
	case r.Failed > 0, r.Beside != "" && r.Requests == 0:
		r.Verdict = failed
	case r.Target == "":
	case r.Rate < t.rate, r.Ratio < t.ratio, t.cpu > 0 && r.CPU != nil && *r.CPU > t.cpu,
		t.seconds > 0 && r.Seconds > t.seconds, t.bytes > 0 && r.Bytes > t.bytes:
		r.Verdict = notMet
	default:
		r.Verdict = met
	}
}

// thousands writes a rate: with a decimal below 100, and with commas above.
func thousands(v float64) string {
	if v < 100 {
		return fmt.Sprintf("%.1f", v)
	}
	return commas(int(v + 0.5))
}

// commas writes a number with a comma before each three digits.
func commas(n int) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
