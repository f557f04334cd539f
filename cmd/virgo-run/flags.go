package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"virgo/cmd/internal/agent"
)

const usage = `Usage: virgo-run [flags]

Runs the checks that are due, stores the results and delivers them, like "virgo run", which it needs
beside it only for checks in Lua, of services and of other hosts, and for what is not listed here.

  --config=FILE      configuration file ($VIRGO_CONFIG)
  --state=DIR        state folder, with the spool ($VIRGO_STATE)
  --plugins=DIR      plugin folder ($VIRGO_PLUGINS)
  --scripts=DIR      folder of this host's own scripts ($VIRGO_SCRIPTS)
  --splay[=TIME]     first wait for TIME, or for up to 30 seconds that are fixed for each host;
                     ignored on a terminal
  --deadline=50s     time limit of the whole run ($VIRGO_DEADLINE)
  --no-deliver       run the checks and store the results, but do not deliver them
  --strict           exit with 4 unless everything was delivered
  -v, --verbose      print progress to standard error ($VIRGO_VERBOSE)
  --version          print the version
  -h, --help         print this help
`

// A commandLine is what the arguments and the environment say.
type commandLine struct {
	settings      agent.Settings
	run           agent.RunOptions
	splay         agent.Splay
	help, version bool
	// unknown is why virgo must read the command line; nil where it says nothing else. What is known
	// is set even so, as far as virgo accepts the command line.
	unknown error
	// variables means that unknown is about the environment alone.
	variables bool
}

// parse reads the arguments and the environment, which lookup looks up. It leaves to virgo what
// kong, with which virgo reads them, would read differently.
func parse(args []string, lookup func(string) (string, bool)) commandLine {
	var c commandLine
	fs := flag.NewFlagSet("virgo-run", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	for _, f := range []struct {
		to             *string
		name, variable string
	}{
		{&c.settings.Config, "config", "VIRGO_CONFIG"},
		{&c.settings.State, "state", "VIRGO_STATE"},
		{&c.settings.Plugins, "plugins", "VIRGO_PLUGINS"},
		{&c.settings.Scripts, "scripts", "VIRGO_SCRIPTS"},
	} {
		*f.to, _ = lookup(f.variable)
		fs.Var(text{f.to}, f.name, "")
	}
	if c.switchedOn(lookup, "VIRGO_JSON") {
		c.leave(errors.New("virgo-run does not know the variable VIRGO_JSON"))
	}
	c.settings.Verbose = c.switchedOn(lookup, "VIRGO_VERBOSE")
	fs.Var(option{&c.settings.Verbose}, "verbose", "")
	fs.Var(option{&c.settings.Verbose}, "v", "")
	fs.Var(option{&c.run.NoDeliver}, "no-deliver", "")
	fs.Var(option{&c.run.Strict}, "strict", "")
	fs.Var(option{&c.version}, "version", "")
	fs.Var(option{&c.help}, "help", "")
	fs.Var(option{&c.help}, "h", "")
	fs.Var(deadline{&c.run.Deadline}, "deadline", "")
	fs.Var(splay{&c.splay}, "splay", "")

	variable := c.unknown
	c.unknown = nil
	if i := slices.IndexFunc(args, isUnlikeKong); i >= 0 {
		c.leave(unknownArgument(args[i]))
	}
	for len(args) > 0 {
		err := fs.Parse(args)
		rest := fs.Args()
		if read := len(args) - len(rest); err != nil && read > 0 {
			c.leave(unknownArgument(args[read-1]))
		} else if len(rest) > 0 {
			c.leave(unknownArgument(rest[0]))
			rest = rest[1:]
		}
		args = rest
	}
	if c.unknown == nil {
		c.unknown, c.variables = variable, variable != nil
	}
	return c
}

// leave leaves the command line to virgo. The first reason counts, and one in the arguments before one in
// the environment.
func (c *commandLine) leave(reason error) {
	if c.unknown == nil {
		c.unknown = reason
	}
}

// switchedOn reports whether the environment sets a flag without a value.
func (c *commandLine) switchedOn(lookup func(string) (string, bool), name string) bool {
	switch value, set := lookup(name); {
	case !set, value == "0", value == "false":
		return false
	case value == "1", value == "true":
		return true
	default:
		c.leave(fmt.Errorf("virgo-run does not know the value %.64q of %s", value, name))
		return false
	}
}

// isUnlikeKong reports whether package flag and kong may read an argument differently.
func isUnlikeKong(arg string) bool {
	switch arg {
	case "--", "-=", "--v", "--h", "--splay=true":
		return true
	}
	longByOneDash := len(arg) > 2 && arg[0] == '-' && arg[1] != '-'
	return longByOneDash || strings.HasPrefix(arg, "---") || strings.HasPrefix(arg, "--=")
}

// unknownArgument names an argument without its value, which may be a secret.
func unknownArgument(arg string) error {
	name, _, _ := strings.Cut(arg, "=")
	return fmt.Errorf("virgo-run does not know the argument %.64q", name)
}

// withDeadline returns arguments of virgo for what is left of a run that has waited already.
func withDeadline(args []string, left time.Duration) []string {
	return append(slices.Clone(args), "--splay=0s", "--deadline="+left.String())
}

var errValue = errors.New("unusual value")

// text is a flag with a value. Values that look like flags are virgo's.
type text struct{ to *string }

func (t text) String() string { return "" }

func (t text) Set(s string) error {
	if strings.HasPrefix(s, "-") {
		return errValue
	}
	*t.to = s
	return nil
}

// option is a flag without a value.
type option struct{ to *bool }

func (o option) String() string   { return "" }
func (o option) IsBoolFlag() bool { return true }

func (o option) Set(s string) error {
	if s != "true" {
		return errValue
	}
	*o.to = true
	return nil
}

type deadline struct{ to **time.Duration }

func (d deadline) String() string { return "" }

func (d deadline) Set(s string) error {
	value, err := time.ParseDuration(s)
	if err == nil {
		*d.to = &value
	}
	return err
}

// splay is a flag that may have a value, after "=" only.
type splay struct{ to *agent.Splay }

func (s splay) String() string   { return "" }
func (s splay) IsBoolFlag() bool { return true }

func (s splay) Set(value string) error {
	if value == "true" {
		s.to.Set = true
		return nil
	}
	return s.to.Parse(value)
}
