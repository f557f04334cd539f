package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/term"
)

// A commandLine is the parsed arguments.
type commandLine struct {
	cli
	*kong.Context
}

// parseArguments parses the arguments. Without any, it prints the help. Flags without a command are
// those of run: timer entries and scripts of earlier versions may have them.
func parseArguments(args []string, std agent.Stdio) (*commandLine, error) {
	if len(args) == 0 {
		args = []string{"--help"}
	}
	c, err := parseOnce(args, std)
	if err != nil && strings.HasPrefix(args[0], "-") {
		run, runErr := parseOnce(append([]string{"run"}, args...), std)
		if runErr == nil || isUnknownFlag(err) && !isUnknownFlag(runErr) {
			return run, runErr
		}
	}
	return c, err
}

func isUnknownFlag(err error) bool { return strings.HasPrefix(err.Error(), "unknown flag") }

func parseOnce(args []string, std agent.Stdio) (*commandLine, error) {
	c := &commandLine{}
	parser, err := newParser(&c.cli, std)
	if err != nil {
		return nil, err
	}
	c.Context, err = parser.Parse(args)
	if err != nil {
		return nil, usageError(err)
	}
	return c, nil
}

// usageError gives an error of kong the exit code and the next step: what was likely meant, else the
// help of the command.
func usageError(err error) error {
	hint := "virgo --help"
	var parse *kong.ParseError
	if errors.As(err, &parse) && parse.Context != nil {
		names := []string{"virgo"}
		for _, step := range parse.Context.Path {
			if step.Command != nil {
				names = append(names, step.Command.Name)
			}
		}
		hint = strings.Join(append(names, "--help"), " ")
	}
	if text, near, ok := strings.Cut(err.Error(), ", did you mean "); ok {
		err, hint = errors.New(text), "did you mean "+near
	}
	if flag, ok := term.FlagWithoutValue(err.Error()); ok {
		err = fmt.Errorf("%s needs a value", flag)
	}
	return agent.WithCode(agent.ExitUsage, agent.WithHint(err, hint))
}

// wantsJSON reports whether the errors of a command line are to be JSON that could not be parsed.
func wantsJSON(args []string, getenv func(string) string) bool {
	if end := slices.Index(args, "--"); end >= 0 {
		args = args[:end]
	}
	switch getenv("VIRGO_JSON") {
	case "1", "true":
		return !slices.Contains(args, "--json=false")
	}
	return slices.Contains(args, "--json") || slices.Contains(args, "--json=true")
}

// newParser returns kong's parser for this program's grammar, help and streams.
func newParser(grammar *cli, std agent.Stdio) (*kong.Kong, error) {
	parser, err := kong.New(grammar,
		kong.Name("virgo"),
		kong.Description("Runs checks on this host, stores the results on disk (the spool) and delivers them to a server (the endpoint). "+
			"A timer starts it once a minute; it never stays running."),
		kong.Writers(std.Out, std.Err),
		kong.Vars{"version": versionLine(), "topics": topicNames()},
		kong.Exit(func(code int) { panic(exited(code)) }),
		kong.Help(func(o kong.HelpOptions, ctx *kong.Context) error {
			if err := kong.DefaultHelpPrinter(o, ctx); err != nil {
				return err
			}
			_, err := fmt.Fprint(ctx.Stdout, "\n"+agent.ExitCodes)
			return err
		}),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
	)
	if err != nil {
		return nil, fmt.Errorf("building the command line: %w", err)
	}
	return parser, nil
}
