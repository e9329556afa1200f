package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"tenure/cmd/tenure/exit"
)

// refused runs a command line that must end with exit code 2, and returns what
// it says on standard error. It must say nothing on standard output.
func refused(t *testing.T, args ...string) string {
	t.Helper()
	var out, says bytes.Buffer
	if code := run(args, &out, &says); code != exit.Usage || out.Len() > 0 || !strings.HasPrefix(says.String(), "tenure: ") {
		t.Errorf("tenure %s: exit %d; on standard output: %q; on standard error: %q", strings.Join(args, " "), code, out.String(), says.String())
	}
	return says.String()
}

// groups are the commands that need another one, each as its path below tenure.
func groups(cmd *cobra.Command) (all []*cobra.Command) {
	if !cmd.Runnable() {
		all = append(all, cmd)
	}
	for _, below := range cmd.Commands() {
		all = append(all, groups(below)...)
	}
	return all
}

func pathOf(cmd *cobra.Command) []string { return strings.Fields(cmd.CommandPath())[1:] }

// swapped is a name with two letters in the wrong order.
func swapped(name string) string {
	for i := 1; i < len(name); i++ {
		if name[i] != name[i-1] {
			return name[:i-1] + string(name[i]) + string(name[i-1]) + name[i+1:]
		}
	}
	return name + "x"
}

// TestUnknownCommands: for every command that needs another one, a word that
// is none ends with 2 and the name that is near or all names, and so does its absence.
func TestUnknownCommands(t *testing.T) {
	for _, group := range groups(commandTree()) {
		path := pathOf(group)
		var names []string
		for _, below := range group.Commands() {
			names = append(names, below.Name())
		}
		if says := refused(t, path...); !strings.Contains(says, "needs a command: "+strings.Join(names, ", ")) {
			t.Errorf("%v: %s", path, says)
		}
		for _, args := range [][]string{{"nonsense"}, {"nonsense", "--database", "x", "more"}, {"nonsense", "--help"}, {""}} {
			says := refused(t, slices.Concat(path, args)...)
			if !strings.Contains(says, "; its commands are "+strings.Join(names, ", ")) {
				t.Errorf("%v %v: %s", path, args, says)
			}
		}
		for _, name := range names {
			for _, mistyped := range []string{name[:len(name)-1], swapped(name), strings.ToUpper(name)} {
				if says := refused(t, append(path[:len(path):len(path)], mistyped)...); !strings.Contains(says, fmt.Sprintf("unknown command %q for %s; did you mean %q?", mistyped, group.CommandPath(), name)) {
					t.Errorf("%v %s: %s", path, mistyped, says)
				}
			}
		}
		if says := refused(t, append(path[:len(path):len(path)], "--nonsense")...); !strings.Contains(says, "unknown flag: --nonsense for "+group.CommandPath()) {
			t.Errorf("%v: %s", path, says)
		}
	}
	for _, c := range []struct{ line, says string }{
		{"help nonsense", `unknown command "nonsense" for tenure; its commands are `},
		{"help wach", `unknown command "wach" for tenure; its commands are `},
		{"--version", `did you mean the command "version"?`},
		{"backup verfy x", `unknown command "verfy" for tenure backup; did you mean "verify"?`},
	} {
		if says := refused(t, strings.Fields(c.line)...); !strings.Contains(says, c.says) {
			t.Errorf("%s: %s", c.line, says)
		}
	}
	if says := refused(t, "help", "log", "wach"); !strings.Contains(says, `did you mean "watch"?`) {
		t.Error(says)
	}
}

// TestUnexpectedArguments: for every command that does something, an argument
// too many and one too few.
func TestUnexpectedArguments(t *testing.T) {
	for _, path := range leaves(commandTree()) {
		words := strings.Fields(path)
		taken, required := []string(nil), leaf(t, path).Args(leaf(t, path), nil) != nil
		if required {
			if says := refused(t, words...); !strings.Contains(says, "tenure "+path+" needs an argument: ") {
				t.Errorf("%s: %s", path, says)
			}
			taken = []string{"given"}
		}
		if says := refused(t, slices.Concat(words, taken, []string{"nonsense", "more"})...); !strings.Contains(says, `unexpected argument "nonsense" for tenure `+path) {
			t.Errorf("%s: %s", path, says)
		}
		for _, f := range settings(leaf(t, path)) {
			if says := refused(t, slices.Concat(words, taken, []string{f.Name})...); !strings.Contains(says, fmt.Sprintf("unexpected argument %q for tenure %s; did you mean --%s?\n", f.Name, path, f.Name)) {
				t.Errorf("%s %s: %s", path, f.Name, says)
			}
		}
	}
}

// mistype is a name with a wrong last letter; a short one, of which half would be
// wrong, gets a letter too many.
func mistype(name string) string {
	if len(name) > 2 {
		name = name[:len(name)-1]
	}
	return name + "x"
}

// TestUnknownFlags: for every flag, a mistyped one names it.
func TestUnknownFlags(t *testing.T) {
	for _, path := range leaves(commandTree()) {
		if says := refused(t, append(strings.Fields(path), "--hepl")...); !strings.Contains(says, "unknown flag: --hepl for tenure "+path+"; did you mean --") {
			t.Errorf("%s: %s", path, says)
		}
		for _, f := range settings(leaf(t, path)) {
			mistyped := "--" + mistype(f.Name)
			if says := refused(t, append(strings.Fields(path), mistyped+"=1")...); !strings.Contains(says, fmt.Sprintf("unknown flag: %s for tenure %s; did you mean --%s?", mistyped, path, f.Name)) {
				t.Errorf("%s %s: %s", path, mistyped, says)
			}
		}
	}
	if says := refused(t, "serve", "-listen", "x"); !strings.Contains(says, "did you mean --listen?") {
		t.Error(says)
	}
}

// TestHelp: help is asked for, is on standard output, and ends with 0.
func TestHelp(t *testing.T) {
	usages := map[string]string{}
	for _, group := range groups(commandTree()) {
		usages[strings.Join(pathOf(group), " ")] = group.CommandPath() + " [command]"
	}
	for _, path := range leaves(commandTree()) {
		usages[path] = "tenure " + strings.TrimSuffix(path, leaf(t, path).Name()) + leaf(t, path).Use
	}
	for at, usage := range usages {
		path := strings.Fields(at)
		var texts []string
		for _, args := range [][]string{append(path[:len(path):len(path)], "--help"), append([]string{"help"}, path...)} {
			var out, says bytes.Buffer
			if code := run(args, &out, &says); code != 0 || says.Len() > 0 || !strings.Contains(out.String(), "Usage:\n  "+usage) {
				t.Errorf("%v: exit %d, %s%s", args, code, out.String(), says.String())
			}
			texts = append(texts, out.String())
		}
		if texts[0] != texts[1] {
			t.Errorf("%v: --help prints\n%s\nand tenure help prints\n%s", path, texts[0], texts[1])
		}
	}
}
