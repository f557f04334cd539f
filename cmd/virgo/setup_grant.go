package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/config"
	"virgo/schedule/policy"
	"virgo/schedule/signature"
)

// signers applies --bundle-signer.
func (c *setupCmd) signers(cfg *config.Config) error {
	if len(c.Signer) == 0 {
		return nil
	}
	cfg.SetSigners(c.Signer)
	for _, s := range cfg.Bundles.Signers {
		if _, err := signature.ParseSigner(s, config.ReadKeyFile); err != nil {
			return agent.WithCode(agent.ExitUsage, agent.WithHint(
				fmt.Errorf("--bundle-signer: %w", err), "the first line of a file of `virgo bundle keygen`, or its path"))
		}
	}
	return nil
}

// grantScripts applies --grant, or asks on a terminal if bundles can be installed and the configuration does not say it yet.
func (s *setup) grantScripts() error {
	name := s.cmd.Grant
	if name == "" && s.cfg.Scripts == nil && len(s.cfg.Bundles.Signers) > 0 {
		var err error
		if name, err = s.askGrant(); err != nil {
			return err
		}
	}
	switch policy.Keyword(name) {
	case policy.Figures:
		s.cfg.Scripts = &policy.Grants{Rules: []policy.Grant{{Keyword: policy.Figures}}}
	case policy.Declared:
		s.cfg.Scripts = &policy.Grants{Rules: []policy.Grant{{Keyword: policy.Declared}}}
	}
	return nil
}

// askGrant returns the answer; empty where nobody can be asked.
func (s *setup) askGrant() (string, error) {
	in := s.terminal()
	if in == nil {
		return "", nil
	}
	fmt.Fprint(s.Err, "What may checks in Lua of a signed bundle use?\n"+
		"  1  figures   the kernel's own figures, nothing else; virgo policy suggest prints grants for more\n"+
		"  2  declared  whatever they declare, such as files, programs and connections: you trust who signs them\n"+
		"1 or 2 [1]: ")
	line, err := bufio.NewReader(io.LimitReader(in, maxTokenInput)).ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("reading the answer: %w", err)
	}
	switch strings.ToLower(strings.TrimSpace(line)) {
	case "", "1", string(policy.Figures):
		return string(policy.Figures), nil
	case "2", string(policy.Declared):
		return string(policy.Declared), nil
	}
	return "", agent.WithHint(agent.UsageError("the answer is not 1 or 2"), "--grant figures or declared gives it beforehand")
}
