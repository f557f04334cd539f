package main

import (
	"context"
	"errors"
	"fmt"

	"virgo/cmd/virgo-endpoint/internal/admin"
	"virgo/cmd/virgo-endpoint/internal/control"
	"virgo/cmd/virgo-endpoint/internal/login"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule/shorttext"
)

type userCmd struct {
	Add      userAddCmd      `cmd:"" help:"Add somebody who may log in to the page."`
	List     userListCmd     `cmd:"" help:"List who may log in to the page."`
	Password userPasswordCmd `cmd:"" help:"Set another password; all sessions of the user end."`
	Remove   userRemoveCmd   `cmd:"" help:"Remove a user; all sessions end."`
}

// A peopleChange is a command that changes people.
type peopleChange struct {
	*admin.Admin
	app    *app
	people watch.People
	by     watch.Actor
}

// changePeople calls change with what it changes people by.
func (a *app) changePeople(change func(*peopleChange) error) (err error) {
	dir, err := a.folder()
	if err != nil {
		return err
	}
	d, err := a.control(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	c := &peopleChange{app: a, people: d.People(), by: admin.Command(systemUser()), Admin: admin.New(admin.Options{Dir: dir, Audit: d.Audit(), People: d.People(), Now: a.now,
		Hash: func(_ context.Context, password string) (string, error) { return login.Hash(password) }})}
	return a.explainPerson(change(c))
}

// explainPerson is explain with what may be wrong about people.
func (a *app) explainPerson(err error) error {
	var invalid *admin.Invalid
	list := "virgo-endpoint user list --dir " + shorttext.QuoteShell(a.Dir)
	switch {
	case errors.Is(err, watch.ErrPersonExists):
		return &failure{exitUsage, err, "virgo-endpoint user password sets another password"}
	case errors.Is(err, watch.ErrNoSuchPerson):
		return &failure{exitUsage, err, list}
	case errors.As(err, &invalid):
		return &failure{exitUsage, err, ""}
	}
	return a.explain(err)
}

type userListCmd struct{}

func (userListCmd) Help() string {
	return "ROLE: view reads; operate also makes silences and acknowledges alarms; admin may do all. " +
		"PASSWORD is no for somebody who only comes by a reverse proxy."
}

// A userEntry is a user in a document.
type userEntry struct {
	Name        string `json:"name"`
	Role        string `json:"role"`
	HasPassword bool   `json:"has_password"`
	Created     *int64 `json:"created_ms"`
	// Disabled is null for somebody who may log in.
	Disabled *int64 `json:"disabled_ms"`
}

type usersDocument struct {
	document
	Users []userEntry `json:"users"`
}

func (userListCmd) Run(a *app) error {
	all, err := a.persons()
	if err != nil {
		return err
	}
	if a.JSON {
		doc := usersDocument{document{schemaVersion}, []userEntry{}}
		for _, p := range all {
			doc.Users = append(doc.Users, userEntry{p.Name, string(p.Role), p.Password != "", ms(p.Created), ms(p.Disabled)})
		}
		return a.printJSON(doc)
	}
	created := momentColumn{head: "CREATED"}
	for _, p := range all {
		created.add(p.Created)
	}
	t := table{columns: []column{{head: "NAME"}, {head: "ROLE"}, {head: "STATE"}, {head: "PASSWORD", drop: 2}, {head: created.name(), drop: 1}}}
	for _, p := range all {
		state, password := "valid", "yes"
		if !p.Disabled.IsZero() {
			state = "disabled"
		}
		if p.Password == "" {
			password = "no"
		}
		t.row(p.Name, string(p.Role), state, password, created.text(p.Created))
	}
	return a.printTable(&t)
}

// persons are all that may log in; nobody where there is no control.db.
func (a *app) persons() (all []watch.Person, err error) {
	dir, err := a.folder()
	if err != nil {
		return nil, err
	}
	d, err := a.controlToRead(dir)
	if d == nil || err != nil {
		return nil, err
	}
	defer func(d *control.DB) { err = errors.Join(err, d.Close()) }(d)
	all, err = d.People().All(a.ctx)
	return all, a.explain(err)
}

type userRemoveCmd struct {
	Name string `arg:"" help:"The user's name."`
}

func (c *userRemoveCmd) Run(a *app) error {
	return a.changePeople(func(p *peopleChange) error {
		if err := p.RemovePerson(a.ctx, p.by, c.Name, admin.Match{Any: true}); err != nil {
			return fmt.Errorf("%q: %w", c.Name, err)
		}
		return nil
	})
}
