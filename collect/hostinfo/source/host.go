package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"virgo/collect/hostinfo/redact"
	"virgo/collect/program"
)

// Bounds of what one answer reads and reports.
const (
	// MaxFileBytes bounds the bytes of a file that are read; the rest is left out.
	MaxFileBytes = 8 << 20
	// MaxEntries bounds the names of a folder that are read.
	MaxEntries = 20_000
	// MaxRows bounds the rows of an answer; if there are more, its error says so.
	MaxRows = 10_000
)

// A Host is the host that answers are about. The zero value is this host.
type Host struct {
	// Root is prefixed to every path, for a test's tree of captured files; empty means none.
	Root string
	// Output replaces [program.Output] in tests; nil runs the program.
	Output func(ctx context.Context, name string, args ...string) ([]byte, error)
	// Arguments is how command lines and lists of options are shown; the zero value shows names.
	Arguments redact.Arguments
	// Now replaces time.Now in tests; nil means time.Now.
	Now func() time.Time
}

// Time returns the current time.
func (h *Host) Time() time.Time {
	if h.Now == nil {
		return time.Now()
	}
	return h.Now()
}

// Path returns the path to open for a file of the host. An absolute symbolic link in a test's tree
// would lead out of it, so trees have none.
func (h *Host) Path(name string) string {
	if h.Root == "" {
		return name
	}
	return filepath.Join(h.Root, name)
}

// Read returns the first MaxFileBytes of a regular file, or of a file in /proc or /sys, without a
// byte order mark. Anything else is an error, because reading a pipe or a device might never end.
func (h *Host) Read(name string) ([]byte, error) {
	f, err := h.open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, MaxFileBytes))
	return bytes.TrimPrefix(b, []byte("\ufeff")), h.NameError(name, err)
}

// ReadContext is Read for one of many files: it returns ctx's error once ctx has ended.
func (h *Host) ReadContext(ctx context.Context, name string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return h.Read(name)
}

// ReadEnd returns the end of a log: at most MaxFileBytes, starting at a multiple of recordSize bytes.
func (h *Host) ReadEnd(name string, recordSize int64) ([]byte, error) {
	f, err := h.open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, h.NameError(name, err)
	}
	if over := info.Size() - MaxFileBytes; over > 0 {
		start := (over + recordSize - 1) / recordSize * recordSize
		if _, err := f.Seek(start, io.SeekStart); err != nil {
			return nil, h.NameError(name, err)
		}
	}
	b, err := io.ReadAll(io.LimitReader(f, MaxFileBytes))
	return b, h.NameError(name, err)
}

func (h *Host) open(name string) (*os.File, error) {
	if info, err := os.Stat(h.Path(name)); err != nil {
		return nil, h.NameError(name, err)
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", name)
	}
	// O_NONBLOCK: who may write to the folder may replace the file by a pipe after the Stat.
	f, err := os.OpenFile(h.Path(name), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, h.NameError(name, err)
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		f.Close()
		return nil, fmt.Errorf("%s is no regular file", name)
	}
	return f, nil
}

// Exists reports whether there is a file or folder of that name.
func (h *Host) Exists(name string) bool {
	_, err := os.Stat(h.Path(name))
	return err == nil
}

// Link returns the target of a symbolic link as written, or "" if there is no such link.
func (h *Host) Link(name string) string {
	target, err := os.Readlink(h.Path(name))
	if err != nil {
		return ""
	}
	return target
}

// NameError returns err with the file's path on the host, without a test's root.
func (h *Host) NameError(name string, err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return fmt.Errorf("%s: %w", name, p.Err)
	}
	return err
}

// OpenDir opens a folder. It does not wait if somebody put a pipe in the folder's place.
func (h *Host) OpenDir(folder string) (*os.File, error) {
	f, err := os.OpenFile(h.Path(folder), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	return f, h.NameError(folder, err)
}

// Names lists a folder, sorted; a folder that does not exist has no names.
func (h *Host) Names(folder string) ([]string, error) {
	f, err := h.OpenDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	names, err := f.Readdirnames(MaxEntries)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, h.NameError(folder, err)
	}
	slices.Sort(names)
	return names, nil
}

// Glob returns the paths on the host that match a pattern, sorted.
func (h *Host) Glob(pattern string) []string {
	found, err := filepath.Glob(h.Path(pattern))
	if err != nil {
		return nil
	}
	found = found[:min(len(found), MaxEntries)]
	for i, f := range found {
		if h.Root != "" {
			f = "/" + strings.TrimLeft(strings.TrimPrefix(f, filepath.Clean(h.Root)), "/")
		}
		found[i] = f
	}
	return found
}

// IsAbsent reports whether a file or a program does not exist, as opposed to being unreadable.
func IsAbsent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, program.ErrMissing)
}
