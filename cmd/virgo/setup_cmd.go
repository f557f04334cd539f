package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"virgo/cmd/virgo/internal/config"
	"virgo/cmd/virgo/internal/term"
)

type setupCmd struct {
	Endpoint   []string `placeholder:"HOST:PORT" help:"Where results go; several are tried in order. An SRV name begins with an underscore."`
	Token      string   `placeholder:"TOKEN" help:"The token, or file:PATH, env:NAME, credential:NAME."`
	TokenFile  string   `placeholder:"FILE" help:"A file that holds the token and that only its owner can read."`
	Pin        []string `placeholder:"sha256:HEX" help:"SHA-256 of the endpoint's public key."`
	BackupPin  []string `placeholder:"sha256:HEX" help:"Of the key that the endpoint is going to have next."`
	CAFile     string   `name:"ca-file" placeholder:"FILE" help:"Certificates that the endpoint's must come from, in place of the system's."`
	ClientCert string   `placeholder:"FILE" help:"This host's certificate (PEM), for an endpoint that asks for one."`
	ClientKey  string   `placeholder:"FILE" help:"Its key, where that is not in the same file."`
	Proxy      string   `placeholder:"URL" help:"The way to the endpoint: http://, https:// or socks5://[USER:PASSWORD@]HOST:PORT, or none."`
	NoProxy    []string `placeholder:"HOST" help:"Hosts that are reached without the proxy, as in NO_PROXY."`
	AgentID    string   `name:"agent-id" help:"This host's name to the endpoint; made from the host's by default."`
	Import     string   `placeholder:"FILE" help:"Take over an existing agent's configuration."`
	NoCheck    bool     `help:"Write it without trying it, for a host that is not connected yet."`
}

// Help is the command's own part of its help.
func (setupCmd) Help() string {
	return "Writes the configuration, with what is there already as the default, after a session with the endpoint has shown that it works. Asks on a terminal for what is missing."
}

func (c *setupCmd) Run(a *app) error {
	path := a.Config
	if path == "" {
		path = a.paths().Config
	}
	cfg, err := c.settings(a, path)
	if err != nil {
		return err
	}
	if err := c.ask(a, &cfg); err != nil {
		return err
	}
	if len(cfg.Endpoints) == 0 {
		return usageError("no endpoint is named: --endpoint HOST:PORT")
	}
	if !cfg.HasToken() {
		return &exitError{exitUsage, withHint{errors.New("no token is given"), "--token-file FILE, or `virgo-endpoint token add` for a new one"}}
	}
	endpoint := ""
	if !c.NoCheck {
		if endpoint, err = c.try(a, cfg); err != nil {
			return withHint{
				fmt.Errorf("trying the new configuration, which was not written: %w", err),
				joinHints(err, "--no-check writes it all the same"),
			}
		}
	}
	if err := cfg.Write(path); err != nil {
		return err
	}
	if a.JSON {
		return a.printJSON(struct {
			document
			Config   string `json:"config"`
			AgentID  string `json:"agent_id"`
			Checked  bool   `json:"checked"`
			Endpoint string `json:"endpoint,omitempty"`
		}{document{schemaVersion}, path, cfg.AgentID, !c.NoCheck, endpoint})
	}
	fmt.Fprintf(a.out, "written: %s, as agent %s\n", path, cfg.AgentID)
	if endpoint != "" {
		fmt.Fprintf(a.out, "tried:   %s took the token\n", endpoint)
	}
	_, err = fmt.Fprintf(a.out, "next:    virgo run, then virgo install\n")
	return err
}

// settings are those that are there, then those of an imported file, then the flags.
func (c *setupCmd) settings(a *app, path string) (config.Config, error) {
	cfg, err := config.LoadFile(path, a.getenv)
	if err != nil {
		return cfg, err
	}
	if c.Import != "" {
		imported, err := config.ImportLegacy(c.Import)
		if err != nil {
			return cfg, err
		}
		for _, w := range imported.Warnings {
			a.notice("%s", w)
		}
		cfg = cfg.With(imported)
	}
	if len(c.Endpoint) > 0 {
		cfg.Endpoints = c.Endpoint
	}
	if len(c.Pin) > 0 {
		cfg.Pins = c.Pin
	}
	if len(c.BackupPin) > 0 {
		cfg.BackupPins = c.BackupPin
	}
	if c.CAFile != "" {
		cfg.CAFile = c.CAFile
	}
	if c.ClientCert != "" {
		cfg.ClientCert, cfg.ClientKey = c.ClientCert, c.ClientKey
	} else if c.ClientKey != "" {
		cfg.ClientKey = c.ClientKey
	}
	if c.Proxy != "" {
		cfg.SetProxy(c.Proxy)
	}
	if len(c.NoProxy) > 0 {
		cfg.NoProxy = c.NoProxy
	}
	if c.AgentID != "" {
		cfg.AgentID = c.AgentID
	}
	switch {
	case c.Token != "" && c.TokenFile != "":
		return cfg, usageError("--token and --token-file are both given")
	case c.Token != "":
		cfg.SetToken(c.Token)
	case c.TokenFile != "":
		cfg.SetToken("file:" + c.TokenFile)
	}
	return cfg, cfg.Validate()
}

// ask asks a person for what is missing; a script is told instead.
func (c *setupCmd) ask(a *app, cfg *config.Config) error {
	in, ok := a.in.(*os.File)
	if !ok || !term.IsTerminal(in) || a.JSON {
		return nil
	}
	if len(cfg.Endpoints) == 0 {
		fmt.Fprint(a.err, "endpoint (host:port): ")
		line, err := bufio.NewReader(io.LimitReader(in, 4<<10)).ReadString('\n')
		if err != nil {
			return fmt.Errorf("reading the endpoint: %w", err)
		}
		cfg.Endpoints = strings.Fields(line)
		if err := cfg.Validate(); err != nil {
			return err
		}
	}
	if !cfg.HasToken() {
		fmt.Fprint(a.err, "token (not shown): ")
		token, err := term.ReadSecret(in)
		fmt.Fprintln(a.err)
		if err != nil {
			return fmt.Errorf("reading the token: %w", err)
		}
		if token = strings.TrimSpace(token); token != "" {
			cfg.SetToken(token)
		}
	}
	return nil
}

// try has a session with the endpoint, with the new settings.
func (c *setupCmd) try(a *app, cfg config.Config) (string, error) {
	ctx, cancel := a.deadline(cfg.Deadline)
	defer cancel()
	cfg.UseCommonProxy()
	ag := a.newAgent(cfg)
	return ag.Probe(ctx)
}

func joinHints(err error, more string) string {
	var h hinter
	if errors.As(err, &h) && h.Hint() != "" {
		return h.Hint() + "; " + more
	}
	return more
}
