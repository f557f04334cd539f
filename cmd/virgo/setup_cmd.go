package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/config"
	"virgo/cmd/internal/link"
	"virgo/cmd/internal/term"
)

type setupCmd struct {
	Endpoint   []string `placeholder:"HOST:PORT" help:"Endpoint that gets the results; several are tried in order. An SRV name begins with an underscore."`
	Token      string   `placeholder:"TOKEN" help:"The token, or file:PATH, env:NAME, credential:NAME."`
	TokenFile  string   `placeholder:"FILE" help:"File with the token; only its owner may have access."`
	Pin        []string `placeholder:"sha256:HEX" help:"SHA-256 of the endpoint's public key."`
	BackupPin  []string `placeholder:"sha256:HEX" help:"SHA-256 of the endpoint's next key."`
	CAFile     string   `name:"ca-file" placeholder:"FILE" help:"CA certificates (PEM) to verify the endpoint, instead of the system's."`
	ClientCert string   `placeholder:"FILE" help:"Certificate (PEM) of this host, if the endpoint asks for one."`
	ClientKey  string   `placeholder:"FILE" help:"Private key of that certificate, if it is in another file."`
	Proxy      string   `placeholder:"URL" help:"Proxy to the endpoint: http://, https:// or socks5://[USER:PASSWORD@]HOST:PORT, or none."`
	NoProxy    []string `placeholder:"HOST" help:"Hosts that are reached without the proxy, as in NO_PROXY."`
	AgentID    string   `name:"agent-id" help:"Id of this host at the endpoint (default: from host name and machine id)."`
	Import     string   `placeholder:"FILE" help:"Import the configuration of an existing monitoring agent."`
	NoCheck    bool     `help:"Write the configuration without testing it."`
}

// Help returns the text below the summary in the help.
func (setupCmd) Help() string {
	return "Tests the settings in a session with the endpoint, then writes the configuration. Existing settings are the " +
		"defaults; on a terminal it asks for missing ones."
}

func (c *setupCmd) Run(a *app) error {
	path := a.Config
	if path == "" {
		path = a.Paths().Config
	}
	cfg, err := c.settings(a, path)
	if err != nil {
		return err
	}
	if err := c.ask(a, &cfg); err != nil {
		return err
	}
	if len(cfg.Endpoints) == 0 {
		return agent.WithCode(agent.ExitUsage, agent.WithHint(errors.New("no endpoint is given"), "--endpoint HOST:PORT"))
	}
	if !cfg.HasToken() {
		return agent.WithCode(agent.ExitUsage, agent.WithHint(
			errors.New("no token is given"), "--token-file FILE; `virgo-endpoint token add` creates a token",
		))
	}
	// What the next run would refuse, and the file that is written cannot change.
	if err := config.EnvironmentMistake(a.Getenv); err != nil {
		return fmt.Errorf("the configuration was not written: %w", err)
	}
	if err := a.CheckState(cfg); err != nil {
		return fmt.Errorf("the configuration was not written: %w", err)
	}
	endpoint := ""
	if !c.NoCheck {
		if endpoint, err = c.probe(a, cfg); err != nil {
			return agent.WithHint(
				fmt.Errorf("the test failed, so the configuration was not written: %w", err),
				joinHints(err, "--no-check writes it anyway"),
			)
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
	fmt.Fprintf(a.Out, "written: %s, as agent %s\n", path, cfg.AgentID)
	if endpoint != "" {
		fmt.Fprintf(a.Out, "tested:  %s accepted the token\n", endpoint)
	}
	_, err = fmt.Fprintf(a.Out, "next:    virgo run, then virgo install\n")
	return err
}

// settings returns the existing settings, overridden by those of an imported file, then by the flags.
func (c *setupCmd) settings(a *app, path string) (config.Config, error) {
	cfg, err := config.LoadFile(path, a.Getenv, a.YAML)
	if err != nil {
		return cfg, err
	}
	if c.Import != "" {
		imported, err := config.ImportLegacy(c.Import)
		if err != nil {
			return cfg, err
		}
		for _, w := range imported.Warnings {
			a.Notice("%s", w)
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
		return cfg, agent.UsageError("--token and --token-file cannot be used together")
	case c.Token != "":
		cfg.SetToken(c.Token)
	case c.TokenFile != "":
		cfg.SetToken("file:" + c.TokenFile)
	}
	return cfg, cfg.Validate()
}

// ask asks for missing settings on a terminal; a script gets an error instead.
func (c *setupCmd) ask(a *app, cfg *config.Config) error {
	in, ok := a.In.(*os.File)
	if !ok || !term.IsTerminal(in) || a.JSON {
		return nil
	}
	if len(cfg.Endpoints) == 0 {
		fmt.Fprint(a.Err, "endpoint (host:port): ")
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
		fmt.Fprint(a.Err, "token (not shown): ")
		token, err := term.ReadSecret(in)
		fmt.Fprintln(a.Err)
		if err != nil {
			return fmt.Errorf("reading the token: %w", err)
		}
		if token = strings.TrimSpace(token); token != "" {
			cfg.SetToken(token)
		}
	}
	return nil
}

// probe tests the new settings in a session with the endpoint.
func (c *setupCmd) probe(a *app, cfg config.Config) (string, error) {
	ctx, cancel := a.Deadline(cfg.Deadline)
	defer cancel()
	cfg.UseCommonProxy()
	ag := a.NewAgent(cfg)
	return link.Probe(ctx, &ag.Config)
}

func joinHints(err error, more string) string {
	if hint := agent.Hint(err); hint != "" {
		return hint + "; " + more
	}
	return more
}
