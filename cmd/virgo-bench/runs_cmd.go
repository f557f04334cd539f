package main

import (
	"errors"
	"fmt"
)

type runsCmd struct {
	Runs        int    `default:"10" help:"Runs of each program; figures of fewer than 10 are not to be quoted."`
	Waiting     int    `default:"1000000" help:"Results that wait in the spool for the rows about a long outage."`
	SkipMillion bool   `help:"Leave out the rows about a long outage."`
	Delivered   int    `default:"10000" help:"Results of each delivery."`
	JSON        bool   `name:"json" help:"Print one JSON document instead of the table."`
	Programs    string `placeholder:"DIR" type:"existingdir" help:"A folder with virgo, virgo-run and virgo-endpoint, to measure these instead of building them."`
	Earlier     string `placeholder:"DIR" type:"existingdir" help:"A folder with an earlier virgo, and virgo-run if it had one, to compare the runs with."`
}

func (runsCmd) Help() string {
	return "Some rows need Linux's memory control groups, strace, or MariaDB; where these are missing, a line says so."
}

// Validate is called by kong.
func (c *runsCmd) Validate() error {
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

// Run measures and prints the table.
func (c *runsCmd) Run(s *streams) error {
	fmt.Fprintln(s.progress, "building and installing …")
	b, err := newBench(s.ctx, c)
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
		{"bytes on the wire", true, b.wire},
		{"one check more", true, b.oneMore},
		{"a hundred checks at once", true, b.hundredAtOnce},
		{"a long outage", !c.SkipMillion, b.outage},
	} {
		if !step.on {
			continue
		}
		fmt.Fprintf(s.progress, "measuring %s …\n", step.name)
		if err := step.do(r); err != nil {
			return fmt.Errorf("measuring %s: %w", step.name, err)
		}
	}
	return r.write(s.out, c.JSON)
}
