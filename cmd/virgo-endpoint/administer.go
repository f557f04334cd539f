package main

import (
	"errors"
	"fmt"
	"os"
	"os/user"

	"virgo/cmd/virgo-endpoint/internal/admin"
	"virgo/cmd/virgo-endpoint/internal/alarm"
	"virgo/cmd/virgo-endpoint/internal/control"
	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/store"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule"
	"virgo/schedule/shorttext"
	"virgo/schedule/yaml/full"
)

// administer opens what changes are recorded in, has do make one as this user, and closes it.
func (a *app) administer(st *store.Store, do func(ad *admin.Admin, by watch.Actor) error) error {
	dir, err := a.folder()
	if err != nil {
		return err
	}
	db, err := a.control(dir)
	if err != nil {
		return err
	}
	defer db.Close()
	return do(admin.New(a.adminOptions(dir, st, db)), admin.Command(systemUser()))
}

// adminOptions are what changes are made with; st may be nil where none is of agents or tokens.
func (a *app) adminOptions(dir folder.Dir, st *store.Store, db *control.DB) admin.Options {
	opt := admin.Options{Dir: dir, Alarms: db.Alarms(), Audit: db.Audit(), People: db.People(), Settings: db.Settings(),
		Silences: db.Silences(), HostInfo: db.HostInfo(), Now: a.now, CheckRules: func(name string, data []byte) []schedule.Problem {
			return alarm.LoadRules(dir.AlarmsDir(), full.Parse, a.now).Check(name+".yaml", data)
		}}
	if st != nil {
		opt.Keys, opt.Agents = intake.Keys(st), st
	}
	return opt
}

// systemUser is who runs this command, for the audit log; with sudo also who asked for it.
func systemUser() string {
	name := fmt.Sprint("user ", os.Geteuid())
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if by := os.Getenv("SUDO_USER"); by != "" && by != name {
		name += " (sudo by " + by + ")"
	}
	return shorttext.Truncate(shorttext.Sanitize(name), 100)
}

// refused gives the errors of a change their exit code and the next step.
func (a *app) refused(err error) error {
	var invalid *admin.Invalid
	var changed *admin.Changed
	dir := shorttext.QuoteShell(a.Dir)
	switch {
	case errors.As(err, &invalid), errors.Is(err, admin.ErrNotFound):
		return &failure{exitUsage, err, ""}
	case errors.As(err, &changed):
		return &failure{exitUsage, err, "look at what is there now: virgo-endpoint audit --dir " + dir + " says who changed it"}
	}
	return a.explain(err)
}
