package installed

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"virgo/cmd/internal/atomicfile"
	"virgo/schedule/ownership"
	"virgo/spool"
)

// folderName is the folder of bundles in the state folder.
const folderName = "bundles"

const (
	lockName     = "lock"
	bundleEnding = ".zip"
)

// SignatureEndings are the endings of the files beside a bundle that have its signatures.
func SignatureEndings() []string { return []string{".minisig", ".sig"} }

// A Folder is the agent's folder of bundles. It need not exist.
type Folder struct {
	Dir string
	// Hook is called at each step that changes the folder; nil: not called. It is for tests, which
	// end the process there.
	Hook func(step string)
}

// New returns the folder of bundles in a state folder.
func New(stateDir string) *Folder { return &Folder{Dir: filepath.Join(stateDir, folderName)} }

// Check returns why the folder must not be used: somebody else may have written to it.
func (f *Folder) Check() error { return ownership.Check(f.Dir) }

func (f *Folder) step(name string) {
	if f.Hook != nil {
		f.Hook(name)
	}
}

// ErrBusy is returned where another process writes to the folder.
var ErrBusy = errors.New("another process is installing a bundle")

// A Locked is the folder of the one process that may change it.
type Locked struct {
	*Folder
	release func() error
}

// Lock makes the folder where there is none, and locks it. The system releases the lock when the
// process ends. Errors: [ErrBusy], those of the file system, and an ownership.Fault.
func (f *Folder) Lock() (*Locked, error) {
	if err := atomicfile.MkdirAll(f.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of bundles: %w", err)
	}
	if err := f.Check(); err != nil {
		return nil, err
	}
	release, ok, err := spool.TryLock(f.path(lockName))
	if err != nil {
		return nil, fmt.Errorf("locking the folder of bundles: %w", err)
	}
	if !ok {
		return nil, ErrBusy
	}
	return &Locked{Folder: f, release: release}, nil
}

// pollLock is how often a person's command tries again.
const pollLock = 50 * time.Millisecond

// LockWithin is [Folder.Lock] that waits until ctx is done.
func (f *Folder) LockWithin(ctx context.Context) (*Locked, error) {
	for {
		l, err := f.Lock()
		if !errors.Is(err, ErrBusy) {
			return l, err
		}
		timer := time.NewTimer(pollLock)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, err
		}
	}
}

// Unlock releases the lock.
func (l *Locked) Unlock() { _ = l.release() }

// put replaces the file "installed", which is what changes the state of the folder.
func (l *Locked) put(i Installed) error {
	file, err := atomicfile.Create(l.path(truthName))
	if err != nil {
		return err
	}
	defer file.Discard()
	if _, err := file.Write(i.encode()); err != nil {
		return fmt.Errorf("write %q: %w", l.path(truthName), err)
	}
	l.step("write installed")
	if err := file.Replace(); err != nil {
		return err
	}
	l.step("installed")
	return nil
}

// Collect removes the bundles that the file "installed" does not name, and what was left of
// files that were written when a process ended. Errors are of the next one to remove: a file
// that stays does no harm.
func (l *Locked) Collect() {
	i, err := l.Installed()
	if err != nil {
		return
	}
	entries, err := os.ReadDir(l.Dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if l.isGarbage(e.Name(), i) {
			_ = os.Remove(l.path(e.Name()))
			l.step("removed a file")
		}
	}
}

func (l *Locked) isGarbage(name string, i Installed) bool {
	if strings.HasPrefix(name, ".") && strings.HasSuffix(name, ".tmp") {
		return true
	}
	base := name
	for _, ending := range SignatureEndings() {
		base = strings.TrimSuffix(base, ending)
	}
	if !strings.HasSuffix(base, bundleEnding) {
		return false // the lock, a download, what a person left here
	}
	for _, r := range []Ref{i.Current, i.Previous} {
		if !r.IsZero() && base == r.file() {
			return false
		}
	}
	return true
}

// missing reports whether an error says that a file is not there.
func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
