package hostinfo

import (
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

	"virgo/collect/program"
)

// Bounds of what one answer reads.
const (
	// maxFileBytes of a file are read; the rest is left out.
	maxFileBytes = 8 << 20
	// maxEntries of a folder are looked at.
	maxEntries = 20_000
)

// A Host is where the answers come from. The zero value is this host.
type Host struct {
	// Root is put before every path; empty: the system's own. A test's tree of captured files.
	Root string
	// Output runs a program of the system's; nil: [program.Output].
	Output func(ctx context.Context, name string, args ...string) ([]byte, error)
	// Now tells the time; nil: time.Now.
	Now func() time.Time
}

// path is where a file of the system's lies. An absolute symbolic link in a test's tree leads out of it; trees
// hold none.
func (h *Host) path(name string) string {
	if h.Root == "" {
		return name
	}
	return filepath.Join(h.Root, name)
}

// read gives the first maxFileBytes of a regular file, or of one of /proc or /sys. Anything else (a pipe, a
// device) is an error, because reading it might wait for ever.
func (h *Host) read(name string) ([]byte, error) {
	f, err := h.open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFileBytes))
	return b, h.plain(name, err)
}

// readEnd is read for a log that grows at its end: the last maxFileBytes, less what keeps their beginning at a
// multiple of a record's size.
func (h *Host) readEnd(name string, record int64) ([]byte, error) {
	f, err := h.open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, h.plain(name, err)
	}
	if over := info.Size() - maxFileBytes; over > 0 {
		if _, err := f.Seek((over+record-1)/record*record, io.SeekStart); err != nil {
			return nil, h.plain(name, err)
		}
	}
	b, err := io.ReadAll(io.LimitReader(f, maxFileBytes))
	return b, h.plain(name, err)
}

func (h *Host) open(name string) (*os.File, error) {
	if info, err := os.Stat(h.path(name)); err != nil {
		return nil, h.plain(name, err)
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", name)
	}
	// Whoever may write the folder may put a pipe there after that look.
	f, err := os.OpenFile(h.path(name), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, h.plain(name, err)
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		f.Close()
		return nil, fmt.Errorf("%s is no regular file", name)
	}
	return f, nil
}

// link is where a symbolic link leads, as it is written; empty where it is none.
func (h *Host) link(name string) string {
	to, err := os.Readlink(h.path(name))
	if err != nil {
		return ""
	}
	return to
}

// plain names the file as the system has it, not where a test's tree lies.
func (h *Host) plain(name string, err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return fmt.Errorf("%s: %w", name, p.Err)
	}
	return err
}

// openFolder does not wait where somebody put a pipe in the folder's place.
func (h *Host) openFolder(folder string) (*os.File, error) {
	f, err := os.OpenFile(h.path(folder), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	return f, h.plain(folder, err)
}

// names lists a folder, sorted; a folder that is not there has none.
func (h *Host) names(folder string) ([]string, error) {
	f, err := h.openFolder(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	names, err := f.Readdirnames(maxEntries)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, h.plain(folder, err)
	}
	slices.Sort(names)
	return names, nil
}

// glob gives the files that match, sorted, as the system names them.
func (h *Host) glob(pattern string) []string {
	found, err := filepath.Glob(h.path(pattern))
	if err != nil {
		return nil
	}
	found = found[:min(len(found), maxEntries)]
	for i, f := range found {
		if h.Root != "" {
			f = "/" + strings.TrimLeft(strings.TrimPrefix(f, filepath.Clean(h.Root)), "/")
		}
		found[i] = f
	}
	return found
}

// output runs a program of the system's. One that is missing is an error that names it.
func (h *Host) output(ctx context.Context, name string, args ...string) ([]byte, error) {
	if h.Output != nil {
		return h.Output(ctx, name, args...)
	}
	return program.Output(ctx, name, args...)
}

// absent says whether what was to be read is not there, as opposed to not readable.
func absent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, program.ErrMissing)
}
