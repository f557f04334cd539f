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

const description = "Measures whole runs of virgo on this machine, and prints a table of figures and limits. " +
	"It takes about five minutes. Run it in the source tree: it builds the programs. " +
	"Some rows need Linux's memory control groups, strace, or MariaDB; where these are missing, a line says so."

type cli struct {
	Runs        int    `default:"10" help:"Runs of each program; figures of fewer than 10 are not to be quoted."`
	Waiting     int    `default:"1000000" help:"Results that wait in the spool for the rows about a long outage."`
	SkipMillion bool   `help:"Leave out the rows about a long outage."`
	Delivered   int    `default:"10000" help:"Results of each delivery."`
	JSON        bool   `name:"json" help:"Print one JSON document instead of the table."`
	Programs    string `placeholder:"DIR" type:"existingdir" help:"A folder with virgo, virgo-run and virgo-endpoint, to measure these instead of building them."`
	Earlier     string `placeholder:"DIR" type:"existingdir" help:"A folder with an earlier virgo, and virgo-run if it had one, to compare the runs with."`
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
	kong.Parse(&c, kong.Name("virgo-bench"), kong.Description(description))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := c.run(ctx, os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "virgo-bench: error:", err)
		os.Exit(1)
	}
}

// run measures and prints the table to out. It writes each step to progress, because a million results
// take minutes.
func (c *cli) run(ctx context.Context, out, progress io.Writer) error {
	fmt.Fprintln(progress, "building and installing …")
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
		{"round trips", true, b.roundTrips},
		{"syncs", true, b.syncs},
		{"charged memory", true, b.charged},
		{"runs beside an earlier build", c.Earlier != "", b.besideEarlier},
		{"delivery beside a bare TLS connection", true, b.delivery},
		{"one check more", true, b.oneMore},
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
