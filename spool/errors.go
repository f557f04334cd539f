package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// These errors can be returned when the spool is opened, which every call does.
var (
	// ErrLocked is returned when another process (or another goroutine of this one) held the file for
	// longer than [Options.LockWait].
	ErrLocked = errors.New("the spool is held by another process")

	// ErrNewerFormat is returned when the file was written by a later version of the program. The
	// file is left as it is.
	ErrNewerFormat = errors.New("the spool was written by a newer version")

	// ErrDamaged is returned when the file cannot be what this package wrote. Every such error is a
	// [DamagedError].
	ErrDamaged = errors.New("the spool is damaged")

	// ErrReadOnly is returned when the folder or the file cannot be written: a read-only file system,
	// or no permission.
	ErrReadOnly = errors.New("the spool cannot be written")
)

// These errors can be returned by what writes. Nothing of the call is stored then.
var (
	// ErrFull is returned when the disk, or the owner's quota of it, has no room left.
	ErrFull = errors.New("no room left on the disk")

	// ErrTooLarge is returned when an entry is longer than [MaxRecordBytes] or than the spool's own
	// bound, or when a key or a value of the state is longer than its limit.
	ErrTooLarge = errors.New("too large to be kept")

	// ErrViewOnly is returned when a transaction of [Spool.View] is asked to write.
	ErrViewOnly = errors.New("this transaction only reads")

	// ErrTxOver is returned when a [Tx] is used after its function returned.
	ErrTxOver = errors.New("the transaction is over")
)

// A ModeError says that others may read or write what only its owner should.
type ModeError struct {
	Path string
	Mode fs.FileMode
	// Fix is the command that mends it.
	Fix string
}

func (e *ModeError) Error() string {
	return fmt.Sprintf("%s can be used by others (mode %04o)", e.Path, e.Mode.Perm())
}

// Hint is the command that mends it.
func (e *ModeError) Hint() string { return e.Fix }

// An OwnerError says that the state belongs to another user than the one that runs this process.
type OwnerError struct {
	Path string
	// Owner and User are numeric user ids: whose it is, and whose it should be.
	Owner, User int
	// Fix is a command that mends it, if it is User who should own the state.
	Fix string
}

func (e *OwnerError) Error() string {
	return fmt.Sprintf("%s belongs to user %d, not to user %d who runs this", e.Path, e.Owner, e.User)
}

// Hint is what mends it.
func (e *OwnerError) Hint() string { return fmt.Sprintf("run as user %d, or: %s", e.Owner, e.Fix) }

// A DamagedError says what is wrong with the file. errors.Is finds [ErrDamaged] in it.
type DamagedError struct {
	Path string
	// Why is one sentence for a person.
	Why string
	// Fix is a command after which the next call starts a fresh file and the damaged one is kept.
	Fix string
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("%s is damaged (%s)", e.Path, e.Why)
}

// Hint is the command that sets the file aside.
func (e *DamagedError) Hint() string { return "to set it aside and start afresh: " + e.Fix }

// Is makes every DamagedError an [ErrDamaged].
func (e *DamagedError) Is(target error) bool { return target == ErrDamaged }

func damaged(path, why string, args ...any) error {
	return &DamagedError{
		Path: path,
		Why:  fmt.Sprintf(why, args...),
		Fix:  moveCommand(path, path+".damaged"),
	}
}

// explain names what the system's error means for the spool. what is the thing that was tried, path what
// it was tried on, where the error does not name that itself.
func explain(what, path string, write bool, err error) error {
	if err == nil || errors.Is(err, ErrDamaged) {
		return err
	}
	switch text := err.Error(); {
	case strings.HasPrefix(text, what+" "+path):
		what = ""
	case strings.Contains(text, path):
		what += ": "
	default:
		what += " " + path + ": "
	}
	switch {
	case write && hasErrno(err, errnosFull):
		return fmt.Errorf("%s%w: %w", what, ErrFull, err)
	case write && hasErrno(err, errnosReadOnly):
		return fmt.Errorf("%s%w: %w", what, ErrReadOnly, err)
	}
	return fmt.Errorf("%s%w", what, err)
}

// hasErrno also looks at the text: bbolt hands some errors of the system on as text alone.
func hasErrno[E error](err error, list []E) bool {
	text := err.Error()
	for _, e := range list {
		if errors.Is(err, e) || strings.HasSuffix(text, ": "+e.Error()) {
			return true
		}
	}
	return false
}

// quote makes path one word of a shell.
func quote(path string) string {
	if path != "" && !strings.ContainsFunc(path, func(r rune) bool {
		return !(r == '/' || r == '.' || r == '-' || r == '_' || r == '+' || r == ':' || r == '\\' ||
			r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z')
	}) {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
