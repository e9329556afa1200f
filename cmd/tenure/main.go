// Command tenure serves OAuth 2.0 / OpenID Connect client configuration with
// versioned snapshots, and does its operators' work.
//
// It has one file for each command, which turns flags into one call. What
// several commands share is in the packages beside it: node (a running
// installation), hydraimport, demo, and exit (the exit codes). Together they
// may import everything of ours, and they alone may make an operator's scope
// (tenancy.Store.Operator).
package main

import (
	"fmt"
	"os"

	"tenure/cmd/tenure/exit"

	"github.com/spf13/cobra"
)

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
		return exit.With(exit.Usage, fmt.Errorf("%w; see tenure %s --help", err, cmd.Name()))
	})
	understood := false
	root.PersistentPreRun = func(*cobra.Command, []string) { understood = true }
	root.AddCommand(serveCommand(), devCommand(), checkCommand(), verifyCommand(), eraseCommand(), importCommand(), logCommand())
	err := root.Execute()
	if err == nil {
		return 0
	}
	fmt.Fprintln(os.Stderr, "tenure:", err)
	if code, known := exit.Code(err); known {
		return code
	}
	if !understood { // what cobra itself refuses: an unknown command or argument
		return exit.Usage
	}
	return exit.Failure
}
