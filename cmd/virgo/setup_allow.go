package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/config"
	"virgo/schedule/policy"
)

// A grant is an answer to setup's question what the endpoint may make this host do.
type grant struct {
	name, meaning string
	checks        []policy.Rule
	hostInfo      []string
}

// grants are the answers, the default first.
func grants(plugins string) []grant {
	figures, all := policy.Rule{Keyword: policy.Figures}, policy.Rule{Keyword: policy.All}
	return []grant{
		{"figures", "tell figures (processor, memory, disks, network, units, processes by name), nothing else", []policy.Rule{figures}, nil},
		{"plugins", "that, and run the plugins in " + plugins + ", with any arguments", []policy.Rule{figures, policy.AnyPlugin()}, nil},
		{"all", "everything: whoever holds the endpoint then holds this host", []policy.Rule{all}, []string{"all"}},
	}
}

// allow applies --allow, or asks on a terminal if the configuration does not say it yet.
func (s *setup) allow() error {
	name := s.cmd.Allow
	if name == "" && s.cfg.Checks == nil {
		var err error
		if name, err = s.askAllow(); err != nil {
			return err
		}
	}
	for _, g := range grants(s.Paths().Plugins) {
		if g.name == name {
			s.cfg.Checks = g.checks
			if g.hostInfo != nil {
				s.cfg.HostInfo = g.hostInfo
			}
		}
	}
	return nil
}

// askAllow returns the name of the answer; empty where nobody can be asked.
func (s *setup) askAllow() (string, error) {
	in := s.terminal()
	if in == nil {
		return "", nil
	}
	all := grants(s.Paths().Plugins)
	fmt.Fprintln(s.Err, "What may the endpoint make this host do?")
	for i, g := range all {
		fmt.Fprintf(s.Err, "  %d  %-8s %s\n", i+1, g.name, g.meaning)
	}
	fmt.Fprint(s.Err, "1, 2 or 3 [1]: ")
	line, err := bufio.NewReader(io.LimitReader(in, maxTokenInput)).ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("reading the answer: %w", err)
	}
	answer := strings.ToLower(strings.TrimSpace(line))
	for i, g := range all {
		if answer == g.name || answer == fmt.Sprint(i+1) || answer == "" && i == 0 {
			return g.name, nil
		}
	}
	// The answer is not printed: somebody may have pasted the token here.
	return "", agent.WithHint(agent.UsageError("the answer is not 1, 2 or 3"), "--allow figures, plugins or all gives it beforehand")
}

// allowLine says what the configuration lets the endpoint do.
func allowLine(cfg config.Config) string {
	p := cfg.Policy()
	switch {
	case p.AllowsAll():
		return "the endpoint may do everything here"
	case len(p.Checks) == 1 && p.Checks[0].Keyword == policy.Figures:
		return "the endpoint may ask for figures only; virgo help policy has rules for more"
	}
	return "the endpoint may do what remote in the configuration allows: virgo policy check"
}
