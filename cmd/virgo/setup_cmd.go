package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/config"
)

type setupCmd struct {
	Endpoint   []string `placeholder:"HOST:PORT" help:"Endpoint that gets the results; several are tried in order. An SRV name begins with an underscore."`
	Token      string   `placeholder:"TOKEN" help:"file:PATH, env:NAME or credential:NAME; or the token itself, which others on this host can then see."`
	TokenFile  string   `placeholder:"FILE" help:"File with the token, which only its owner may access and which each run reads; - reads the token from standard input."`
	Pin        []string `placeholder:"sha256:HEX" help:"SHA-256 of the endpoint's public key."`
	BackupPin  []string `placeholder:"sha256:HEX" help:"SHA-256 of the endpoint's next key."`
	CAFile     string   `name:"ca-file" placeholder:"FILE" help:"CA certificates (PEM) to verify the endpoint, instead of the system's."`
	ClientCert string   `placeholder:"FILE" help:"Certificate (PEM) of this host, if the endpoint asks for one."`
	ClientKey  string   `placeholder:"FILE" help:"Private key of that certificate, if it is in another file."`
	Proxy      string   `placeholder:"URL" help:"Proxy to the endpoint: http://, https:// or socks5://[USER:PASSWORD@]HOST:PORT, or none."`
	NoProxy    []string `placeholder:"HOST" help:"Hosts that are reached without the proxy, as in NO_PROXY."`
	AgentID    string   `name:"agent-id" help:"Id of this host at the endpoint (default: from host name and machine id)."`
	Import     string   `placeholder:"FILE" help:"Import the configuration of an existing monitoring agent."`
	Allow      string   `enum:"figures,plugins,all," default:"" placeholder:"WHAT" help:"What the endpoint may make this host do: figures, plugins or all; on a terminal it asks. virgo help policy has finer rules."`
	Signer     []string `name:"bundle-signer" placeholder:"KEY" help:"Public key that may sign bundles of checks in Lua, or the path of its file."`
	Grant      string   `enum:"figures,declared," default:"" placeholder:"WHAT" help:"What checks in Lua may use: figures, or whatever they declared; on a terminal it asks if there is a --bundle-signer."`
	NoCheck    bool     `help:"Write the configuration without testing it."`
	Defer      bool     `help:"For a disk image: leave the key and the id to the first run of each host that is made of it."`
}

// Help returns the text below the summary in the help.
func (setupCmd) Help() string {
	return "Enrols this host: it says hello to each endpoint with the token and registers its own key there, then writes " +
		"the configuration. From then on the key says which host it is, and the token is not needed any more. " +
		"Existing settings are the defaults; on a terminal it asks for missing ones."
}

func (c *setupCmd) Run(a *app) error {
	a.ProtectFolder()
	path := a.Config
	if path == "" {
		path = a.Paths().Config
	}
	cfg, err := c.settings(a, path)
	if err != nil {
		return err
	}
	token, err := c.readToken(a, &cfg)
	if err != nil {
		return err
	}
	s := setup{app: a, cmd: c, cfg: cfg, token: token}
	if err := s.askEndpoint(); err != nil {
		return err
	}
	if len(s.cfg.Endpoints) == 0 {
		return agent.WithCode(agent.ExitUsage, agent.WithHint(errors.New("no endpoint is given"), "--endpoint HOST:PORT"))
	}
	if s.needsToken() {
		if err := s.askToken(); err != nil {
			return err
		}
	}
	if s.needsToken() {
		return agent.WithCode(agent.ExitUsage, agent.WithHint(
			errors.New("no token is given"), "--token-file FILE, or --token-file - for standard input; "+
				"`virgo-endpoint token add` creates a token; without one, `virgo key show` prints this host's key for "+
				"`virgo-endpoint agents add`",
		))
	}
	if err := s.allow(); err != nil {
		return err
	}
	if err := s.grantScripts(); err != nil {
		return err
	}
	// What the next run would refuse, and the file that is written cannot change.
	if err := config.EnvironmentMistake(a.Getenv); err != nil {
		return fmt.Errorf("the configuration was not written: %w", err)
	}
	if err := a.CheckState(s.cfg); err != nil {
		return fmt.Errorf("the configuration was not written: %w", err)
	}
	switch {
	case c.Defer:
		err = s.deferKey()
	case !c.NoCheck:
		err = s.enrol()
	}
	if err != nil {
		return err
	}
	if err := s.storeToken(); err != nil {
		return err
	}
	if err := s.cfg.Write(path); err != nil {
		return err
	}
	return s.show(path)
}

// settings returns the existing settings, overridden by those of an imported file, then by the flags.
func (c *setupCmd) settings(a *app, path string) (config.Config, error) {
	cfg, err := config.LoadFile(path, a.Getenv, a.YAML)
	if err != nil {
		return cfg, err
	}
	a.UseStoredID(&cfg)
	if uid := os.Geteuid(); uid > 0 && cfg.ComputedID && isAbsent(path) && isAbsent(filepath.Join(a.Paths().State, "virgo.db")) {
		cfg.AgentID, cfg.ComputedID = config.UserAgentID(uid), false // written to the file; hosts of before keep theirs
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
		cfg.AgentID, cfg.ComputedID = c.AgentID, false
	}
	if err := c.signers(&cfg); err != nil {
		return cfg, err
	}
	return cfg, cfg.Validate()
}

func isAbsent(path string) bool {
	_, err := os.Lstat(path)
	return errors.Is(err, fs.ErrNotExist)
}

func joinHints(err error, more string) string {
	if hint := agent.Hint(err); hint != "" {
		return hint + "; " + more
	}
	return more
}
