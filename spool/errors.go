package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// Errors of opening the file, which every call does.
var (
	// ErrLocked is returned when another process (or another goroutine of this one) had the file
	// locked for longer than [Options.LockWait].
	ErrLocked = errors.New("the spool is locked by another process")

	// ErrNewerFormat is returned when the file was written by a later version of the program. The
	// file is left unchanged.
	ErrNewerFormat = errors.New("the spool was written by a newer version")

	// ErrDamaged is returned when the file cannot be what this package wrote. Every such error is a
	// [DamagedError].
	ErrDamaged = errors.New("the spool is damaged")

	// ErrReadOnly is returned when the folder or the file cannot be written: the file system is
	// read-only, or the permission is missing.
	ErrReadOnly = errors.New("the spool cannot be written")
)

// Errors of calls that write. Nothing of the call is stored then.
var (
	// ErrFull is returned when the disk, or the user's quota of it, is full.
	ErrFull = errors.New("no room left on the disk")

	// ErrTooLarge is returned when an entry is longer than [MaxRecordBytes] or than the spool's
	// bound, or when a key or a value of the state is longer than its limit.
	ErrTooLarge = errors.New("too large to store")

	// ErrViewOnly is returned when a transaction of [Spool.View] is asked to write.
	ErrViewOnly = errors.New("this transaction only reads")

	// ErrTxOver is returned when a [Tx] is used after its function returned.
	ErrTxOver = errors.New("the transaction is over")
)

// A ModeError is returned when other users may read or write a file or folder.
type ModeError struct {
	Path string
	Mode fs.FileMode
	// Fix is the command that corrects the mode.
	Fix string
}

func (e *ModeError) Error() string {
	return fmt.Sprintf("%s can be used by others (mode %04o)", e.Path, e.Mode.Perm())
}

// Hint returns the command that corrects the mode.
func (e *ModeError) Hint() string { return e.Fix }

// An OwnerError is returned when the state belongs to another user than the one that runs this
// process.
type OwnerError struct {
	Path string
	// Owner and User are numeric user ids: the owner, and the user who runs this process.
	Owner, User int
	// Fix is the command that makes User its owner.
	Fix string
}

func (e *OwnerError) Error() string {
	return fmt.Sprintf("%s belongs to user %d, not to user %d who runs this", e.Path, e.Owner, e.User)
}

// Hint returns the two ways to correct it.
func (e *OwnerError) Hint() string { return fmt.Sprintf("run as user %d, or: %s", e.Owner, e.Fix) }

// A DamagedError is returned when the file is damaged. errors.Is finds [ErrDamaged] in it.
type DamagedError struct {
	Path string
	// Why is one sentence for a person.
	Why string
	// Fix is a command that moves the file aside; the next call creates a new one.
	Fix string
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("%s is damaged (%s)", e.Path, e.Why)
}

// Hint returns the command that moves the file aside.
func (e *DamagedError) Hint() string { return "to move it aside and start with an empty one: " + e.Fix }

// Is makes every DamagedError an [ErrDamaged].
func (e *DamagedError) Is(target error) bool { return target == ErrDamaged }

func damaged(path, why string, args ...any) error {
	return &DamagedError{
		Path: path,
		Why:  fmt.Sprintf(why, args...),
		Fix:  moveCommand(path, path+".damaged"),
	}
}

// explain adds the operation and the path to an error that does not name them, and wraps a system
// error in the corresponding error of this package.
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

// hasErrno also compares the text: bbolt returns some system errors as text only.
func hasErrno[E error](err error, list []E) bool {
	text := err.Error()
	for _, e := range list {
		if errors.Is(err, e) || strings.HasSuffix(text, ": "+e.Error()) {
			return true
		}
	}
	return false
}

// quote returns path as one word for a shell.
func quote(path string) string {
	if path != "" && !strings.ContainsFunc(path, func(r rune) bool {
		return !(r == '/' || r == '.' || r == '-' || r == '_' || r == '+' || r == ':' || r == '\\' ||
			r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z')
	}) {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
