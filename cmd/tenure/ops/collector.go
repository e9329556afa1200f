package ops

import (
	"context"
	"database/sql"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tenure/cmd/tenure/node"
	"tenure/tenancy/db"
)

// Source is what a scrape asks how the node fares.
type Source interface {
	Stats(ctx context.Context) node.Stats
}

// Follow adds how a node fares to the metrics.
func (m *Metrics) Follow(of Source, version string, schema int) {
	m.registry.MustRegister(&collector{of, []string{version, runtime.Version(), strconv.Itoa(schema)}})
}

// collector reads a node at each scrape.
type collector struct {
	source Source
	build  []string
}

// Describe says nothing: which witnesses there are is known when they are asked.
func (c *collector) Describe(chan<- *prometheus.Desc) {}

// Collect makes the metrics of a scrape.
func (c *collector) Collect(to chan<- prometheus.Metric) {
	s, e := c.source.Stats(context.Background()), emitter{to}
	e.value("build_info", 1, c.build...)
	ready := true
	for _, check := range s.Checks {
		e.value("check_ok", flag(check.Word == ""), check.Name)
		ready = ready && check.Word == ""
	}
	e.value("ready", flag(ready))
	e.value("secrets_disclosed_total", float64(s.Disclosed))
	e.value("stale_answers_total", float64(s.Stale))
	e.value("commit_queue_writes", float64(s.DB.Waiting))
	e.spread("commit_batch_writes", s.DB.Sizes)
	e.spread("commit_batch_duration_seconds", s.DB.Times)
	e.value("commit_batches_failed_total", float64(s.DB.Failed))
	e.value("commit_retries_total", float64(s.DB.Retries))
	for reason, n := range s.DB.Refused {
		e.value("commit_refused_total", float64(n), reason)
	}
	e.pool("writer", s.DB.Writer)
	e.pool("reader", s.DB.Reader)
	for _, cache := range s.Caches {
		e.value("cache_hits_total", float64(cache.Hits), cache.Name)
		e.value("cache_misses_total", float64(cache.Misses), cache.Name)
		e.value("cache_evictions_total", float64(cache.Evictions), cache.Name)
		e.value("cache_bytes", float64(cache.Bytes), cache.Name)
	}
	e.value("feed_age_seconds", s.Log.FeedAge.Seconds())
	e.value("clock_ahead_seconds", s.Log.ClockAhead.Seconds())
	e.value("log_clock_ahead_seconds", s.Log.LogAhead.Seconds())
	e.value("log_entries", float64(s.Log.Size))
	if s.Checkpoint != nil {
		e.value("log_checkpoint_entries", float64(s.Checkpoint.Size))
		e.value("log_checkpoint_age_seconds", time.Since(s.Checkpoint.At).Seconds())
	}
	for within, keys := range s.Ending {
		e.value("credentials_expiring", float64(keys), "api-key", within)
	}
	e.witnesses(s)
}

// emitter makes metrics of the list.
type emitter struct{ to chan<- prometheus.Metric }

func (m metric) desc() *prometheus.Desc {
	return prometheus.NewDesc(m.fullName(), m.help, m.labels, nil)
}

func (e emitter) value(name string, v float64, labels ...string) {
	m, kind := find(name), prometheus.GaugeValue
	if m.kind == counter {
		kind = prometheus.CounterValue
	}
	e.to <- prometheus.MustNewConstMetric(m.desc(), kind, v, labels...)
}

func (e emitter) spread(name string, s db.Spread) {
	buckets := map[float64]uint64{}
	for i, bound := range s.Bounds {
		buckets[bound] = s.Counts[i]
	}
	e.to <- prometheus.MustNewConstHistogram(find(name).desc(), s.Count, s.Sum, buckets)
}

func (e emitter) pool(name string, s sql.DBStats) {
	e.value("db_connections", float64(s.InUse), name, "in-use")
	e.value("db_connections", float64(s.Idle), name, "idle")
	e.value("db_connections_max", float64(s.MaxOpenConnections), name)
	e.value("db_pool_waits_total", float64(s.WaitCount), name)
	e.value("db_pool_wait_seconds_total", s.WaitDuration.Seconds(), name)
}

// witnesses tells of each name of a witness; of several with one name, of the one that is
// furthest behind.
func (e emitter) witnesses(s node.Stats) {
	sizes, behind := map[string]float64{}, map[string]float64{}
	for _, w := range s.Witnesses {
		name, _, _ := strings.Cut(w.Key, "+")
		size, late := float64(w.Size), 0.0
		if !w.Behind.IsZero() {
			late = time.Since(w.Behind).Seconds()
		}
		if before, twice := sizes[name]; twice {
			size, late = min(size, before), max(late, behind[name])
		}
		sizes[name], behind[name] = size, late
	}
	for name := range sizes {
		e.value("witness_entries", sizes[name], name)
		e.value("witness_behind_seconds", behind[name], name)
	}
}

func flag(on bool) float64 {
	if on {
		return 1
	}
	return 0
}
