package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"tenure/cmd/tenure/exit"
	"tenure/cmd/tenure/node"
	"tenure/tenancy/history"
)

const watchTime = 30 * time.Second // for one answer

type watchFlags struct {
	state    string
	keys     []string
	interval time.Duration
	once     bool
}

func logWatchCommand() *cobra.Command {
	var f watchFlags
	cmd := &cobra.Command{
		Use:   "watch URL",
		Short: "Watch a log from outside, and raise an alarm if its history was rewritten",
		Args:  oneArgument("URL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			w, err := newWatcher(args[0], f)
			if err != nil {
				return exit.With(exit.Usage, err)
			}
			ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
			defer stop()
			return w.run(ctx, cmd.OutOrStdout(), f)
		},
	}
	cmd.Flags().StringVar(&f.state, "state", "", "file that keeps the keys and the last checkpoint seen (required)")
	cmd.Flags().StringArrayVar(&f.keys, "key", nil, "public key of the log, as tenure log key prints it; may be repeated (default: those in --state)")
	cmd.Flags().DurationVar(&f.interval, "interval", time.Minute, "time between two checks")
	cmd.Flags().BoolVar(&f.once, "once", false, "check once and end")
	return cmd
}

// watched is the content of the file --state.
type watched struct {
	Keys       []string `json:"keys"`
	Checkpoint string   `json:"checkpoint"` // the last one seen, as it was signed; empty for none
}

// watcher compares a log with what it has seen of it before.
type watcher struct {
	base  string // URL of the log, without a slash at its end
	path  string
	kept  watched
	known note.Verifiers
	http  *http.Client
}

func newWatcher(address string, f watchFlags) (*watcher, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return nil, fmt.Errorf("%q is not the URL of a log, such as https://host or https://host/path/of/the/log", address)
	case f.state == "":
		return nil, errors.New("--state is required")
	case f.interval <= 0:
		return nil, errors.New("--interval must be greater than 0")
	}
	if strings.Trim(u.Path, "/") == "" {
		u.Path = "/log"
	}
	w := &watcher{base: strings.TrimRight(u.String(), "/"), path: f.state, http: &http.Client{Timeout: watchTime}}
	raw, err := os.ReadFile(f.state)
	if err == nil {
		err = json.Unmarshal(raw, &w.kept)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("--state: %w", err)
	}
	if len(f.keys) > 0 {
		w.kept.Keys = f.keys
	}
	if len(w.kept.Keys) == 0 {
		return nil, errors.New("--key is required on the first run: the operator of the log prints it with tenure log key")
	}
	var list []note.Verifier
	for _, key := range w.kept.Keys {
		v, err := note.NewVerifier(key)
		if err != nil {
			return nil, fmt.Errorf("--key %s: %w", key, err)
		}
		list = append(list, v)
	}
	w.known = note.VerifierList(list...)
	return w, nil
}

// run checks the log until there is an alarm or ctx ends. It reports a log that
// does not answer, and goes on.
func (w *watcher) run(ctx context.Context, out io.Writer, f watchFlags) error {
	ticker := time.NewTicker(f.interval)
	defer ticker.Stop()
	for {
		err := w.check(ctx, out)
		code, ended := exit.Code(err)
		switch {
		case f.once, ended && code != exit.Unreachable:
			return err
		case err != nil && ctx.Err() == nil:
			fmt.Fprintln(out, err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// check compares the log's checkpoint with the last one seen, and keeps it.
func (w *watcher) check(ctx context.Context, out io.Writer) error {
	text, err := w.get(ctx, "/checkpoint", history.MaxNote)
	if err != nil {
		return exit.With(exit.Unreachable, err)
	}
	seen, err := history.OpenCheckpoint(text, w.known)
	if err != nil {
		return badNote(err)
	}
	result := "is kept as the first checkpoint seen"
	if w.kept.Checkpoint != "" {
		result = "begins with everything seen before"
		last, err := history.ReadCheckpoint([]byte(w.kept.Checkpoint))
		if err != nil {
			return exit.With(exit.Usage, fmt.Errorf("--state: %w", err))
		}
		if err := w.follows(ctx, last, seen); err != nil {
			if code, _ := exit.Code(err); code == exit.Proof { // both checkpoints are the evidence
				fmt.Fprintf(out, "last seen:\n%s\nserved now:\n%s\n", last.Note, seen.Note)
			}
			return err
		}
	}
	w.kept.Checkpoint = string(seen.Note)
	raw, err := json.MarshalIndent(w.kept, "", "  ")
	if err == nil {
		err = node.ReplaceFile(w.path, append(raw, '\n'))
	}
	if err != nil {
		return exit.With(exit.Usage, fmt.Errorf("--state: %w", err))
	}
	fmt.Fprintf(out, "%s has %d entries and %s\n", seen.Origin, seen.Size, result)
	return nil
}

// badNote is the error of a checkpoint with a wrong signature, or of a text that
// is not a checkpoint.
func badNote(err error) error {
	var wrong *note.InvalidSignatureError
	var unknown *note.UnverifiedNoteError
	switch {
	case errors.As(err, &wrong):
		return alarm("forged: the signature of the checkpoint does not verify")
	case errors.As(err, &unknown):
		return alarm("the checkpoint is signed by none of the log's keys")
	}
	return exit.With(exit.Unreachable, fmt.Errorf("the answer is not a checkpoint: %w", err))
}

func alarm(format string, args ...any) error {
	return exit.With(exit.Proof, fmt.Errorf("ALARM: "+format, args...))
}

// follows checks that the log of seen begins with the log of last.
func (w *watcher) follows(ctx context.Context, last, seen history.Checkpoint) error {
	switch {
	case seen.Origin != last.Origin:
		return alarm("the log is %q now; it was %q", seen.Origin, last.Origin)
	case seen.Size < last.Size:
		return alarm("shrunk: the log has %d entries; it had %d", seen.Size, last.Size)
	case seen.Size == last.Size && seen.Root != last.Root:
		return alarm("forked: two different histories of %d entries are signed", seen.Size)
	case seen.Size == last.Size:
		return nil
	}
	tiles := &tileReader{w: w, ctx: ctx}
	root, err := tlog.TreeHash(last.Size, tlog.TileHashReader(tlog.Tree{N: seen.Size, Hash: seen.Root}, tiles))
	switch {
	case tiles.failed != nil:
		return exit.With(exit.Unreachable, tiles.failed)
	case err != nil:
		return alarm("the tiles do not match the signed checkpoint: %v", err)
	case root != last.Root:
		return alarm("forked: the log of %d entries does not begin with the %d seen before", seen.Size, last.Size)
	}
	return nil
}

// get fetches a path below the log's URL; more than limit bytes are an error.
func (w *watcher) get(ctx context.Context, path string, limit int64) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.base+path, nil)
	if err != nil {
		return nil, err
	}
	res, err := w.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("the log does not answer: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the log answers %s with status %d", path, res.StatusCode)
	}
	raw, err := io.ReadAll(io.LimitReader(res.Body, limit+1))
	if err == nil && int64(len(raw)) > limit {
		err = fmt.Errorf("more than %d bytes", limit)
	}
	if err != nil {
		return nil, fmt.Errorf("the log's %s: %w", path, err)
	}
	return raw, nil
}

// tileReader fetches tiles for tlog, which verifies them against the root.
type tileReader struct {
	w      *watcher
	ctx    context.Context
	failed error // of fetching
}

func (r *tileReader) Height() int                     { return 8 }
func (r *tileReader) SaveTiles([]tlog.Tile, [][]byte) {}

func (r *tileReader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, tile := range tiles {
		path := "/tile/" + strings.TrimPrefix(tile.Path(), "tile/8/")
		if data[i], r.failed = r.w.get(r.ctx, path, int64(tile.W)*tlog.HashSize); r.failed != nil {
			return nil, r.failed
		}
	}
	return data, nil
}
