package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/alecthomas/kong"
)

type cli struct {
	Runs      int    `default:"11" help:"Runs of each pair, at least 10 for a figure to be quoted."`
	Waiting   int    `default:"1000000" help:"Results that wait in the spool for the rows about a long outage; 0 leaves those out."`
	Delivered int    `default:"50000" help:"Results of the delivery rows; 0 leaves those out."`
	JSON      bool   `name:"json" help:"Print one JSON document instead of the table."`
	Virgo     string `placeholder:"FILE" help:"A virgo that is built already."`
	Endpoint  string `placeholder:"FILE" help:"A virgo-endpoint that is built already."`
}

func main() {
	var c cli
	kong.Parse(&c, kong.Name("virgo-bench"), kong.Description("Measures whole runs of virgo on this machine."))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := c.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "virgo-bench: error:", err)
		os.Exit(1)
	}
}

func (c *cli) run(ctx context.Context) error {
	b, err := newBench(ctx, c)
	if err != nil {
		return err
	}
	defer b.close()
	var r report
	steps := []struct {
		name string
		on   bool
		do   func(*report) error
	}{
		{"runs beside the bare program", true, b.runs},
		{"round trips", true, b.roundTrips},
		{"a long outage", c.Waiting > 0, b.outage},
		{"delivery", c.Delivered > 0, b.delivery},
	}
	for _, s := range steps {
		if !s.on {
			continue
		}
		fmt.Fprintf(os.Stderr, "measuring: %s …\n", s.name)
		if err := s.do(&r); err != nil {
			return fmt.Errorf("measuring %s: %w", s.name, err)
		}
	}
	if c.JSON {
		return r.printJSON(os.Stdout)
	}
	return r.print(os.Stdout)
}
