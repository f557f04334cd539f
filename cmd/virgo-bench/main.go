package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/alecthomas/kong"
)

type cli struct {
	Runs        int    `default:"10" help:"Runs of each pair; figures of fewer than 10 are not to be quoted."`
	Waiting     int    `default:"1000000" help:"Results that wait in the spool for the rows about a long outage."`
	SkipMillion bool   `help:"Leave out the rows about a long outage."`
	Delivered   int    `default:"10000" help:"Results of each delivery."`
	JSON        bool   `name:"json" help:"Print one JSON document instead of the table."`
	Agent       string `placeholder:"FILE" help:"A virgo that is built already."`
	Earlier     string `placeholder:"FILE" help:"A virgo of an earlier revision, to compare the runs with."`
	Checks      string `placeholder:"FILE" help:"A virgo-checks that is built already."`
	Endpoint    string `placeholder:"FILE" help:"A virgo-endpoint that is built already."`
}

// Validate is called by kong.
func (c *cli) Validate() error {
	switch {
	case c.Runs < 1:
		return errors.New("--runs must be at least 1")
	case c.Waiting < 1:
		return errors.New("--waiting must be at least 1, see --skip-million")
	case c.Delivered < 1:
		return errors.New("--delivered must be at least 1")
	}
	return nil
}

func main() {
	var c cli
	kong.Parse(&c, kong.Name("virgo-bench"), kong.Description("Measures whole runs of virgo on this machine."))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := c.run(ctx, os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "virgo-bench: error:", err)
		os.Exit(1)
	}
}

// run measures and prints. What it is doing goes to progress: a million results take minutes.
func (c *cli) run(ctx context.Context, out, progress io.Writer) error {
	fmt.Fprintln(progress, "building …")
	b, err := newBench(ctx, c)
	if err != nil {
		return err
	}
	defer b.close()
	r := newReport(c.Runs)
	for _, step := range []struct {
		name string
		on   bool
		do   func(*report) error
	}{
		{"runs beside the bare program", true, b.runs},
		{"runs beside an earlier virgo", c.Earlier != "", b.earlier},
		{"round trips", true, b.roundTrips},
		{"handshakes", true, b.handshake},
		{"delivery beside a bare TLS pipe", true, b.delivery},
		{"a hundred checks at once", true, b.hundredAtOnce},
		{"a long outage", !c.SkipMillion, b.outage},
	} {
		if !step.on {
			continue
		}
		fmt.Fprintf(progress, "measuring %s …\n", step.name)
		if err := step.do(r); err != nil {
			return fmt.Errorf("measuring %s: %w", step.name, err)
		}
	}
	if c.JSON {
		return r.printJSON(out)
	}
	return r.print(out)
}
