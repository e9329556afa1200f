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
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"

	"tenure/cmd/tenure/exit"
	"tenure/cmd/tenure/node"
	"tenure/tenancy/history"
	"tenure/tenancy/history/witness"
)

// witnessPeers reads the values of --witness of a server.
func witnessPeers(texts []string) ([]witness.Peer, error) {
	if len(texts) > witness.MaxPeers {
		return nil, exit.With(exit.Usage, fmt.Errorf("--witness: more than %d", witness.MaxPeers))
	}
	peers := make([]witness.Peer, len(texts))
	for i, text := range texts {
		var err error
		if peers[i], err = witness.ParsePeer(text); err != nil {
			return nil, exit.With(exit.Usage, fmt.Errorf("--witness %s: %w", text, err))
		}
	}
	return peers, nil
}

// witnessKeys reads the values of --witness of tenure verify.
func witnessKeys(texts []string) ([]note.Verifier, error) {
	list := make([]note.Verifier, len(texts))
	for i, text := range texts {
		var err error
		if list[i], err = witness.ParseKey(text); err != nil {
			return nil, exit.With(exit.Usage, fmt.Errorf("--witness %s: %w", text, err))
		}
	}
	return list, nil
}

type witnessFlags struct {
	listen, tlsCert, tlsKey, name, keyFile, state string
	logs                                          []string
}

func logWitnessCommand() *cobra.Command {
	var f witnessFlags
	cmd := &cobra.Command{
		Use:   "witness",
		Short: "Be a witness of logs: cosign their checkpoints, and never two histories",
		Long: `Answers C2SP tlog-witness. It keeps the latest checkpoint of each log in --state, and cosigns only what
goes on from there. Run it where the operator of the log has no access. It makes the key file and the
state at its first start, and does not start with a key that is there and a state that is not: it
would not know what it has cosigned.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return beWitness(cmd.OutOrStdout(), f) },
	}
	cmd.Flags().StringVar(&f.listen, "listen", "127.0.0.1:8090", "address to listen on")
	cmd.Flags().StringVar(&f.tlsCert, "tls-cert", "", "PEM file with the certificate chain; with --tls-key it serves HTTPS")
	cmd.Flags().StringVar(&f.tlsKey, "tls-key", "", "PEM file with the key of --tls-cert")
	cmd.Flags().StringVar(&f.name, "name", "", "name of the witness in its key, such as witness.example.org (required)")
	cmd.Flags().StringVar(&f.keyFile, "key-file", "", "file with the witness's key, a line as in a log's key file (required)")
	cmd.Flags().StringVar(&f.state, "state", "", "file that keeps the latest checkpoint of each log (required)")
	cmd.Flags().StringArrayVar(&f.logs, "log", nil, "public key of a log that is cosigned, as tenure log key prints it; may be repeated (required)")
	return cmd
}

func beWitness(out io.Writer, f witnessFlags) error {
	if f.name == "" || f.keyFile == "" || f.state == "" || len(f.logs) == 0 {
		return exit.With(exit.Usage, errors.New("--name, --key-file, --state and --log are required"))
	}
	w, key, err := openWitness(f)
	if err != nil {
		return exit.With(exit.Usage, err)
	}
	config, err := node.LoadTLS(f.tlsCert, f.tlsKey)
	if err != nil {
		return exit.With(exit.Usage, err)
	}
	l, err := node.Listen(f.listen)
	if err != nil {
		return err
	}
	log, _, err := node.NewLog("error", "")
	if err != nil {
		return errors.Join(err, l.Close())
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	fmt.Fprintf(out, "%s\ntenure witnesses %d logs on %s\n", key, len(f.logs), node.Address(l, config))
	return node.ServeAlone(ctx, log, node.Endpoint{Listener: l, Handler: w, TLS: config})
}

// openWitness reads the key and the state of a witness, or makes both, and returns its public key too.
func openWitness(f witnessFlags) (*witness.Witness, string, error) {
	logs := make([]note.Verifier, len(f.logs))
	for i, text := range f.logs {
		var err error
		if logs[i], err = note.NewVerifier(text); err != nil {
			return nil, "", fmt.Errorf("--log %s: %w", text, err)
		}
	}
	state, err := os.ReadFile(f.state)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, "", fmt.Errorf("--state: %w", err)
	}
	raw, err := os.ReadFile(f.keyFile)
	switch {
	case errors.Is(err, fs.ErrNotExist) && state == nil:
		if raw, err = history.NewKeyFile(rand.Reader); err == nil {
			err = node.CreateFile(f.keyFile, raw)
		}
		if err == nil { // now, so that a state that is lost later is noticed
			state = []byte("{}")
			err = node.ReplaceFile(f.state, state)
		}
	case err == nil && state == nil:
		return nil, "", fmt.Errorf("--state: %s is not there, though the key is: without it the witness would cosign another history; use a new key", f.state)
	}
	if err != nil {
		return nil, "", fmt.Errorf("--key-file: %w", err)
	}
	keys, err := history.ParseKeys(raw)
	if err != nil {
		return nil, "", fmt.Errorf("--key-file %s: %w", f.keyFile, err)
	}
	key, err := keys.Only()
	if err != nil {
		return nil, "", fmt.Errorf("--key-file %s: %w", f.keyFile, err)
	}
	w, err := witness.NewWitness(f.name, key, logs, state, func(state []byte) error { return node.ReplaceFile(f.state, state) })
	if err != nil {
		return nil, "", err
	}
	return w, witness.VerifierKey(f.name, key.Public().(ed25519.PublicKey)), nil
}
