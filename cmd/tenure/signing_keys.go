package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"

	"tenure/cmd/tenure/exit"
	"tenure/cmd/tenure/node"
	"tenure/snapshots/evidence"
	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// keyFlags are those of the commands that change a file of signing keys.
type keyFlags struct {
	use                           string // history.SignsLog or SignsEvidence
	database, file, state, reason string
	fileOnly                      bool
}

func (f *keyFlags) flag() string { return "--" + f.use + "-key" }

func (f *keyFlags) add(cmd *cobra.Command) {
	databaseFlag(cmd.Flags(), &f.database)
	cmd.Flags().StringVar(&f.file, f.flag()[2:], "", "file with the keys that sign the "+f.use+" (default: next to a SQLite file)")
	cmd.Flags().StringVar(&f.reason, "reason", "", "why; kept in the log, and in every evidence bundle")
}

func evidenceCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "evidence", Short: "The keys that sign evidence bundles: add and retire them"}
	cmd.AddCommand(newKeyCommand(history.SignsEvidence), retireKeyCommand(history.SignsEvidence))
	return cmd
}

func newKeyCommand(use string) *cobra.Command {
	f := &keyFlags{use: use}
	cmd := &cobra.Command{
		Use:   "new-key",
		Short: "Add a new key to the file that signs the " + use + ", record it in the log, and print its public key",
		Long: `Makes a key, writes it as one more line into the file of the keys (mode 0600), records an event in the log,
and prints the public key. Servers sign with it, and with the keys that were there, after their next
start. With SQLite no server may be running on the database. With --file-only it makes a file with a first
key and does not open the database: the first server that starts with the file records the key.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.fileOnly {
				return f.newFile(cmd.OutOrStdout())
			}
			return f.opened(cmd.Context(), func(k *keyChange) error { return k.add(cmd.Context(), cmd.OutOrStdout()) })
		},
	}
	f.add(cmd)
	cmd.Flags().BoolVar(&f.fileOnly, "file-only", false, "only make the file, for a database that no server has been started on with such keys")
	return cmd
}

func retireKeyCommand(use string) *cobra.Command {
	f := &keyFlags{use: use}
	cmd := &cobra.Command{
		Use:   "retire-key KEY",
		Short: "End a key that signs the " + use + ": record it in the log, and take it out of the file",
		Long: `Records in the log that a key (its public key, or the 8 digits behind its name) signs nothing any more, and
takes its line out of the file. What it has signed stays valid. Another key must be there that servers
already sign with. With SQLite no server may be running on the database.`,
		Args: oneArgument("KEY"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.reason == "" {
				return exit.With(exit.Usage, errors.New("--reason is required: why the key is retired"))
			}
			return f.opened(cmd.Context(), func(k *keyChange) error { return k.retire(cmd.Context(), cmd.OutOrStdout(), args[0]) })
		},
	}
	f.add(cmd)
	if use == history.SignsLog {
		cmd.Flags().StringVar(&f.state, "log-state", "", "file with the last published checkpoint, or none (default: next to a SQLite file)")
	}
	return cmd
}

// newFile makes a file with one key.
func (f *keyFlags) newFile(out io.Writer) error {
	if f.file == "" || f.file == node.None {
		return exit.With(exit.Usage, fmt.Errorf("%s is required with --file-only: the file to make", f.flag()))
	}
	text, err := f.fileWithKey()
	if err == nil {
		err = node.CreateFile(f.file, text)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", f.flag(), err)
	}
	fmt.Fprintf(out, "%s has a new key. Start a server with %s %s; its public key has the log's name, and is printed by tenure log key\n", f.file, f.flag(), f.file)
	return nil
}

func (f *keyFlags) fileWithKey() ([]byte, error) {
	if f.use == history.SignsEvidence {
		return evidence.NewKeyFile(rand.Reader)
	}
	return history.NewKeyFile(rand.Reader)
}

// keyChange is a change of a key file whose database is open.
type keyChange struct {
	*keyFlags
	node *node.Node
	path string
	name string // under which the keys sign
	raw  []byte // of the file; nil for none
	keys *history.Keys
	by   history.Event
}

// opened opens the installation without its keys, reads the file, and calls change.
func (f *keyFlags) opened(ctx context.Context, change func(*keyChange) error) (err error) {
	if err := node.RequireSchema(f.database); err != nil { // or opening it would make one
		return err
	}
	log, _, err := node.NewLog("error", "")
	if err != nil {
		return err
	}
	n, err := node.Open(ctx, node.Config{Database: f.database, SecretsKey: node.None, LogKey: node.None, EvidenceKey: node.None, Log: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.Close()) }()
	k := &keyChange{keyFlags: f, node: n, path: node.LogKeyFile(f.database, f.file)}
	if f.use == history.SignsEvidence {
		k.path = node.EvidenceKeyFile(f.database, f.file)
	}
	if k.path == "" {
		return exit.With(exit.Usage, fmt.Errorf("%s is required: the file with the keys", f.flag()))
	}
	if k.name, err = history.ReadOrigin(ctx, n.DB); err != nil {
		return exit.With(exit.Database, errors.New(exit.Message(err)))
	}
	if k.name == "" {
		return errors.New("the log has no origin yet: it gets one when a server first starts with a key for the log (tenure log new-key --file-only makes a file)")
	}
	if f.use == history.SignsEvidence {
		k.name = evidence.KeyName(k.name)
	}
	k.raw, err = os.ReadFile(k.path)
	if err == nil {
		k.keys, err = history.ParseKeys(k.raw)
	}
	if errors.Is(err, fs.ErrNotExist) && f.use == history.SignsEvidence { // another one can begin at any time
		err = nil
	}
	if err != nil {
		return exit.With(exit.Usage, fmt.Errorf("%s %s: %w", f.flag(), k.path, err))
	}
	k.by = n.Tenancy.Operator(f.use + " keys").Event(history.Event{Org: string(n.Tenancy.Root())})
	k.by.Reason = f.reason
	if k.keys != nil { // those of a time when the coming of keys was no event
		err = k.endorse(ctx, k.keys, false)
	}
	if err == nil {
		err = change(k)
	}
	return err
}

func (k *keyChange) endorse(ctx context.Context, keys *history.Keys, fresh bool) error {
	if err := keys.Endorse(ctx, k.node.DB, k.use, k.name, fresh, k.by); err != nil {
		return fmt.Errorf("%s %s: %s", k.flag(), k.path, exit.Message(err))
	}
	return nil
}

// add makes a key. The file has it before the log names it: a key that nobody has is never named,
// and one that the log does not name yet is named at the next start.
func (k *keyChange) add(ctx context.Context, out io.Writer) error {
	text, public, err := history.WithNewKey(k.raw, rand.Reader)
	if err != nil {
		return exit.With(exit.Usage, fmt.Errorf("%s %s: %w", k.flag(), k.path, err))
	}
	keys, err := history.ParseKeys(text)
	if err != nil {
		return err
	}
	if err := node.ReplaceFile(k.path, text); err != nil {
		return fmt.Errorf("%s: %w", k.flag(), err)
	}
	if err := k.endorse(ctx, keys, k.raw == nil); err != nil {
		return err
	}
	verifier, err := note.NewEd25519VerifierKey(k.name, public)
	if err == nil {
		fmt.Fprintln(out, verifier)
	}
	return err
}

func (k *keyChange) retire(ctx context.Context, out io.Writer, named string) error {
	key, err := k.find(ctx, named)
	if err != nil {
		return err
	}
	if k.use == history.SignsLog {
		if err := k.othersSign(ctx, key.Public); err != nil {
			return err
		}
	}
	done, err := history.Retire(ctx, k.node.DB, k.use, k.name, key.Public, k.by)
	if err != nil {
		return errors.New(exit.Message(err))
	}
	left, there, err := history.WithoutKey(k.raw, key.Public)
	if err == nil && there {
		err = node.ReplaceFile(k.path, left)
	}
	if err != nil {
		return fmt.Errorf("the log says that the key is retired, but it is still in %s: %w", k.path, err)
	}
	switch text, _ := key.VerifierKey(k.name); {
	case done:
		fmt.Fprintf(out, "%s is retired\n", text)
	default:
		fmt.Fprintf(out, "%s was retired before\n", text)
	}
	return nil
}

// find finds the key that an argument names, its public key or its id, among those of the log.
func (k *keyChange) find(ctx context.Context, named string) (key history.SigningKey, err error) {
	var list history.SigningKeys
	if err = k.node.DB.View(ctx, func(c *db.Conn) error { list, err = history.ReadSigningKeys(c); return err }); err != nil {
		return key, exit.With(exit.Database, errors.New(exit.Message(err)))
	}
	for _, key := range list.Of(k.use) {
		text, err := key.VerifierKey(k.name)
		if err != nil {
			return key, err
		}
		if id, _, _ := strings.Cut(strings.TrimPrefix(text, k.name+"+"), "+"); named == text || named == id {
			return key, nil
		}
	}
	return key, exit.With(exit.Usage, fmt.Errorf("the log names no key %s of its %s under %s", named, k.use, k.name))
}

// othersSign refuses to retire a key of the log unless another key that stays has signed the newest
// checkpoint: servers then have it, and whoever verifies finds it there.
func (k *keyChange) othersSign(ctx context.Context, public ed25519.PublicKey) error {
	state := node.LogState(node.LogStateFile(k.database, k.state))
	kept, err := state.Read()
	if err != nil {
		return exit.With(exit.Usage, err)
	}
	var newest history.Checkpoint
	var list history.SigningKeys
	err = k.node.DB.View(ctx, func(c *db.Conn) error {
		if newest, _, err = history.NewestCheckpoint(c); err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		list, err = history.ReadSigningKeys(c)
		return err
	})
	if err != nil {
		return errors.New(exit.Message(err))
	}
	for _, other := range list.Of(history.SignsLog) {
		if !other.Public.Equal(public) && other.Retired < 0 && k.keys.Has(other.Public) && newest.SignedBy(other.Public) {
			p, err := history.OpenPublisher(ctx, k.node.DB, k.node.Log, history.PublisherOptions{Keys: k.keys, Kept: kept, Keep: state.Keep})
			if err == nil {
				err = p.Cover(ctx, 0) // so that the key's last checkpoint is as late as can be
			}
			if err != nil {
				return errors.New(exit.Message(err))
			}
			return nil
		}
	}
	return errors.New("no other key of the file has signed the newest checkpoint yet: make one with tenure log new-key, " +
		"start the servers with it, and retire this one once they have signed")
}
