package main

import (
	"log/slog"

	"virgo/cmd/virgo-endpoint/internal/control"
	"virgo/cmd/virgo-endpoint/internal/folder"
)

// control opens the folder's control.db for a command; the caller closes it. A folder that has none yet gets one.
func (a *app) control(dir folder.Dir) (*control.DB, error) {
	db, err := control.Open(a.ctx, dir.ControlFile(), control.Options{Now: a.now})
	if err != nil {
		return nil, a.explain(err)
	}
	return db, nil
}

// servedControl is control for the server, which sets a damaged file aside and goes on with a new one.
func (a *app) servedControl(dir folder.Dir, log *slog.Logger) (*control.DB, error) {
	db, err := control.Open(a.ctx, dir.ControlFile(), control.Options{SetAside: true, Log: log, Now: a.now})
	if err != nil {
		return nil, a.explain(err)
	}
	return db, nil
}

// controlToRead is control for a command that only reads: nil if there is no file.
func (a *app) controlToRead(dir folder.Dir) (*control.DB, error) {
	if !control.Exists(dir.ControlFile()) {
		return nil, nil
	}
	return a.control(dir)
}
