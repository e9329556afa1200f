package ops

import (
	"slices"
	"strconv"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"tenure/handlers/web"
)

// The kinds of metrics.
const (
	counter   = "counter"
	gauge     = "gauge"
	histogram = "histogram"
)

// metric is a metric as the documentation has it, without the prefix of its name.
type metric struct {
	name, kind string
	labels     []string
	help       string
}

// list are all metrics of ours. docs/operations.md has the same rows.
var list = []metric{
	{"build_info", gauge, []string{"version", "go_version", "schema"}, "1; its labels say which program runs, and the schema version that it uses"},
	{"ready", gauge, nil, "1 if /readyz answers 200, else 0"},
	{"check_ok", gauge, []string{"check"}, "1 if a check of /readyz holds, else 0: node, database, feed, clock, log, disk"},
	{"http_requests_total", counter, []string{"surface", "route", "method", "status"}, "requests that were answered; route is the pattern, or none for paths that nothing has"},
	{"http_request_duration_seconds", histogram, []string{"surface", "route", "method"}, "how long requests took, from their headers to the end of the answer"},
	{"http_faults_total", counter, []string{"surface", "kind"}, "requests that were refused or failed, by the kind of fault: refusals are unauthenticated and forbidden, limits throttled, too-large, quota and unavailable"},
	{"secrets_disclosed_total", counter, nil, "client secrets that were shown to somebody who asked for them again"},
	{"stale_answers_total", counter, nil, "reads that were answered from memory while the database could not be reached (--serve-stale)"},
	{"commit_queue_writes", gauge, nil, "writes that wait for the committer"},
	{"commit_batch_writes", histogram, nil, "writes that one transaction took"},
	{"commit_batch_duration_seconds", histogram, nil, "how long a batch of writes took, with the tries that failed"},
	{"commit_batches_failed_total", counter, nil, "batches of which nothing was written, or of which the database did not confirm it"},
	{"commit_retries_total", counter, nil, "times that a batch was tried again, because it lost a race or a row was refused"},
	{"commit_refused_total", counter, []string{"reason"}, "writes that were not tried: lane-full (of one organization), queue-full, storage (the disk), clock"},
	{"db_connections", gauge, []string{"pool", "state"}, "connections of the writer's and the readers' pool, in-use or idle"},
	{"db_connections_max", gauge, []string{"pool"}, "connections that a pool may have"},
	{"db_pool_waits_total", counter, []string{"pool"}, "times that somebody waited for a connection"},
	{"db_pool_wait_seconds_total", counter, []string{"pool"}, "how long they waited, together"},
	{"cache_hits_total", counter, []string{"cache"}, "look-ups that a cache answered"},
	{"cache_misses_total", counter, []string{"cache"}, "look-ups that it did not answer"},
	{"cache_evictions_total", counter, []string{"cache"}, "entries that left a cache for want of room"},
	{"cache_bytes", gauge, []string{"cache"}, "what the entries of a cache take"},
	{"feed_age_seconds", gauge, nil, "how old what this node knows of the others' writes is at most; 0 on SQLite, where there are no others"},
	{"clock_ahead_seconds", gauge, nil, "by how much this node's clock is ahead of the database's, less than 0 if behind; 0 on SQLite"},
	{"log_clock_ahead_seconds", gauge, nil, "by how much the log's clock is ahead of the database's, on SQLite of this node's"},
	{"log_entries", gauge, nil, "entries of the log, as far as this node has seen it"},
	{"log_checkpoint_entries", gauge, nil, "entries that the newest checkpoint covers; missing while there is none or the database does not answer"},
	{"log_checkpoint_age_seconds", gauge, nil, "how long ago the newest checkpoint was signed; it grows while nothing is written"},
	{"credentials_expiring", gauge, []string{"kind", "within"}, "API keys (kind api-key) that expire within 1d, 7d and 30d"},
	{"witness_entries", gauge, []string{"witness"}, "entries of the newest checkpoint that a witness of --witness is known to have cosigned, since the node began"},
	{"witness_behind_seconds", gauge, []string{"witness"}, "for how long a witness has failed to cosign the newest checkpoint; 0 if it has"},
}

// durations are the bounds of http_request_duration_seconds.
var durations = []float64{0.0005, 0.001, 0.0025, 0.01, 0.025, 0.1, 0.25, 1, 2.5, 10}

// fullName is a metric's name as it is scraped.
func (m metric) fullName() string { return "tenure_" + m.name }

// find is the metric of a name.
func find(name string) metric {
	return list[slices.IndexFunc(list, func(m metric) bool { return m.name == name })]
}

// Metrics are the metrics of one node.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	times    *prometheus.HistogramVec
	faults   *prometheus.CounterVec

	mu    sync.RWMutex
	known map[request]series
}

// request is what the metrics of requests are told apart by.
type request struct {
	surface, route, method string
	status                 int
}

type series struct {
	count prometheus.Counter
	times prometheus.Observer
}

// NewMetrics makes the metrics of the program, in a registry of their own.
func NewMetrics() *Metrics {
	count := func(name string) *prometheus.CounterVec {
		m := find(name)
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: m.fullName(), Help: m.help}, m.labels)
	}
	took := find("http_request_duration_seconds")
	m := &Metrics{registry: prometheus.NewRegistry(), requests: count("http_requests_total"), faults: count("http_faults_total"),
		times: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: took.fullName(), Help: took.help, Buckets: durations}, took.labels),
		known: map[request]series{}}
	m.registry.MustRegister(m.requests, m.times, m.faults, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Observe counts a request that is over (web.Config.Observe).
func (m *Metrics) Observe(o web.Observation) {
	of := request{o.Surface, o.Route, o.Method, o.Status}
	m.mu.RLock()
	s, ok := m.known[of]
	m.mu.RUnlock()
	if !ok { // a route's first answer of a status
		s = series{m.requests.WithLabelValues(o.Surface, o.Route, o.Method, strconv.Itoa(o.Status)), m.times.WithLabelValues(o.Surface, o.Route, o.Method)}
		m.mu.Lock()
		m.known[of] = s
		m.mu.Unlock()
	}
	s.count.Inc()
	s.times.Observe(o.Took.Seconds())
	if o.Failed {
		m.faults.WithLabelValues(o.Surface, o.Kind.String()).Inc()
	}
}
