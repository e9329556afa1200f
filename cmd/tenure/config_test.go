package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tenure/cmd/tenure/exit"
)

// leaves are the commands that do something, each by its path below tenure.
func leaves(cmd *cobra.Command) (paths []string) {
	if cmd.Runnable() {
		_, path, _ := strings.Cut(cmd.CommandPath(), " ")
		paths = append(paths, path)
	}
	for _, below := range cmd.Commands() {
		paths = append(paths, leaves(below)...)
	}
	return paths
}

// leaf is a command with its flags as they are before a run.
func leaf(t *testing.T, path string) *cobra.Command {
	t.Helper()
	cmd, rest, err := commandTree().Find(strings.Fields(path))
	if err != nil || len(rest) > 0 {
		t.Fatalf("%s: %v %v", path, rest, err)
	}
	return cmd
}

// settings are the flags of a command that a variable or the config file sets.
func settings(cmd *cobra.Command) (flags []*pflag.Flag) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Name != "config" && f.Name != "help" && !f.Hidden { // a hidden one only names its successor
			flags = append(flags, f)
		}
	})
	return flags
}

// valueOf is a flag's value: a list, or its text.
func valueOf(f *pflag.Flag) any {
	if list, ok := f.Value.(pflag.SliceValue); ok {
		return slices.Clone(list.GetSlice())
	}
	return f.Value.String()
}

// writeConfig writes the config file of a test into dir.
func writeConfig(t *testing.T, dir, text string) string {
	t.Helper()
	path := filepath.Join(dir, "config.json")
	must(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// configSamples are members of a config file, and what flags of each type are
// then; nil where a type refuses the member.
var configSamples = []struct {
	json  string
	wants map[string]any
}{
	{`"text"`, map[string]any{"string": "text"}},
	{`"a,b c"`, map[string]any{"string": "a,b c"}},
	{`"90s"`, map[string]any{"string": "90s", "duration": "1m30s"}},
	{`"8"`, map[string]any{"string": "8"}},
	{`"2048KiB"`, map[string]any{"string": "2048KiB", "size": "2MiB"}},
	{`"0MiB"`, map[string]any{"string": "0MiB"}},
	{`"9999999999GiB"`, map[string]any{"string": "9999999999GiB"}},
	{`"true"`, map[string]any{"string": "true"}},
	{`true`, map[string]any{"bool": "true"}},
	{`false`, map[string]any{"bool": "false"}},
	{`8`, map[string]any{"uint64": "8", "float64": "8"}},
	{`1000000`, map[string]any{"uint64": "1000000", "float64": "1e+06"}},
	{`12345678901234567890`, map[string]any{"uint64": "12345678901234567890", "float64": "1.2345678901234567e+19"}},
	{`123456789012345678901`, map[string]any{"float64": "1.2345678901234568e+20"}},
	{`1e6`, map[string]any{"float64": "1e+06"}},
	{`1.5`, map[string]any{"float64": "1.5"}},
	{`-1`, map[string]any{"float64": "-1"}},
	{`1e999`, nil},
	{`null`, nil},
	{`{}`, nil},
	{`{"a":"b"}`, nil},
	{`["10.0.0.0/8","::1/128"]`, map[string]any{"stringSlice": []string{"10.0.0.0/8", "::1/128"}, "stringArray": []string{"10.0.0.0/8", "::1/128"}}},
	{`["a,b"]`, map[string]any{"stringSlice": []string{"a,b"}, "stringArray": []string{"a,b"}}},
	{`[]`, map[string]any{"stringSlice": []string{}, "stringArray": []string{}}},
	{`["a",1]`, nil},
	{`[null]`, nil},
	{`[["a"]]`, nil},
}

// TestMembersOfTheConfigFile: every flag of every command takes exactly the
// JSON of its type, as it is; everything else is refused with its member named.
func TestMembersOfTheConfigFile(t *testing.T) {
	dir := t.TempDir()
	types := []string{"string", "bool", "uint64", "float64", "duration", "size", "stringSlice", "stringArray"}
	tried := 0
	for _, path := range leaves(commandTree()) {
		for _, setting := range settings(leaf(t, path)) {
			kind, name := setting.Value.Type(), setting.Name
			if !slices.Contains(types, kind) {
				t.Errorf("--%s of %s is a %s: say in configSamples what it takes", name, path, kind)
			}
			for _, sample := range configSamples {
				tried++
				cmd := leaf(t, path)
				f := cmd.Flags().Lookup(name)
				must(t, cmd.Flags().Set("config", writeConfig(t, dir, fmt.Sprintf("{%q: %s}", name, sample.json))))
				err := fillFlags(cmd)
				code, _ := exit.Code(err)
				want := sample.wants[kind]
				switch {
				case want != nil && (err != nil || fmt.Sprint(valueOf(f)) != fmt.Sprint(want)):
					t.Errorf("%s: %q: %s is %q, %v; want %q", path, name, sample.json, valueOf(f), err, want)
				case want == nil && (code != exit.Usage || !strings.Contains(err.Error(), name+" must be ")):
					t.Errorf("%s: %q: %s is taken as %q, %v", path, name, sample.json, valueOf(f), err)
				}
			}
		}
	}
	if tried < 500 {
		t.Errorf("only %d members tried", tried)
	}
}

// TestVariables: every flag of every command is set by its variable, and a
// value that its type does not take is refused with the variable named.
func TestVariables(t *testing.T) {
	dir := t.TempDir()
	samples := map[string]struct {
		text    string
		want    any
		refused string
	}{
		"string":      {"a,b", "a,b", ""},
		"bool":        {"true", "true", "perhaps"},
		"uint64":      {"1000000", "1000000", "1e+06"},
		"float64":     {"0.5", "0.5", "half"},
		"duration":    {"90s", "1m30s", "90"},
		"size":        {"2048KiB", "2MiB", "2048"},
		"stringSlice": {"10.0.0.0/8,::1/128", []string{"10.0.0.0/8", "::1/128"}, `"half`},
		"stringArray": {"a,b", []string{"a,b"}, ""},
	}
	for _, path := range leaves(commandTree()) {
		for _, setting := range settings(leaf(t, path)) {
			name, sample := setting.Name, samples[setting.Value.Type()]
			variable := "TENURE_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
			t.Run(path+" "+variable, func(t *testing.T) {
				t.Setenv(variable, sample.text)
				cmd := leaf(t, path)
				// The variable comes before the file.
				must(t, cmd.Flags().Set("config", writeConfig(t, dir, "{}")))
				if err := fillFlags(cmd); err != nil || fmt.Sprint(valueOf(cmd.Flags().Lookup(name))) != fmt.Sprint(sample.want) {
					t.Errorf("%s is %q, %v", sample.text, valueOf(cmd.Flags().Lookup(name)), err)
				}
				if sample.refused == "" {
					return
				}
				t.Setenv(variable, sample.refused)
				err := fillFlags(leaf(t, path))
				if code, _ := exit.Code(err); code != exit.Usage || !strings.Contains(err.Error(), variable+" must be ") {
					t.Errorf("%s: %v", sample.refused, err)
				}
			})
		}
	}
}

// TestUnknownMembers: a member that is no flag of the command is refused, and
// the flag that was meant is named.
func TestUnknownMembers(t *testing.T) {
	dir := t.TempDir()
	for _, path := range leaves(commandTree()) {
		for _, setting := range settings(leaf(t, path)) {
			mistyped := mistype(setting.Name)
			cmd := leaf(t, path)
			must(t, cmd.Flags().Set("config", writeConfig(t, dir, fmt.Sprintf(`{%q: 1}`, mistyped))))
			err := fillFlags(cmd)
			if code, _ := exit.Code(err); code != exit.Usage || !strings.Contains(err.Error(), fmt.Sprintf("%q for tenure %s; did you mean %q?", mistyped, path, setting.Name)) {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
}

// TestMembersOfAnotherCommand: a member that is like no flag is answered with all
// that can be set.
func TestMembersOfAnotherCommand(t *testing.T) {
	cmd := leaf(t, "check")
	must(t, cmd.Flags().Set("config", writeConfig(t, t.TempDir(), `{"cache-max-age": "1s"}`)))
	if err := fillFlags(cmd); err == nil || !strings.Contains(err.Error(), `"cache-max-age" for tenure check; it can set database, keys, log-key`) {
		t.Errorf("%v", err)
	}
}

// TestConfigFiles that are no JSON object of settings.
func TestConfigFiles(t *testing.T) {
	dir := t.TempDir()
	for text, says := range map[string]string{
		``:                               "must be a JSON object",
		`[]`:                             "must be a JSON object",
		`{"listen": "a"`:                 "its JSON ends too early",
		`{"listen": "a"} {}`:             "nothing more",
		`{"listen": "a", "listen": "b"}`: `"listen" must not be repeated`,
		`{"config": "other.json"}`:       `unknown member "config"`,
		`{"help": true}`:                 `unknown member "help"`,
		`{"Listen": "a"}`:                `unknown member "Listen" for tenure serve; did you mean "listen"?`,
	} {
		cmd := leaf(t, "serve")
		must(t, cmd.Flags().Set("config", writeConfig(t, dir, text)))
		err := fillFlags(cmd)
		if code, _ := exit.Code(err); code != exit.Usage || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "config.json") {
			t.Errorf("%s: %v", text, err)
		}
	}
	cmd := leaf(t, "serve")
	must(t, cmd.Flags().Set("config", filepath.Join(t.TempDir(), "none")))
	if code, _ := exit.Code(fillFlags(cmd)); code != exit.Usage {
		t.Errorf("a file that is not there: %d", code)
	}
}

// TestTheCommandLineComesFirst, then variables, then the config file.
func TestTheCommandLineComesFirst(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TENURE_CONFIG", writeConfig(t, dir, `{"listen": "file:1", "info": "file", "log-level": "file"}`))
	t.Setenv("TENURE_LISTEN", "variable:1")
	t.Setenv("TENURE_INFO", "variable")
	cmd := leaf(t, "serve")
	must(t, cmd.Flags().Set("listen", "line:1"))
	must(t, fillFlags(cmd))
	got := map[string]string{}
	for _, name := range []string{"listen", "info", "log-level", "database"} {
		got[name] = cmd.Flags().Lookup(name).Value.String()
	}
	raw, err := json.Marshal(got)
	if want := `{"database":"tenure.db","info":"variable","listen":"line:1","log-level":"file"}`; err != nil || string(raw) != want {
		t.Errorf("%s, want %s", raw, want)
	}
	if cmd.Flags().Changed("info") || !cmd.Flags().Changed("listen") {
		t.Error("the flags of the command line cannot be told from the others")
	}
}
