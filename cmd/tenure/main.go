// Command tenure serves OAuth 2.0 / OpenID Connect client configuration with
// versioned snapshots, and does its operators' work.
//
// It owns all wiring: configuration to database, stores, surfaces and
// listener. One file a noun. It may import everything of ours, and it alone
// may make an operator's scope (tenancy.Store.Operator).
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

// Exit codes.
const (
	exitFailure  = 1
	exitUsage    = 2 // a flag, variable or config file that is not understood
	exitDatabase = 3 // the database cannot be opened, or is in use
	exitListen   = 4 // the address cannot be listened on
	exitProblems = 5 // the consistency check found something
	exitRefused  = 6 // the database is behind the log that was published, or has another

	exitUnreachable = 7 // a log that is watched does not answer
	exitProof       = 9 // a proof or a signature does not hold
)

// exit is an error with the code that the program ends with.
type exit struct {
	code int
	err  error
}

func (e *exit) Error() string { return e.err.Error() }
func (e *exit) Unwrap() error { return e.err }

func main() {
	os.Exit(run(os.Args[1:]))
}

func run(args []string) int {
	root := &cobra.Command{
		Use:           "tenure",
		Short:         "OAuth 2.0 / OpenID Connect client configuration with versioned snapshots",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetArgs(args)
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return &exit{exitUsage, fmt.Errorf("%w; see tenure %s --help", err, cmd.Name())}
	})
	understood := false
	root.PersistentPreRun = func(*cobra.Command, []string) { understood = true }
	root.AddCommand(serveCommand(), devCommand(), checkCommand(), verifyCommand(), eraseCommand(), importCommand(), logCommand(),
		migrateCommand(), backupCommand(), restoreCommand(), versionCommand())
	err := root.Execute()
	if err == nil {
		return 0
	}
	fmt.Fprintln(os.Stderr, "tenure:", err)
	var e *exit
	if errors.As(err, &e) {
		return e.code
	}
	if !understood { // what cobra itself refuses: an unknown command or argument
		return exitUsage
	}
	return exitFailure
}
