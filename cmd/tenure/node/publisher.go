package node

import (
	"context"
	"fmt"

	"tenure/cmd/tenure/exit"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// openPublisher opens the publisher, which signs the log and serves it.
func (n *Node) openPublisher(ctx context.Context, cfg Config) (*history.Publisher, error) {
	origin, err := history.ReadOrigin(ctx, n.DB)
	if err != nil {
		return nil, err
	}
	keys, err := LoadLogKeys(n.DB.Dialect, LogKeyFile(cfg.Database, cfg.LogKey), origin != "")
	if err != nil {
		return nil, err
	}
	if keys != nil && origin != "" {
		if err := n.sameLogKeys(ctx, origin, keys); err != nil {
			return nil, err
		}
	}
	if keys != nil || cfg.LogState != "" { // without keys nothing is signed, and no file is needed unless it is named
		cfg.LogState = LogStateFile(cfg.Database, cfg.LogState)
	}
	kept, err := LogState(cfg.LogState).Read()
	if err == nil && keys != nil {
		err = LogState(cfg.LogState).Writable()
	}
	if err != nil {
		return nil, err
	}
	p, err := history.OpenPublisher(ctx, n.DB, n.Log, history.PublisherOptions{Keys: keys, Origin: logOrigin(cfg.PublicURL),
		Kept: kept, Keep: LogState(cfg.LogState).Keep})
	switch {
	case err == nil:
	case fault.Of(err).Code != history.CodeRefused:
		err = fmt.Errorf("the log: %w", err)
	case kept != nil:
		err = fmt.Errorf("--log-state %s: %w", cfg.LogState, err)
	}
	return p, err
}

// openCode is the exit code for an installation that cannot be opened.
func openCode(err error) int {
	if code, given := exit.Code(err); given {
		return code
	}
	if code := fault.Of(err).Code; code == history.CodeRefused || code == history.CodeRolledBack {
		return exit.Refused
	}
	return exit.Database
}
