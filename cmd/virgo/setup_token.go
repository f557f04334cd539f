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
	"virgo/cmd/internal/hostkey"
	"virgo/cmd/internal/link"
	"virgo/cmd/internal/term"
)

// maxTokenInput bounds what is read of standard input for a token.
const maxTokenInput = 4 << 10

// readToken takes the token of the flags: a reference becomes a setting, because it is the owner's and
// stays where it is. The token itself is returned, because it does not belong into virgo.yaml; empty if
// none was given.
func (c *setupCmd) readToken(a *app, cfg *config.Config) (string, error) {
	switch {
	case c.Token != "" && c.TokenFile != "":
		return "", agent.UsageError("--token and --token-file cannot be used together")
	case c.Token != "":
		cfg.SetToken(c.Token)
		if cfg.PlainToken() {
			a.Notice("every user of this host can see a token on the command line, and the shell remembers it: " +
				"leave it out to be asked for it, or give --token-file -")
		}
	case c.TokenFile == stdStream:
		text, err := io.ReadAll(io.LimitReader(a.In, maxTokenInput))
		if err != nil {
			return "", fmt.Errorf("reading the token: %w", err)
		}
		if cfg.SetToken(string(text)); !cfg.HasToken() {
			return "", agent.UsageError("standard input has no token")
		}
	case c.TokenFile != "":
		cfg.SetToken("file:" + c.TokenFile)
	case c.Import == "": // what the configuration has already stays there
		return "", nil
	}
	if !cfg.PlainToken() {
		return "", nil
	}
	if err := cfg.Validate(); err != nil {
		return "", err
	}
	return cfg.TakePlainToken(), nil
}

// needsToken reports whether nothing can say who this host is: there is no token, and no key that an
// endpoint may know.
func (s *setup) needsToken() bool {
	if s.token != "" || s.cfg.HasToken() {
		return false
	}
	if stored, err := s.cfg.TokenOr(hostkey.TokenPath(s.Paths().State)); stored != "" || err != nil {
		return false // what is wrong with it, the test says
	}
	_, err := hostkey.Read(s.Paths().State)
	return s.cmd.Defer || err != nil
}

// terminal returns the terminal where a person can be asked; nil if there is none.
func (s *setup) terminal() *os.File {
	in, ok := s.In.(*os.File)
	if !ok || !term.IsTerminal(in) || s.JSON || s.cmd.TokenFile == stdStream {
		return nil
	}
	return in
}

// askEndpoint asks for a missing endpoint on a terminal.
func (s *setup) askEndpoint() error {
	in := s.terminal()
	if in == nil || len(s.cfg.Endpoints) > 0 {
		return nil
	}
	fmt.Fprint(s.Err, "endpoint (host:port): ")
	line, err := bufio.NewReader(io.LimitReader(in, maxTokenInput)).ReadString('\n')
	if err != nil {
		return fmt.Errorf("reading the endpoint: %w", err)
	}
	s.cfg.Endpoints = strings.Fields(line)
	return s.cfg.Validate()
}

// askToken asks for the token on a terminal, without showing it.
func (s *setup) askToken() error {
	in := s.terminal()
	if in == nil {
		return nil
	}
	fmt.Fprint(s.Err, "token (not shown): ")
	token, err := term.ReadSecret(in)
	fmt.Fprintln(s.Err)
	if err != nil {
		return fmt.Errorf("reading the token: %w", err)
	}
	cfg := s.cfg
	cfg.SetToken(token)
	if err := cfg.Validate(); err != nil {
		return err
	}
	if cfg.PlainToken() {
		s.token = cfg.TakePlainToken()
	} else {
		s.cfg = cfg // a reference, or nothing
	}
	return nil
}

// storeToken leaves the token in the state folder, unless every endpoint has confirmed this host's key,
// or deletes one that is not needed any more.
func (s *setup) storeToken() error {
	dir := s.Paths().State
	if s.confirmed {
		if err := hostkey.DropToken(dir); err != nil {
			s.Notice("the token is not needed any more: %v", err)
		}
		return nil
	}
	if s.token == "" {
		return nil
	}
	ag, err := s.openAgent(s.cfg)
	if err == nil {
		err = hostkey.StoreToken(dir, s.token)
	}
	if err == nil && !s.cmd.Defer {
		err = link.NoteTokenStored(s.Context, &ag.Config)
	}
	if err != nil {
		return fmt.Errorf("the configuration was not written: storing the token: %w", err)
	}
	return nil
}

// errDeferred is returned if an image would give its hosts one key.
var errDeferred = errors.New("this host has a key already, which every host that is made of it would have")
