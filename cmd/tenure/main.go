// Command tenure serves OAuth 2.0 / OpenID Connect client configuration with
// versioned snapshots, and has the commands that its operators need.
//
// It has one file for each command, which turns flags into one call. What
// several commands share is in the packages below: node (a running
// installation), upkeep (migration and backup), hydraimport, demo, and exit (the
// exit codes). Together they may import everything of ours, and only they may make an operator's scope
// (tenancy.Store.Operator).
package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"tenure/cmd/tenure/exit"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run runs a command line and returns its exit code.
func run(args []string, stdout, stderr io.Writer) int {
	root := commandTree()
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := execute(root, args)
	if err == nil {
		return 0
	}
	fmt.Fprintln(stderr, "tenure:", strings.ReplaceAll(err.Error(), "\n\t", " ")) // a driver lists what it tried in lines of its own
	if code, given := exit.Code(err); given {
		return code
	}
	return exit.Failure
}

// commandTree is the tree of commands.
func commandTree() *cobra.Command {
	root := &cobra.Command{
		Use:           "tenure",
		Short:         "OAuth 2.0 / OpenID Connect client configuration with versioned snapshots",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetFlagErrorFunc(flagError)
	root.SetHelpCommand(helpCommand())
	root.AddCommand(serveCommand(), devCommand(), checkCommand(), verifyCommand(), eraseCommand(), importCommand(), logCommand(), evidenceCommand(), secretsCommand(),
		migrateCommand(), backupCommand(), restoreCommand(), benchCommand(), versionCommand())
	prepare(root)
	return root
}
