package main

import (
	"os"

	"github.com/spf13/cobra"

	"tenure/cmd/tenure/bench"
)

func benchCommand() *cobra.Command {
	var f benchFlags
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure a server on this machine, beside a bare handler",
		Long: `Seeds a database, starts a server on it and a bare net/http handler beside it, asks both in turn, and
prints requests a second, the share of the bare handler's rate, the processor time of the server for a request,
latencies, and whether the targets are met. docs/performance.md explains the table.

The servers listen on loopback and end with the command. Without --keep and --database everything is
temporary. --keep makes later runs use the same clients again. A --database must be empty, or seeded by an
earlier run with the same --keep.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.bare {
				return bench.ServeBare(os.Stdin, cmd.OutOrStdout())
			}
			return bench.Run(cmd.OutOrStdout(), cmd.ErrOrStderr(), f.options())
		},
	}
	cmd.Flags().Uint64Var(&f.clients, "clients", 100_000, "clients stored before the first row, at least")
	cmd.Flags().Uint64Var(&f.organizations, "organizations", 1_000, "organizations of the tree; one path has the greatest depth")
	cmd.Flags().Uint64Var(&f.imported, "import-clients", 10_000, "clients of the file that is imported")
	cmd.Flags().Uint64Var(&f.connections, "connections", 32, "kept-alive connections of each row")
	cmd.Flags().Float64Var(&f.Seconds, "seconds", 3, "time for each row; the bare handler needs about half of it in addition")
	cmd.Flags().StringVar(&f.Program, "program", "", "program whose server is measured, to compare two versions (default: this one)")
	cmd.Flags().StringVar(&f.Database, "database", "", databaseHelp+" (default: a SQLite file in the folder of the run)")
	cmd.Flags().StringVar(&f.Keep, "keep", "", "folder that keeps the run's files for later ones (default: a temporary one)")
	cmd.Flags().Uint64Var(&f.nodes, "nodes", 1, "servers on one PostgreSQL database; connections are spread over them")
	cmd.Flags().DurationVar(&f.Distance, "distance", 0, "round trip between the servers and a PostgreSQL database that a proxy imitates")
	cmd.Flags().StringSliceVar(&f.Compare, "compare", nil, "another server to do the same creates, reads and lists: hydra=http://host:port of its admin API; the clients made there stay")
	cmd.Flags().StringSliceVar(&f.Only, "only", nil, "rows to measure, by name or first word, such as create,cold (default: all)")
	cmd.Flags().BoolVar(&f.JSON, "json", false, "print the result as JSON")
	cmd.Flags().BoolVar(&f.bare, "bare-handler", false, "")
	_ = cmd.Flags().MarkHidden("bare-handler")
	return cmd
}

// benchFlags are the options, and the numbers as flags have them.
type benchFlags struct {
	bench.Options
	clients, organizations, imported, connections, nodes uint64
	bare                                                 bool
}

func (f benchFlags) options() bench.Options {
	o := f.Options
	o.Clients, o.Organizations, o.Imported = int(f.clients), int(f.organizations), int(f.imported)
	o.Connections, o.Nodes = int(f.connections), int(f.nodes)
	return o
}
