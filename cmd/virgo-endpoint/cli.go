package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"virgo/cmd/internal/term"
	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/store"
)

// cli is the command line: one struct a command, each in its own file.
type cli struct {
	globals

	Init     initCmd     `cmd:"" help:"Set up a folder: certificates, a first token, a schedule, the store."`
	Serve    serveCmd    `cmd:"" help:"Receive results from agents."`
	Token    tokenCmd    `cmd:"" help:"Create, list and remove the tokens with which hosts enrol."`
	Results  resultsCmd  `cmd:"" help:"Show stored results."`
	History  historyCmd  `cmd:"" help:"Draw how a metric changed, or list the metrics of an agent."`
	Import   importCmd   `cmd:"" help:"Store the results of exported bundles."`
	Agents   agentsCmd   `cmd:"" help:"List the agents, the worst first; show, tag, register, rename, revoke, reset and remove them."`
	Schedule scheduleCmd `cmd:"" help:"Check, store and delete the schedules of agents."`
	Bundle   bundleCmd   `cmd:"" help:"Publish signed bundles of checks to agents, in steps; show which agent has which, and go back."`
	Alarm    alarmCmd    `cmd:"" help:"List the alarms that stand and stood, test, check and translate rules, look after an alarm."`
	Silence  silenceCmd  `cmd:"" help:"Hold notifications back for a time, or at times that recur; list and end that."`
	Notify   notifyCmd   `cmd:"" help:"List who is told of alarms, and test that a message arrives."`
	Output   outputCmd   `cmd:"" help:"List where results are passed on to."`
	Check    checkCmd    `cmd:"" help:"Verify all that is stored, and name what is damaged."`
	Backup   backupCmd   `cmd:"" help:"Write all of the folder to one file, while a server runs."`
	Restore  restoreCmd  `cmd:"" help:"Make a folder of a backup."`
	Compact  compactCmd  `cmd:"" help:"Give unused space back to the disk."`

	User  userCmd  `cmd:"" help:"Add, list and remove those who may log in to the page, and set their passwords."`
	Page  pageCmd  `cmd:"" help:"Say whose state everybody may see on the page."`
	Audit auditCmd `cmd:"" help:"Show who changed what, and who logged in."`

	Certificate certificateCmd `cmd:"" help:"Show and renew the certificates."`
	Install     installCmd     `cmd:"" help:"Install serve as a service of this system, with a user of its own."`
	Uninstall   uninstallCmd   `cmd:"" help:"Stop the service and remove it."`

	OpenAPI openAPICmd `cmd:"" name:"openapi" help:"Print the description of the HTTP API (OpenAPI 3.1)."`
	Version versionCmd `cmd:"" help:"Print the version."`

	ShowVersion kong.VersionFlag `name:"version" help:"Print the version."`
}

// globals are the flags of every command.
type globals struct {
	Dir  string `env:"VIRGO_ENDPOINT_DIR" placeholder:"DIR" help:"Folder with the certificates, the schedules and the store."`
	JSON bool   `name:"json" env:"VIRGO_ENDPOINT_JSON" help:"Print one JSON document instead of text."`
}

// stdio are the program's streams.
type stdio struct {
	in       io.Reader
	out, err io.Writer
}

// An app is what a command works with.
type app struct {
	stdio
	globals
	ctx context.Context
	now func() time.Time
}

// run is the program: its arguments and streams in, its exit code out.
func run(ctx context.Context, args []string, std stdio) int {
	a := &app{stdio: std, ctx: ctx, now: wallClock()}
	err := a.command(args)
	switch {
	case err == nil:
	case a.JSON || wantsJSON(args, os.Getenv):
		printErrorJSON(std.err, err)
	default:
		printError(std.err, err)
	}
	return exitCode(err)
}

// command parses the arguments and runs the chosen command. Without arguments it prints the help.
func (a *app) command(args []string) error {
	if len(args) == 0 {
		args = []string{"--help"}
	}
	var c cli
	done := false // by --help or --version
	parser, err := kong.New(&c,
		kong.Name("virgo-endpoint"),
		kong.Description("Receives the results that virgo delivers: sends schedules to agents, stores their results and shows them."),
		kong.Vars{"version": versionLine()},
		kong.Writers(a.out, a.err),
		kong.Exit(func(int) { done = true }),
		kong.Help(func(o kong.HelpOptions, ctx *kong.Context) error {
			if err := kong.DefaultHelpPrinter(o, ctx); err != nil {
				return err
			}
			_, err := fmt.Fprint(ctx.Stdout, "\n"+exitCodes)
			return err
		}),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
	)
	if err != nil {
		return fmt.Errorf("building the command line: %w", err)
	}
	kctx, err := parser.Parse(args)
	switch {
	case done: // whatever is wrong with the other arguments
		return nil
	case err != nil:
		return usageError(err)
	}
	a.globals = c.globals
	return kctx.Run(a)
}

// usageError gives an error of kong its exit code and the next step: what was likely meant, else the
// help of the command.
func usageError(err error) error {
	names := []string{"virgo-endpoint"}
	var parse *kong.ParseError
	if errors.As(err, &parse) && parse.Context != nil {
		for _, step := range parse.Context.Path {
			if step.Command != nil {
				names = append(names, step.Command.Name)
			}
		}
	}
	hint := strings.Join(append(names, "--help"), " ")
	if text, near, ok := strings.Cut(err.Error(), ", did you mean "); ok {
		err, hint = errors.New(text), "did you mean "+near
	}
	if flag, ok := term.FlagWithoutValue(err.Error()); ok {
		err = fmt.Errorf("%s needs a value", flag)
	}
	return &failure{code: exitUsage, err: err, hint: hint}
}

// wantsJSON reports whether the errors of a command line are to be JSON that could not be parsed.
func wantsJSON(args []string, getenv func(string) string) bool {
	if end := slices.Index(args, "--"); end >= 0 {
		args = args[:end]
	}
	switch getenv("VIRGO_ENDPOINT_JSON") {
	case "1", "true":
		return !slices.Contains(args, "--json=false")
	}
	return slices.Contains(args, "--json") || slices.Contains(args, "--json=true")
}

// folder is the endpoint's folder.
func (a *app) folder() (folder.Dir, error) {
	if a.Dir == "" {
		return "", &failure{code: exitUsage, err: errors.New("no folder is given"),
			hint: "give --dir DIR, or set VIRGO_ENDPOINT_DIR"}
	}
	return folder.Dir(a.Dir), nil
}

// store opens the folder's store; the caller closes it.
func (a *app) store() (*store.Store, error) {
	dir, err := a.folder()
	if err != nil {
		return nil, err
	}
	s, err := store.Open(a.ctx, dir.StoreFile())
	if err != nil {
		return nil, a.explain(err)
	}
	return s, nil
}
