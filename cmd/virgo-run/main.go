package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/footprint"
	"virgo/schedule/yaml"
)

func main() {
	footprint.RelaxMonitor()
	footprint.Narrow()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	std := agent.Stdio{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}
	os.Exit(runProgram(ctx, os.Args[1:], std, &agent.Interrupts{Cancel: cancel}))
}

// runProgram runs the program and returns its exit code.
func runProgram(ctx context.Context, args []string, std agent.Stdio, stop *agent.Interrupts) int {
	if agent.IsStatChild(args) {
		return agent.StatChild(args, std)
	}
	p := agent.New(ctx, std, os.Getenv, stop)
	p.YAML = yaml.ParsePlain
	p.WorkerPath = agent.SiblingPath
	return p.Main(func() error { return command(p, args) })
}

// command makes the run, or has virgo make it.
func command(p *agent.Program, args []string) error {
	c := parse(args, os.LookupEnv)
	p.Settings = c.settings
	switch {
	case c.help:
		_, err := io.WriteString(p.Out, usage+"\n"+agent.ExitCodes)
		return err
	case c.version:
		_, err := fmt.Fprintln(p.Out, versionLine())
		return err
	}
	args = append([]string{"run"}, args...)
	handOver := func(reason error, left time.Duration) error {
		if left > 0 {
			return p.HandOver(reason, withDeadline(args, left), left)
		}
		return p.HandOver(reason, args, p.LongestRun(c.run, c.splay))
	}
	switch {
	case c.variables:
		return p.RunAlone(handOver(c.unknown, 0), c.run, c.splay, 0)
	case c.unknown != nil:
		return handOver(c.unknown, 0)
	}
	c.run.HandOver = func(reason error, left time.Duration) error {
		return p.RunAlone(handOver(reason, left), c.run, c.splay, left)
	}
	return p.Run(c.run, c.splay)
}

func versionLine() string {
	if commit := agent.Commit(); commit != "" {
		return "virgo-run " + agent.Release() + " (" + commit + ")"
	}
	return "virgo-run " + agent.Release()
}
