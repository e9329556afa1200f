// Package modules is the names of the modules that setups are in.
//
// It owns the table module. Who may make one is decided in package snapshots,
// inside whose reads and transactions it is asked; so it needs no Scope but for the
// event.
//
// It may import tenancy and tenancy/{db,fault,history}.
package modules
