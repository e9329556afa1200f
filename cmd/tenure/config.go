package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"tenure/cmd/tenure/exit"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// settle fills the flags that the command line leaves out: from TENURE_…
// variables, then from the JSON file that --config names, whose members are
// the flags' names.
func settle(cmd *cobra.Command) error {
	file, err := configFile(cmd)
	if err != nil {
		return exit.With(exit.Usage, err)
	}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Changed || f.Name == "help" || err != nil {
			return
		}
		variable := "TENURE_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		value, from := os.Getenv(variable), variable
		if value == "" {
			var there bool
			if value, there = file[f.Name]; !there {
				return
			}
			from = f.Name + " in the config file"
		}
		if bad := cmd.Flags().Set(f.Name, value); bad != nil {
			err = exit.With(exit.Usage, fmt.Errorf("%s: %w", from, bad))
		}
	})
	if err != nil {
		return err
	}
	for name := range file {
		if cmd.Flags().Lookup(name) == nil {
			return exit.With(exit.Usage, fmt.Errorf("the config file has %q, which is no flag of tenure %s", name, cmd.Name()))
		}
	}
	return nil
}

func configFile(cmd *cobra.Command) (map[string]string, error) {
	path, err := cmd.Flags().GetString("config")
	if err != nil {
		return nil, nil // the command takes none
	}
	if path == "" {
		path = os.Getenv("TENURE_CONFIG")
	}
	if path == "" {
		return nil, nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("config file: %w", err)
	}
	var members map[string]any
	if err := json.Unmarshal(raw, &members); err != nil {
		return nil, fmt.Errorf("config file %s: %w", path, err)
	}
	values := make(map[string]string, len(members))
	for name, v := range members {
		values[name] = fmt.Sprint(v)
	}
	return values, nil
}
