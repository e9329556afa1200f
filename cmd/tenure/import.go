package main

import (
	"errors"
	"os"

	"tenure/cmd/tenure/exit"
	"tenure/cmd/tenure/hydraimport"

	"github.com/spf13/cobra"
)

func importCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "import", Short: "Take over the clients of another system"}
	cmd.AddCommand(importHydraCommand())
	return cmd
}

func importHydraCommand() *cobra.Command {
	var f hydraimport.Options
	var config string
	cmd := &cobra.Command{
		Use:   "hydra FILE",
		Short: "Take over the clients of Ory Hydra",
		Long: `Takes over the clients of Ory Hydra from FILE: its SQLite file, with the secrets' hashes, or what
"hydra list clients --format json" and GET /admin/clients give, one client object, or one JSON value
after another; - for standard input. Running it again changes only what has changed in FILE.

--database writes into a database that no server is using (a new one is made ready first), --url into
a running server, which takes JSON only.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("url") && cmd.Flags().Changed("database") {
				return exit.With(exit.Usage, errors.New("--url and --database exclude each other"))
			}
			byURL := cmd.Flags().Changed("url")
			if err := settle(cmd); err != nil {
				return err
			}
			if !byURL && f.Database != "" {
				f.URL = ""
			}
			return hydraimport.Run(cmd.OutOrStdout(), os.Stderr, args[0], f)
		},
	}
	cmd.Flags().StringVar(&config, "config", "", "JSON file whose members are these flags")
	cmd.Flags().StringVar(&f.Database, "database", "", "SQLite file, or postgres://…, to write into while no server runs on it")
	cmd.Flags().StringVar(&f.SecretsKey, "secrets-key-file", "", "sealing key of client secrets, or none (default: beside a SQLite file)")
	cmd.Flags().StringVar(&f.URL, "url", "", "server to write into, such as http://127.0.0.1:8080")
	cmd.Flags().StringVar(&f.KeyFile, "api-key-file", "", "file with the API key for --url")
	cmd.Flags().StringVar(&f.Setup, "setup", "", "setup that the clients belong to (default: the owner's default setup)")
	cmd.Flags().StringVar(&f.Owner, "owner", "", "organization that owns new clients, by id or name (default: the setup's)")
	cmd.Flags().BoolVar(&f.DryRun, "dry-run", false, "report what would become of each client, and write nothing")
	cmd.Flags().StringVar(&f.Format, "format", "text", "report as text or json")
	return cmd
}
