// Package ops is the listener for whoever runs the program: metrics, the answers that
// load balancers ask for, and profiles.
//
// It owns the metrics (their names, labels and meaning, which docs/operations.md repeats) and
// the Prometheus library, which nothing else may import: what is counted is counted below,
// in plain numbers. No label names a tenant or anything that a tenant chose.
//
// It may import the packages node and exit, and the types of what is counted.
package ops
