package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"tenure"
	"tenure/cmd/tenure/node"
)

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of the program and of the database schema that it uses",
		Args:  noArguments,
		Run:   func(cmd *cobra.Command, _ []string) { printVersion(cmd.OutOrStdout()) },
	}
}

func printVersion(out io.Writer) {
	fmt.Fprintf(out, "tenure %s\nschema %d, migrates from schema %d on\n", node.Version(), tenure.SchemaVersion, tenure.OldestSchema)
}
