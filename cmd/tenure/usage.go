package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tenure/cmd/tenure/exit"
	"tenure/handlers/web"
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
	case slices.Contains(names, strings.TrimPrefix(args[0], "--")):
		return usageError("unknown flag: %s for %s; did you mean the command %q?", args[0], cmd.CommandPath(), strings.TrimPrefix(args[0], "--"))
	case strings.HasPrefix(args[0], "-"):
		return unknownFlag(cmd, args[0])
	}
	return usageError("unknown command %q for %s; %s", args[0], cmd.CommandPath(), meant(args[0], names, "%q", "its commands are "))
}

// meant ends a sentence about a mistyped name: with the name that is near, in a
// format, or with all that there are.
func meant(typed string, names []string, format, all string) string {
	if near := web.Nearest(typed, names); near != "" {
		return fmt.Sprintf("did you mean "+format+"?", near)
	}
	return all + strings.Join(names, ", ")
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
			if near := web.Nearest(args[0], commandNames(cmd)); near != "" {
				return usageError("unknown command %q for %s; did you mean %q?", args[0], cmd.CommandPath(), near)
			}
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
	if strings.Contains(arg, "=") {
		return usageError("unexpected argument %q for %s; a database in keyword form is one argument: put it in quotes", arg, cmd.CommandPath())
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
	if near := web.Nearest(name, names); near != "" {
		return usageError("unknown flag: %s for %s; did you mean --%s?", given, cmd.CommandPath(), near)
	}
	return usageError("unknown flag: %s for %s; see %s --help", given, cmd.CommandPath(), cmd.CommandPath())
}

func usageError(format string, args ...any) error {
	return exit.With(exit.Usage, fmt.Errorf(format, args...))
}
