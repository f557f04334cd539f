package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/config"
	"virgo/cmd/internal/hostkey"
	"virgo/cmd/internal/link"
	"virgo/cmd/internal/run"
	"virgo/schedule/shorttext"
	"virgo/transport"
)

// A setup is one call of the command.
type setup struct {
	*app
	cmd *setupCmd
	cfg config.Config
	// token is what the owner gave; empty if it is a setting, or there is none. It goes to the state
	// folder, where it stays until no endpoint needs it.
	token string
	// enrolled is what each endpoint said; confirmed means that all have this host's key.
	enrolled  []link.Enrolment
	confirmed bool
}

// openAgent returns an agent with these settings and its spool.
func (s *setup) openAgent(cfg config.Config) (*run.Agent, error) {
	ag := s.NewAgent(cfg)
	var err error
	ag.Spool, err = s.OpenSpool(cfg)
	return ag, err
}

// enrol says hello to every endpoint. One of them has to accept this host, and none may refuse it.
func (s *setup) enrol() error {
	err := s.sayHello()
	if transport.KeyRefusal(err) == transport.TypeNotEnrolled && s.token == "" && !s.cfg.HasToken() {
		if err := s.askToken(); err != nil { // the endpoint has forgotten this host
			return err
		}
		if s.token != "" || s.cfg.HasToken() {
			err = s.sayHello()
		}
	}
	if err != nil {
		return agent.WithHint(
			fmt.Errorf("the test failed, so the configuration was not written: %w", err),
			joinHints(err, "--no-check writes it anyway"),
		)
	}
	return nil
}

func (s *setup) sayHello() error {
	ctx, cancel := s.Deadline(s.cfg.Deadline)
	defer cancel()
	cfg := s.cfg
	if s.token != "" {
		cfg.SetToken(s.token)
	}
	cfg.UseCommonProxy()
	ag, err := s.openAgent(cfg)
	if err != nil {
		return err
	}
	if s.enrolled, s.confirmed, err = link.Enrol(ctx, &ag.Config); err != nil {
		return err
	}
	var away []error
	for _, e := range s.enrolled {
		switch {
		case e.Err == nil:
		case e.Reached != "" || len(s.enrolled) == 1:
			return e.Err
		default:
			away = append(away, e.Err)
		}
	}
	if len(away) == len(s.enrolled) {
		return errors.Join(away...)
	}
	return nil
}

// deferKey makes sure that the state folder has nothing that says which host this is.
func (s *setup) deferKey() error {
	if s.cmd.AgentID != "" {
		return agent.UsageError("--defer leaves the id to each host, so it cannot be used with --agent-id")
	}
	dir := s.Paths().State
	for _, name := range []string{hostkey.KeyFile, hostkey.IDFile, "virgo.db"} {
		if _, err := os.Lstat(filepath.Join(dir, name)); !errors.Is(err, fs.ErrNotExist) {
			return agent.WithCode(agent.ExitUsage, agent.WithHint(
				fmt.Errorf("%w: %s", errDeferred, filepath.Join(dir, name)),
				"remove the state folder first, with what waits in it: rm -r "+shorttext.QuoteShell(dir),
			))
		}
	}
	s.cfg.AgentID = ""
	return nil
}

type setupDocument struct {
	document
	Config string `json:"config"`
	// AgentID is empty if it is left to the first run.
	AgentID  string `json:"agent_id"`
	Checked  bool   `json:"checked"`
	Endpoint string `json:"endpoint,omitempty"`
	// Confirmed means that every endpoint has this host's key.
	Confirmed bool            `json:"confirmed"`
	Endpoints []setupEndpoint `json:"endpoints"`
	// TokenFile is where the token was left; empty if it is not needed, or is the owner's.
	TokenFile string `json:"token_file,omitempty"`
	// Rules are what the endpoint may make this host do.
	Rules []string `json:"rules"`
}

type setupEndpoint struct {
	Endpoint  string `json:"endpoint"`
	Confirmed bool   `json:"confirmed"`
	Problem   string `json:"problem,omitempty"`
	Error     string `json:"error,omitempty"`
}

// show prints what was done.
func (s *setup) show(path string) error {
	doc := setupDocument{
		document: document{schemaVersion}, Config: path, AgentID: s.cfg.AgentID,
		Checked: s.enrolled != nil, Confirmed: s.confirmed, Endpoints: []setupEndpoint{},
	}
	for _, e := range s.enrolled {
		one := setupEndpoint{Endpoint: e.Endpoint, Confirmed: e.Confirmed, Problem: e.Problem}
		if e.Err != nil {
			one.Error = agent.OneLine(e.Err.Error())
		} else if doc.Endpoint == "" {
			doc.Endpoint = e.Reached
		}
		doc.Endpoints = append(doc.Endpoints, one)
	}
	for _, r := range s.cfg.Policy().Checks {
		doc.Rules = append(doc.Rules, r.String())
	}
	if s.token != "" && !s.confirmed {
		doc.TokenFile = hostkey.TokenPath(s.Paths().State)
	}
	if s.JSON {
		return s.printJSON(doc)
	}
	who := "as agent " + doc.AgentID
	if doc.AgentID == "" {
		who = "each host gets its id and its key with its first run"
	}
	lines := []string{"written: " + path + ", " + who}
	for _, e := range s.enrolled {
		lines = append(lines, "tested:  "+s.enrolmentLine(e))
	}
	switch {
	case doc.TokenFile != "":
		lines = append(lines, "token:   left in "+doc.TokenFile+" until every endpoint has this host's key")
	case s.confirmed && s.cfg.HasToken():
		lines = append(lines, "token:   not needed any more; you may remove it from where you keep it")
	}
	lines = append(lines, "allowed: "+allowLine(s.cfg), "next:    virgo run, then virgo install")
	_, err := fmt.Fprintln(s.Out, strings.Join(lines, "\n"))
	return err
}

// enrolmentLine says what one endpoint said.
func (s *setup) enrolmentLine(e link.Enrolment) string {
	switch {
	case e.Err != nil:
		return agent.OneLine(fmt.Sprintf("%s is not reached: %v", e.Endpoint, e.Err))
	case e.Confirmed:
		return e.Reached + " has this host's key"
	case e.Problem != "":
		return agent.OneLine(e.Reached + " accepted the token, not the key: " + e.Problem)
	}
	return e.Reached + " accepted the token; it knows no keys"
}
