package main

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"virgo/cmd/virgo/internal/footprint"
	"virgo/collect/host"
)

// cli is the command line. One struct a command, each in its own file.
type cli struct {
	globals

	Run       runCmd       `cmd:"" default:"withargs" help:"Run the checks that are due, keep the results, deliver them (default)."`
	Check     checkCmd     `cmd:"" help:"Run one check now and show what it says."`
	Targets   targetsCmd   `cmd:"" help:"List what a check's type can be pointed at."`
	Hostinfo  hostinfoCmd  `cmd:"" help:"Tell what this host is and how it is set up, as JSON."`
	Plugin    pluginCmd    `cmd:"" help:"Write a plugin, or try one."`
	Flush     flushCmd     `cmd:"" help:"Deliver what waits in the spool."`
	Schedule  scheduleCmd  `cmd:"" help:"Show or fetch the schedule."`
	Spool     spoolCmd     `cmd:"" help:"Look at what waits, was refused or dropped."`
	Status    statusCmd    `cmd:"" help:"Show how this host's virgo is doing."`
	Setup     setupCmd     `cmd:"" help:"Write the configuration and try it."`
	Install   installCmd   `cmd:"" help:"Put virgo on this host's timetable, once a minute."`
	Uninstall uninstallCmd `cmd:"" help:"Take virgo off this host's timetable."`
	Version   versionCmd   `cmd:"" help:"Show the version."`
}

// globals are the flags that every command takes.
type globals struct {
	Config  string `env:"VIRGO_CONFIG" placeholder:"FILE" help:"Configuration file."`
	State   string `env:"VIRGO_STATE" placeholder:"DIR" help:"Folder of the spool and of what is remembered."`
	Plugins string `env:"VIRGO_PLUGINS" placeholder:"DIR" help:"Folder of the plugins."`
	// ChecksProgram is found beside virgo where it is not named.
	ChecksProgram string `env:"VIRGO_CHECKS_PROGRAM" placeholder:"FILE" help:"The program virgo-checks, where it does not lie beside virgo."`
	Verbose       bool   `short:"v" env:"VIRGO_VERBOSE" help:"Say what is going on."`
	JSON          bool   `name:"json" env:"VIRGO_JSON" help:"Print one JSON document instead of text."`
}

// stdio are the program's streams.
type stdio struct {
	in       io.Reader
	out, err io.Writer
}

// exited is what kong's --help panics with, so that only main ends the process.
type exited int

// run is the program: its arguments and streams in, its exit code out.
func run(ctx context.Context, args []string, std stdio, stop *interrupts) int {
	if len(args) == 2 && args[0] == statCommand {
		return statChild(args[1], std)
	}
	a := &app{ctx: ctx, stop: stop, stdio: std, now: time.Now, getenv: os.Getenv, overdue: make(chan error, 1)}
	done := make(chan error, 1)
	go func() {
		footprint.GrowStack()
		done <- a.command(args)
	}()
	var err error
	select {
	case err = <-done:
	case err = <-a.overdue:
	}
	if err != nil {
		printError(std.err, err)
	}
	return exitCode(err)
}

// command parses the arguments and runs the chosen command.
func (a *app) command(args []string) (err error) {
	defer func() {
		if a.checks != nil {
			a.checks.Close()
		}
	}()
	defer func() {
		if r := recover(); r != nil {
			code, ok := r.(exited)
			if !ok {
				panic(r)
			}
			if code != 0 {
				err = &exitError{code: int(code)}
			}
		}
	}()
	if g, run, ok := plainRun(args, a.getenv); ok {
		a.globals = g
		return run.Run(a)
	}
	a.stop.listen()
	var c cli
	parser, err := newParser(&c, a.stdio)
	if err != nil {
		return err
	}
	kctx, err := parser.Parse(args)
	if err != nil {
		return &exitError{exitUsage, withHint{err, "virgo --help"}}
	}
	a.globals = c.globals
	return kctx.Run(a)
}

// statCommand is how virgo starts itself to ask a file system that might not answer. It is no command
// of a person's and is not parsed by kong: it runs once for each network mount.
const statCommand = "internal-statfs"

func statChild(path string, std stdio) int {
	if err := host.StatFS(path, std.out); err != nil {
		printError(std.err, err)
		return exitUnexpected
	}
	return exitOK
}

// errNoType is returned where a check is to be run and none is named.
var errNoType = errors.New("no check type is named")

// errNoEndpoint is returned by commands that need an endpoint where none is configured.
var errNoEndpoint = &exitError{exitUsage, withHint{errors.New("no endpoint is configured"), "virgo setup --endpoint HOST:PORT --token-file FILE"}}
