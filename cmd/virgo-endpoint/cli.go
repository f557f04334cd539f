package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/alecthomas/kong"

	"virgo/transport/endpoint"
)

// cli is the command line. One struct a command, each in its own file.
type cli struct {
	globals

	Init    initCmd    `cmd:"" help:"Make what an endpoint needs: certificates, a first token, a schedule, the store."`
	Serve   serveCmd   `cmd:"" help:"Receive what agents deliver."`
	Token   tokenCmd   `cmd:"" help:"Make, list and revoke the tokens that agents identify themselves with."`
	Results resultsCmd `cmd:"" help:"Show what was stored."`
	Import  importCmd  `cmd:"" help:"Store results that were carried here in a bundle."`
	Agents  agentsCmd  `cmd:"" help:"Show the agents that were ever here."`
	Version versionCmd `cmd:"" help:"Show the version."`
}

// globals are the flags that every command takes.
type globals struct {
	Dir  string `env:"VIRGO_ENDPOINT_DIR" placeholder:"DIR" help:"Folder of certificates, schedules and the store."`
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
	a := &app{stdio: std, ctx: ctx, now: time.Now}
	err := a.command(args)
	if err != nil {
		printError(std.err, err)
	}
	return exitCode(err)
}

// command parses the arguments and runs the chosen command.
func (a *app) command(args []string) error {
	var c cli
	helped := false
	parser, err := kong.New(&c,
		kong.Name("virgo-endpoint"),
		kong.Description("Receives what virgo delivers: hands out schedules, keeps results, shows them."),
		kong.Writers(a.out, a.err),
		kong.Exit(func(int) { helped = true }),
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
	case helped: // what else is wrong with the arguments does not matter to who asks for help
		return nil
	case err != nil:
		return &failure{code: exitUsage, err: err, hint: "virgo-endpoint --help"}
	}
	a.globals = c.globals
	return kctx.Run(a)
}

// folder is the endpoint's folder.
func (a *app) folder() (endpoint.Folder, error) {
	if a.Dir == "" {
		return "", &failure{code: exitUsage, err: errors.New("no folder is named"), hint: "give --dir DIR, or set VIRGO_ENDPOINT_DIR"}
	}
	return endpoint.Folder(a.Dir), nil
}

// store opens the folder's store; the caller closes it.
func (a *app) store() (*endpoint.Store, error) {
	folder, err := a.folder()
	if err != nil {
		return nil, err
	}
	s, err := endpoint.OpenStore(a.ctx, folder.StoreFile())
	if err != nil {
		return nil, a.explain(err)
	}
	return s, nil
}
