package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"syscall"

	"virgo/cmd/virgo-endpoint/internal/control"
	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/store"
	"virgo/cmd/virgo-endpoint/internal/store/history"
	"virgo/schedule/shorttext"
)

// The exit codes; one that is not listed is a failure as well.
const (
	exitOK         = 0
	exitUnexpected = 1
	exitUsage      = 2
	exitUnread     = 5
	exitAgents     = 6
	exitAlarms     = 7
)

// exitCodes ends every command's help.
const exitCodes = `Exit codes:
  0  done
  1  unexpected error
  2  invalid configuration or usage
  5  stored results cannot be read
  6  an agent has a state that agents --fail-on names
  7  an alarm has a state that alarm list --fail-on names
`

// A failure is an error with its exit code and, where there is one, the next step.
type failure struct {
	code int
	err  error
	hint string
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// explain returns err with its exit code and the next step.
func (a *app) explain(err error) error {
	var mode *folder.ModeError
	var owner *folder.OwnerError
	var key *store.KeyError
	var hinted interface{ Hint() string }
	var own *failure
	var unread *intake.UnreadError
	dir := shorttext.QuoteShell(a.Dir)
	switch {
	case err == nil, errors.As(err, &own):
		return err
	case errors.As(err, &unread):
		return &failure{exitUnread, err, damageHint(a.Dir, err)}
	case errors.Is(err, intake.ErrDamaged):
		return &failure{exitUnexpected, err, damageHint(a.Dir, err)}
	case errors.As(err, &mode):
		return &failure{exitUsage, err, mode.Fix}
	case errors.As(err, &owner):
		return &failure{exitUsage, err, owner.Fix}
	case errors.As(err, &key):
		return &failure{exitUnexpected, err,
			"if that host was set up anew, and virgo spool export shows this key there, --accept-key accepts it"}
	case errors.As(err, &hinted) && hinted.Hint() != "":
		return &failure{exitUnexpected, err, hinted.Hint()}
	case errors.Is(err, context.Canceled):
		return &failure{exitUnexpected, err, "do it again; nothing is stored twice"}
	case errors.Is(err, store.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		return &failure{exitUsage, err, "virgo-endpoint init --dir " + dir + " makes what is missing"}
	case errors.Is(err, store.ErrNewer), errors.Is(err, control.ErrNewer):
		return &failure{exitUsage, err,
			"use the version of virgo-endpoint that last served this folder, or a later one"}
	case errors.Is(err, intake.ErrNoSuchToken):
		return &failure{exitUsage, err, "virgo-endpoint token list --dir " + dir}
	case errors.Is(err, intake.ErrBadTokenSpec):
		return &failure{exitUsage, err, "virgo-endpoint token add --help"}
	case errors.Is(err, intake.ErrBadLabel), errors.Is(err, folder.ErrBadHost), errors.Is(err, folder.ErrBadAddress),
		errors.Is(err, folder.ErrBadClientName), errors.Is(err, folder.ErrBadClientIDs):
		return &failure{exitUsage, err, ""}
	case errors.Is(err, syscall.EADDRINUSE):
		return &failure{exitUnexpected, err, "something listens there already; give another --listen"}
	case errors.Is(err, fs.ErrPermission):
		return &failure{exitUnexpected, err, "run it as the owner of " + dir}
	}
	return err
}

// damageHint returns what to do about damage in a file of the store.
func damageHint(dir string, err error) string {
	switch {
	case store.IsSegmentDamaged(err):
		return "a damaged segment costs its own results alone: keep a copy of the file, or take it from a backup; virgo-endpoint check --dir " +
			shorttext.QuoteShell(dir) + " names all that cannot be read"
	case errors.Is(err, history.ErrDamagedFile):
		return "virgo-endpoint serve sets the history aside and makes it anew from the stored results; what is older than they are is in backups alone"
	case errors.Is(err, control.ErrDamagedFile):
		return "virgo-endpoint serve --web sets control.db aside and goes on without it; virgo-endpoint restore brings back what a backup has"
	}
	file := shorttext.QuoteShell(folder.Dir(dir).StoreFile())
	return "stop the server, keep a copy of " + file + ", then: sqlite3 " + file + " .recover | sqlite3 recovered.db"
}

func exitCode(err error) int {
	var f *failure
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &f):
		return f.code
	default:
		return exitUnexpected
	}
}

// printError and printErrorJSON are the only places that print an error.
func printError(w io.Writer, err error) {
	fmt.Fprintln(w, "virgo-endpoint: error: "+oneLine(err.Error()))
	var f *failure
	if errors.As(err, &f) && f.hint != "" {
		fmt.Fprintln(w, "virgo-endpoint: hint: "+oneLine(f.hint))
	}
}

// An errorDocument is what --json prints to standard error in place of an error: one line.
type errorDocument struct {
	document
	Error    string `json:"error"`
	Hint     string `json:"hint,omitempty"`
	ExitCode int    `json:"exit_code"`
}

// printErrorJSON is printError for --json.
func printErrorJSON(w io.Writer, err error) {
	doc := errorDocument{document{schemaVersion}, oneLine(err.Error()), "", exitCode(err)}
	var f *failure
	if errors.As(err, &f) {
		doc.Hint = f.hint
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(doc)
}

// oneLine makes an error one line, fit for a terminal.
func oneLine(s string) string {
	return shorttext.Sanitize(strings.ReplaceAll(strings.TrimSpace(s), "\n", "; "))
}
