package folder

import (
	"errors"
	"fmt"
	"os"

	"virgo/cmd/virgo-endpoint/internal/filelock"
)

// LockChanges keeps other processes from changing what is in the folder until unlock is called: between a look at what is
// there and a change of it nobody else changes it. Within a process, callers take turns by themselves.
func (d Dir) LockChanges() (unlock func(), err error) {
	path := d.file("changes.lock")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, keyMode)
	if err != nil {
		return nil, fmt.Errorf("locking %q for a change: %w", string(d), err)
	}
	if err := errors.Join(giveToOwner(f, string(d)), filelock.Lock(f, true, true)); err != nil {
		f.Close()
		return nil, fmt.Errorf("locking %q for a change: %w", string(d), err)
	}
	return func() {
		filelock.Unlock(f)
		f.Close()
	}, nil
}
