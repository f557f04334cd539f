package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"virgo/cmd/internal/term"
	"virgo/cmd/virgo-endpoint/internal/admin"
	"virgo/cmd/virgo-endpoint/internal/login"
	"virgo/cmd/virgo-endpoint/internal/watch"
)

// passwordFlags say where a password comes from. It is no argument: those of others' processes can be read.
type passwordFlags struct {
	PasswordFile string `placeholder:"FILE" help:"Read the password from the first line of FILE; - is standard input. Else it is asked for twice."`
}

type userAddCmd struct {
	Name string `arg:"" help:"1 to 64 letters, digits, or characters of -_.@+; the same as a reverse proxy's header says."`
	Role string `enum:"view,operate,admin" default:"view" help:"view reads; operate also makes silences and acknowledges alarms; admin may do all: schedules, alarms, agents, tokens, users. Default: ${default}."`
	// NoPassword is for somebody whom a proxy names.
	NoPassword bool `help:"The user has no password, and only comes by a reverse proxy (serve --web-proxy-header)."`

	passwordFlags
}

func (userAddCmd) Help() string {
	return "A password has at least 10 characters. It is stored as an argon2id hash. A running server knows the user at once, and the link " +
		"for the first password that it printed is over."
}

func (c *userAddCmd) Run(a *app) error {
	if c.NoPassword && c.PasswordFile != "" {
		return &failure{exitUsage, errors.New("--no-password and --password-file exclude each other"), ""}
	}
	return a.changePeople(func(p *peopleChange) error {
		if err := login.CheckName(c.Name); err != nil {
			return &failure{exitUsage, fmt.Errorf("%q: %w", c.Name, err), ""}
		}
		if _, err := p.people.Person(a.ctx, c.Name); err == nil {
			return fmt.Errorf("%q: %w", c.Name, watch.ErrPersonExists) // before it asks for a password
		}
		password := ""
		if !c.NoPassword {
			var err error
			if password, err = c.read(a, c.Name); err != nil {
				return err
			}
		}
		_, err := p.AddPerson(a.ctx, p.by, c.Name, watch.Role(c.Role), password)
		return err
	})
}

type userPasswordCmd struct {
	Name string `arg:"" help:"The user's name."`

	passwordFlags
}

func (c *userPasswordCmd) Run(a *app) error {
	return a.changePeople(func(p *peopleChange) error {
		if _, err := p.people.Person(a.ctx, c.Name); err != nil {
			return fmt.Errorf("%q: %w", c.Name, err) // before it asks for a password
		}
		password, err := c.read(a, c.Name)
		if err != nil {
			return err
		}
		_, err = p.SetPassword(a.ctx, p.by, c.Name, password, admin.Match{Any: true})
		return err
	})
}

// read returns the password that a user is to have.
func (c *passwordFlags) read(a *app, name string) (string, error) {
	password, err := c.source(a)
	if err == nil {
		err = login.CheckPassword(name, password)
	}
	if err != nil {
		return "", &failure{exitUsage, fmt.Errorf("reading the password: %w", err), "a terminal asks for it; --password-file reads it from a file"}
	}
	return password, nil
}

func (c *passwordFlags) source(a *app) (string, error) {
	switch c.PasswordFile {
	case "":
		return ask(a)
	case "-":
		return firstLine(a.in)
	}
	f, err := os.Open(c.PasswordFile)
	if err != nil {
		return "", err
	}
	defer f.Close()
	return firstLine(f)
}

// firstLine reads a line without its end.
func firstLine(r io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(r, login.MaxPassword+3)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"), nil
}

// ask asks for a password on the terminal, twice.
func ask(a *app) (string, error) {
	if !term.IsTerminal(a.in) {
		return "", errors.New("there is no terminal to ask on")
	}
	var answers [2]string
	for i, text := range []string{"password: ", "again: "} {
		fmt.Fprint(a.err, text)
		var err error
		answers[i], err = term.ReadSecret(a.in.(*os.File))
		fmt.Fprintln(a.err)
		if err != nil {
			return "", err
		}
	}
	if answers[0] != answers[1] {
		return "", errors.New("the two are not the same")
	}
	return answers[0], nil
}
