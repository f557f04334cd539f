package main

import (
	"strconv"
	"strings"
	"time"
)

// plainRun reads the command line of a run as a timetable writes it, without kong. Building kong's grammar
// costs as much memory as everything else that a run does before its checks, once a minute and for
// nothing. What it does not understand to the letter (other commands, help, mistakes) it leaves to
// kong, so there is one place that explains; a test holds the two together, flag by flag.
func plainRun(args []string, getenv func(string) string) (g globals, c runCmd, ok bool) {
	g.Config, g.State, g.Plugins = getenv("VIRGO_CONFIG"), getenv("VIRGO_STATE"), getenv("VIRGO_PLUGINS")
	g.ChecksProgram = getenv("VIRGO_CHECKS_PROGRAM")
	if !plainBool(&g.Verbose, getenv("VIRGO_VERBOSE")) || !plainBool(&g.JSON, getenv("VIRGO_JSON")) {
		return g, c, false
	}
	named := false
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		if arg == "run" && !named {
			named = true
			continue
		}
		name, value, inline := strings.Cut(arg, "=")
		var text *string
		switch name {
		case "--config":
			text = &g.Config
		case "--state":
			text = &g.State
		case "--plugins":
			text = &g.Plugins
		case "--checks-program":
			text = &g.ChecksProgram
		case "--deadline":
			d, err := time.ParseDuration(value)
			if !inline || err != nil {
				return g, c, false
			}
			c.Deadline = &d
			continue
		case "--splay":
			if inline && !c.Splay.parse(value) {
				return g, c, false
			}
			c.Splay.set = true
			continue
		}
		if text == nil {
			var flag *bool
			switch arg {
			case "--verbose", "-v":
				flag = &g.Verbose
			case "--json":
				flag = &g.JSON
			case "--no-deliver":
				flag = &c.NoDeliver
			case "--strict":
				flag = &c.Strict
			default:
				return g, c, false
			}
			*flag = true
			continue
		}
		if !inline {
			if len(args) == 0 || strings.HasPrefix(args[0], "-") {
				return g, c, false
			}
			value, args = args[0], args[1:]
		}
		*text = value
	}
	return g, c, true
}

func plainBool(to *bool, value string) bool {
	if value == "" {
		return true
	}
	v, err := strconv.ParseBool(value)
	*to = v
	return err == nil
}
