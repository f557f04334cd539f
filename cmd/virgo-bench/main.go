package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

const description = "Measures virgo on this machine, and prints a table of figures and limits. " +
	"Run it in the source tree: it builds the programs."

type cli struct {
	Runs  runsCmd  `cmd:"" default:"withargs" help:"Measure whole runs of the agent, in some five minutes (the default)."`
	Fleet fleetCmd `cmd:"" help:"Measure the endpoint with a simulated fleet."`
	Sink  sinkCmd  `cmd:"" hidden:"" help:"A server that only does TLS."`
}

// streams are what a command works with. It writes each step to progress, because some take minutes.
type streams struct {
	ctx           context.Context
	out, progress io.Writer
}

func main() {
	var c cli
	command := kong.Parse(&c, kong.Name("virgo-bench"), kong.Description(description))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := command.Run(&streams{ctx, os.Stdout, os.Stderr})
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "virgo-bench: error:", err)
		os.Exit(1)
	}
}
