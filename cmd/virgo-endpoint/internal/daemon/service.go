package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// maxOpenFiles is the service's limit of open files: connections, and what the store has open.
const maxOpenFiles = 65536

// A Service is what is to be started.
type Service struct {
	// Program and Dir, the endpoint's folder, are absolute paths.
	Program, Dir string
	// Args are the program's arguments, serve and its flags.
	Args []string
	User string
	// LowPort is true if it listens on a port below 1024, for which it needs a capability.
	LowPort bool
}

// ErrBadService is returned when a path or an argument cannot stand in a service's file.
var ErrBadService = errors.New("cannot be started as a service")

// Validate returns an error if the service's text would say something else: ErrBadService.
func (s *Service) Validate() error {
	for _, path := range []string{s.Program, s.Dir} {
		if !filepath.IsAbs(path) {
			return fmt.Errorf("%w: %q is not an absolute path", ErrBadService, path)
		}
	}
	for _, word := range append([]string{s.Program, s.Dir, s.User}, s.Args...) {
		if strings.ContainsFunc(word, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\uFFFD' }) {
			return fmt.Errorf("%w: %q has a control character", ErrBadService, word)
		}
	}
	if s.User == "" || strings.Trim(s.User, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") != "" || s.User[0] == '-' {
		return fmt.Errorf("%w: %q is not the name of a user", ErrBadService, s.User)
	}
	return nil
}

// A Manager starts services.
type Manager interface {
	// Name is its name for people.
	Name() string
	// Print returns the service's file.
	Print(Service) string
	// Install writes the file and starts the service; changed is false if the file was there.
	Install(context.Context, Service) (changed bool, err error)
	// Uninstall stops the service and removes the file; changed is false if there was none.
	Uninstall(context.Context) (changed bool, err error)
	// Logs is a command that shows the service's log.
	Logs() string
}

// A HintError is an error with its next step.
type HintError struct {
	Err  error
	Next string
}

func (e *HintError) Error() string { return e.Err.Error() }
func (e *HintError) Unwrap() error { return e.Err }

// Hint returns the next step.
func (e *HintError) Hint() string { return e.Next }

// write replaces a file, which others can read; changed is false if it was the same. After a power failure the
// file is complete: half a service would start something else.
func write(path, text string, mode os.FileMode) (changed bool, err error) {
	if old, err := os.ReadFile(path); err == nil && string(old) == text {
		return false, nil
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return false, err
	}
	_, err = f.WriteString(text)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return false, fmt.Errorf("writing %q: %w", path, err)
	}
	return true, nil
}

// command runs a program of the system.
func command(ctx context.Context, name string, args ...string) error {
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err == nil {
		return nil
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, line)
}
