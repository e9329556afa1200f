package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tenure/cmd/tenure/exit"
)

const configFlag = "config"

// addConfig gives a command its --config flag, and fills its other flags from
// the environment and the config file before it runs.
func addConfig(cmd *cobra.Command) {
	cmd.Flags().String(configFlag, "", "JSON file that sets these flags: its members are their names")
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error { return fillFlags(cmd) }
}

// fillFlags sets the flags that the command line leaves out: from TENURE_…
// variables, then from the JSON file that --config names. Afterwards, too, only
// flags of the command line are marked as changed.
func fillFlags(cmd *cobra.Command) error {
	path, _ := cmd.Flags().GetString(configFlag)
	if path == "" {
		path = os.Getenv(variableName(configFlag))
	}
	var members map[string]any
	if path != "" {
		var err error
		if members, err = readConfig(path, cmd); err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				err = errors.New("its JSON ends too early")
			}
			return exit.With(exit.Usage, fmt.Errorf("config file %s: %w", path, err))
		}
	}
	var err error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Changed || !configurable(f) || err != nil {
			return
		}
		if text := os.Getenv(variableName(f.Name)); text != "" {
			if f.Value.Set(text) != nil {
				err = fmt.Errorf("%s must be %s", variableName(f.Name), flagTypes[f.Value.Type()].text)
			}
		} else if value, given := members[f.Name]; given && !setMember(f, value) {
			err = fmt.Errorf("config file %s: %s must be %s", path, f.Name, flagTypes[f.Value.Type()].member)
		}
	})
	return exit.With(exit.Usage, err)
}

// configurable reports whether the environment and the config file can set a flag.
func configurable(f *pflag.Flag) bool { return f.Name != configFlag && f.Name != "help" }

// variableName is the environment variable that sets a flag.
func variableName(flag string) string {
	return "TENURE_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// flagTypes says what a flag takes, by its type: as text on the command line
// and in the environment, and as a member of the config file.
var flagTypes = map[string]struct{ text, member string }{
	"string":      {"a text", "a string"},
	"bool":        {"true or false", "true or false"},
	"uint64":      {"a whole number, 0 or more", "a whole number, 0 or more"},
	"float64":     {"a number", "a number"},
	"duration":    {"a duration such as 90s or 1h30m", `a string with a duration, such as "90s" or "1h30m"`},
	"size":        {"a size such as 128MiB", `a string with a size, such as "128MiB"`},
	"stringSlice": {"a list, separated by commas", "a list of strings"},
	"stringArray": {"a text", "a list of strings"},
}

// setMember sets a flag from a member of the config file, and reports whether
// the flag's type takes it. Numbers keep the digits that the file has.
func setMember(f *pflag.Flag, value any) bool {
	kind := f.Value.Type()
	switch v := value.(type) {
	case string:
		return (kind == "string" || kind == "duration" || kind == "size") && f.Value.Set(v) == nil
	case bool:
		return kind == "bool" && f.Value.Set(strconv.FormatBool(v)) == nil
	case json.Number:
		return (kind == "uint64" || kind == "float64") && f.Value.Set(v.String()) == nil
	case []any:
		list, takesList := f.Value.(pflag.SliceValue)
		texts := make([]string, len(v))
		for i := range v {
			text, ok := v[i].(string)
			if !ok {
				return false
			}
			texts[i] = text
		}
		return takesList && list.Replace(texts) == nil
	}
	return false
}

// readConfig reads the members of a config file. Each must be a flag of cmd.
func readConfig(path string, cmd *cobra.Command) (map[string]any, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	start, err := dec.Token()
	if errors.Is(err, io.EOF) || err == nil && start != json.Delim('{') {
		err = errors.New("it must be a JSON object")
	}
	if err != nil {
		return nil, err
	}
	members := map[string]any{}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil, err
		}
		var value any
		if err := dec.Decode(&value); err != nil {
			return nil, err
		}
		if err := addMember(members, fmt.Sprint(name), value, cmd); err != nil {
			return nil, err
		}
	}
	if _, err := dec.Token(); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("it must be one JSON object and nothing more")
	}
	return members, nil
}

func addMember(members map[string]any, name string, value any, cmd *cobra.Command) error {
	if name == configFlag {
		return fmt.Errorf("unknown member %q: a config file cannot name another", name)
	}
	if f := cmd.Flags().Lookup(name); f == nil || !configurable(f) {
		return fmt.Errorf("unknown member %q for %s; %s", name, cmd.CommandPath(), meant(name, flagNames(cmd), "%q", "it can set "))
	}
	if _, twice := members[name]; twice {
		return fmt.Errorf("member %q must not be repeated", name)
	}
	members[name] = value
	return nil
}

// flagNames are the flags of a command that the config file can set, without those
// that are only there to be refused.
func flagNames(cmd *cobra.Command) (names []string) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if configurable(f) && !f.Hidden {
			names = append(names, f.Name)
		}
	})
	return names
}
