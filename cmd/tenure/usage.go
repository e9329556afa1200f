package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tenure/cmd/tenure/exit"
)

// prepare prepares cmd and every command below it: a command with flags gets its
// --config flag.
func prepare(cmd *cobra.Command) {
	switch {
	case !cmd.Runnable():
		cmd.Args = cobra.ArbitraryArgs // execute refuses them
	case cmd.Flags().HasFlags():
		addConfig(cmd)
	}
	for _, below := range cmd.Commands() {
		prepare(below)
	}
}

// execute runs a command line. A command that only has commands below it does not
// run by itself: what follows it is refused, unless it asks for help.
func execute(root *cobra.Command, args []string) error {
	root.InitDefaultHelpCmd()
	found, rest, err := root.Find(args)
	if err == nil && !found.Runnable() {
		return refuseCommand(found, rest)
	}
	root.SetArgs(args)
	return root.Execute()
}

// refuseCommand refuses what follows a command that needs another one.
func refuseCommand(cmd *cobra.Command, args []string) error {
	names := commandNames(cmd)
	switch {
	case len(args) == 0:
		return usageError("%s needs a command: %s", cmd.CommandPath(), strings.Join(names, ", "))
	case args[0] == "-h", args[0] == "--help":
		cmd.InitDefaultHelpFlag()
		return cmd.Help()
	case strings.HasPrefix(args[0], "-"):
		return unknownFlag(cmd, args[0])
	}
	return usageError("unknown command %q for %s; did you mean %q?", args[0], cmd.CommandPath(), nearest(args[0], names))
}

func commandNames(cmd *cobra.Command) (names []string) {
	for _, below := range cmd.Commands() {
		if below.IsAvailableCommand() {
			names = append(names, below.Name())
		}
	}
	return names
}

// helpCommand is "tenure help COMMAND", which prints what COMMAND --help does.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Explain a command",
		RunE: func(cmd *cobra.Command, args []string) error {
			found, rest, err := cmd.Root().Find(args)
			switch {
			case err != nil:
				return err
			case len(rest) > 0 && found.HasSubCommands():
				return refuseCommand(found, rest)
			case len(rest) > 0:
				return extraArgument(found, rest[0])
			}
			found.InitDefaultHelpFlag()
			return found.Help()
		},
	}
}

// noArguments refuses every argument of a command.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return extraArgument(cmd, args[0])
	}
	return nil
}

// oneArgument requires exactly one argument, which the help text calls name.
func oneArgument(name string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) == 0:
			return usageError("%s needs an argument: %s", cmd.CommandPath(), name)
		case len(args) > 1:
			return extraArgument(cmd, args[1])
		}
		return nil
	}
}

// extraArgument refuses an argument. It may be a flag without its dashes.
func extraArgument(cmd *cobra.Command, arg string) error {
	if slices.Contains(flagNames(cmd), arg) {
		return usageError("unexpected argument %q for %s; did you mean --%s?", arg, cmd.CommandPath(), arg)
	}
	return usageError("unexpected argument %q for %s; see %s --help", arg, cmd.CommandPath(), cmd.CommandPath())
}

// flagError explains what is wrong with the flags of a command line.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "":
		return unknownFlag(cmd, "-"+unknown.GetSpecifiedShortnames())
	case errors.As(err, &unknown):
		return unknownFlag(cmd, "--"+unknown.GetSpecifiedName())
	case errors.As(err, &invalid):
		f := invalid.GetFlag()
		return usageError("invalid argument %q: --%s must be %s", invalid.GetValue(), f.Name, flagTypes[f.Value.Type()].text)
	}
	return usageError("%w; see %s --help", err, cmd.CommandPath())
}

func unknownFlag(cmd *cobra.Command, given string) error {
	name, _, _ := strings.Cut(strings.TrimLeft(given, "-"), "=")
	names := append(flagNames(cmd), "help")
	if cmd.Flags().Lookup(configFlag) != nil {
		names = append(names, configFlag)
	}
	return usageError("unknown flag: %s for %s; did you mean --%s?", given, cmd.CommandPath(), nearest(name, names))
}

func usageError(format string, args ...any) error {
	return exit.With(exit.Usage, fmt.Errorf(format, args...))
}

// nearest is the name that is most like a mistyped one. names must not be empty.
func nearest(typed string, names []string) string {
	var like cobra.Command
	for _, name := range names {
		like.AddCommand(&cobra.Command{Use: name, Run: func(*cobra.Command, []string) {}})
	}
	for like.SuggestionsMinimumDistance = 1; ; like.SuggestionsMinimumDistance++ {
		if found := like.SuggestionsFor(typed); len(found) > 0 {
			return found[0]
		}
	}
}
