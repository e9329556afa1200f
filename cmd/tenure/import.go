package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"tenure/cmd/tenure/exit"
	"tenure/cmd/tenure/hydraimport"
)

func importCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "import", Short: "Import the clients of another system"}
	cmd.AddCommand(importHydraCommand())
	return cmd
}

func importHydraCommand() *cobra.Command {
	var f hydraimport.Options
	var jobs uint64
	cmd := &cobra.Command{
		Use:   "hydra FILE",
		Short: "Import the clients of Ory Hydra",
		Long: `Imports the clients of Ory Hydra from FILE, or from standard input if FILE is -. FILE is Hydra's SQLite
database, with the hashes of the secrets, or JSON: the output of "hydra list clients --format json" or of
GET /admin/clients, a single client, or several such values one after another. Importing again changes
only what has changed in FILE.

With --database it writes into a database that no server is using, and prepares a new one first. With
--url it writes into a running server; it can then import JSON only.`,
		Args: oneArgument("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("url") && cmd.Flags().Changed("database") {
				return exit.With(exit.Usage, errors.New("--url and --database must not be given together"))
			}
			if !cmd.Flags().Changed("url") && f.Database != "" {
				f.URL = ""
			}
			if f.URL != "" && f.KeyFile == "" {
				return exit.With(exit.Usage, errors.New("--api-key-file is required with --url"))
			}
			f.Jobs = int(min(jobs, hydraimport.MostJobs+1)) // Run refuses too many
			return hydraimport.Run(cmd.OutOrStdout(), cmd.ErrOrStderr(), args[0], f)
		},
	}
	cmd.Flags().StringVar(&f.Database, "database", "", "database to import into, on which no server may be running: "+databaseHelp)
	secretsKeyFlag(cmd.Flags(), &f.SecretsKey)
	cmd.Flags().StringVar(&f.URL, "url", "", "URL of a running server to import into, such as http://127.0.0.1:8080")
	cmd.Flags().StringVar(&f.KeyFile, "api-key-file", "", "file with the API key for --url")
	cmd.Flags().StringVar(&f.Setup, "setup", "", "setup that the clients belong to (default: the owner's default setup)")
	cmd.Flags().StringVar(&f.Owner, "owner", "", "organization that owns new clients, by id or name (default: the setup's owner)")
	cmd.Flags().BoolVar(&f.DryRun, "dry-run", false, "report what would happen to each client, and write nothing")
	cmd.Flags().Uint64Var(&f.MaxCost, "max-cost", hydraimport.DefaultCost, "highest cost of a bcrypt hash that is imported; each step doubles the time to verify it")
	cmd.Flags().Uint64Var(&jobs, "jobs", 0, fmt.Sprintf("clients worked on at the same time, at most %d; with --url as many connections (default %d, with --url %d)",
		hydraimport.MostJobs, hydraimport.DefaultJobs, hydraimport.ServerJobs))
	cmd.Flags().BoolVar(&f.Progress, "progress", false, "write the progress to standard error every 10 seconds even if that is no terminal")
	cmd.Flags().StringVar(&f.Format, "format", "text", "format of the report: text or json")
	return cmd
}
