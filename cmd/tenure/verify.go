package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"

	"tenure/cmd/tenure/exit"
	"tenure/cmd/tenure/upkeep"
	"tenure/snapshots"
	"tenure/snapshots/evidence"
	"tenure/tenancy/db"
	"tenure/tenancy/history"
)

func verifyCommand() *cobra.Command {
	var texts, witnesses []string
	var kept, against string
	cmd := &cobra.Command{
		Use:   "verify FILE|DIR",
		Short: "Verify an evidence bundle, or a copy of a database, with no server and no network",
		Long: `Verifies an evidence bundle (the zip file, or the folder that it was unpacked to), or a database (a copy
of a SQLite file, or PostgreSQL by its URL or keywords, which is only read). Prints one sentence for each check, and ends
with exit code 9 if one fails, and with 8 if a bundle is consistent, but nothing that you trust confirms it:
without --key, or where nothing in it proves that its log goes on from that of --checkpoint or --against.`,
		Args: oneArgument("FILE|DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			keys, err := evidence.ParseKeys(texts)
			if err != nil {
				return exit.With(exit.Usage, fmt.Errorf("--key: %w", err))
			}
			checkpoint, err := readKept(kept)
			if err != nil {
				return exit.With(exit.Usage, fmt.Errorf("--checkpoint: %w", err))
			}
			database, err := isDatabase(args[0])
			if err != nil {
				return exit.With(exit.Usage, err)
			}
			if database && (against != "" || len(witnesses) > 0) {
				return exit.With(exit.Usage, errors.New("--against and --witness are for bundles only"))
			}
			cosigners, err := witnessKeys(witnesses)
			if err != nil {
				return err
			}
			if database {
				return verifyDatabase(cmd.Context(), cmd.OutOrStdout(), args[0], keys, checkpoint)
			}
			if isBackup(args[0]) {
				return exit.With(exit.Usage, fmt.Errorf("%s is a backup: use tenure backup verify", args[0]))
			}
			out := cmd.OutOrStdout()
			return verifyBundle(out, args[0], against, evidence.Options{Known: keys, Witnesses: cosigners, Kept: checkpoint, Say: func(s string) { fmt.Fprintln(out, s) }})
		},
	}
	cmd.Flags().StringArrayVar(&texts, "key", nil, "trusted public key, as tenure log key prints it; may be repeated")
	cmd.Flags().StringArrayVar(&witnesses, "witness", nil, "key of a witness that must have cosigned the bundle's last checkpoint; may be repeated")
	cmd.Flags().StringVar(&kept, "checkpoint", "", "file with a checkpoint that was kept in a trusted place: the log must begin with it")
	cmd.Flags().StringVar(&against, "against", "", "another bundle of the same installation, to be compared: the newer one should have been asked for with since=SIZE")
	return cmd
}

// readKept reads a checkpoint that was kept in a trusted place; nil for an empty
// path.
func readKept(path string) (*history.Checkpoint, error) {
	if path == "" {
		return nil, nil
	}
	raw, err := evidence.ReadFile(path, history.MaxNote)
	if err != nil {
		return nil, err
	}
	c, err := history.ReadCheckpoint(raw)
	return &c, err
}

// isDatabase reports whether a name is that of a database, by its address or by what is in the file.
func isDatabase(name string) (bool, error) {
	if db.DialectOf(name) == db.Postgres {
		return true, nil
	}
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return false, nil
	}
	if a, err := db.ParseDSN(name); err == nil {
		name = a.File
	}
	f, _, err := evidence.OpenFile(name)
	if err != nil {
		return false, err
	}
	defer f.Close()
	magic := []byte("SQLite format 3\x00")
	begin := make([]byte, len(magic))
	if _, err := io.ReadFull(f, begin); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return false, err
	}
	return bytes.Equal(begin, magic), nil
}

// isBackup reports whether a folder is one that tenure backup made.
func isBackup(dir string) bool {
	const most = 1 << 20 // its manifest is a small one
	manifest, err := evidence.ReadFile(filepath.Join(dir, "manifest.json"), most)
	return err == nil && upkeep.IsBackup(manifest)
}

func openBundle(name string) (*evidence.Files, error) {
	files, err := evidence.Open(name)
	if err != nil {
		return nil, exit.With(exit.Usage, fmt.Errorf("%s is not an evidence bundle: %w", name, err))
	}
	return files, nil
}

// verifyBundle verifies the bundle name, and compares it with the one that against
// names, unless that is empty.
func verifyBundle(out io.Writer, name, against string, o evidence.Options) error {
	files, err := openBundle(name)
	if err != nil {
		return err
	}
	defer files.Close()
	if against != "" {
		if o.Against, err = openBundle(against); err != nil {
			return err
		}
		defer o.Against.Close()
	}
	doubts, err := evidence.Verify(files, o)
	switch {
	case err != nil:
		return exit.With(exit.Proof, fmt.Errorf("%s is not valid: %w", name, err))
	case len(doubts) > 0 && len(o.Known) == 0:
		return exit.With(exit.Unconfirmed, fmt.Errorf("%s is consistent, but signed by a key you have not confirmed", name))
	case len(doubts) > 0:
		return exit.With(exit.Unconfirmed, fmt.Errorf("%s is consistent, but not confirmed: %s", name, doubts[0]))
	}
	fmt.Fprintf(out, "%s holds\n", name)
	return nil
}

// verifyDatabase prints the result of the consistency check in the way of verifyBundle.
func verifyDatabase(ctx context.Context, out io.Writer, name string, keys []note.Verifier, kept *history.Checkpoint) error {
	dsn := name
	if db.DialectOf(name) == "" {
		dsn = "sqlite:" + name // whatever it is called
	}
	d, err := db.Open(ctx, dsn, readingAll())
	if err != nil {
		return exit.With(exit.Database, err)
	}
	defer d.Close()
	var head history.Head
	found, err := snapshots.Check(ctx, d)
	if err == nil {
		err = d.View(ctx, func(c *db.Conn) error {
			if head, err = history.ReadHead(c); err != nil {
				return err
			}
			if kept != nil {
				found = append(found, history.CheckKept(c, head, *kept)...)
			}
			if len(keys) == 0 {
				return nil
			}
			signatures, err := history.CheckSignatures(c, history.PublicKeys(keys))
			found = append(found, signatures.Problems...)
			if uncovered := signatures.Uncovered(); uncovered != "" {
				found = append(found, uncovered)
			}
			return err
		})
	}
	if err != nil {
		return exit.With(exit.Database, errors.New(exit.Message(err)))
	}
	for _, sentence := range found {
		fmt.Fprintln(out, "FAILS: "+sentence)
	}
	if len(found) > 0 {
		return exit.With(exit.Proof, fmt.Errorf("%s is not valid: %d checks fail; the first: %s", redacted(dsn), len(found), found[0]))
	}
	fmt.Fprintf(out, "holds: the log's %d entries, its tiles, its root, and the root of every checkpoint\n"+
		"holds: each snapshot and each other row is what the log says of it\n", head.Size)
	if kept != nil {
		fmt.Fprintf(out, "holds: the log begins with that of the checkpoint of %d entries that was kept\n", kept.Size)
	}
	if len(keys) > 0 {
		fmt.Fprintln(out, "holds: the checkpoints are signed and cover every entry, verified with the key that was given")
	} else {
		fmt.Fprintln(out, "not checked: who signed the checkpoints; name the key with --key")
	}
	fmt.Fprintf(out, "%s holds\n", redacted(dsn))
	return nil
}
