package host

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"virgo/collect/filetime"
	"virgo/schedule/policy"
)

const (
	// maxMatches bounds the files that match a pattern, maxEntries the names that are compared with
	// it.
	maxMatches = 100_000
	maxEntries = 1_000_000
	// maxContentBytes of a file are searched for content_match, at its end, where logs grow.
	maxContentBytes = 1 << 20
)

// foundFiles are the files that the target names.
type foundFiles struct {
	count, total     uint64
	path             string      // of newest
	newest           fs.FileInfo // the one modified last; nil where there is none
	modified         time.Time   // of newest
	matched, partial bool        // content_match was found; not all of the file was searched
}

// find finds the files of the target, and content_match in the newest. Errors: the file system's, the
// context's, a pattern that matches too many, content_match of something that is not a regular file.
func (w fileCriteria) find(ctx context.Context) (foundFiles, error) {
	var s foundFiles
	path, err := w.guard.Resolve(w.target)
	if err != nil {
		return s, err
	}
	info, modified, err := statFile(w.guard, path)
	switch {
	case err == nil:
		s.add(path, info, modified)
	case !isMissing(err):
		return s, err
	case w.isPattern():
		walk := walker{ctx: ctx, found: &s, guard: w.guard}
		if err := walk.into(filepath.VolumeName(w.target)+string(filepath.Separator), parts(w.target)); err != nil {
			return s, fmt.Errorf("finding %s: %w", w.target, err)
		}
	}
	if s.newest == nil || w.content == nil {
		return s, nil
	}
	return s, s.search(ctx, w)
}

// isMissing reports whether err says that there is no such file: no entry, a file in place of a
// folder, or a name that this system does not allow.
func isMissing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) ||
		errors.Is(err, syscall.ENAMETOOLONG) || isBadName(err)
}

// statPath returns what is at a path, and when it was last changed.
func statPath(path string) (fs.FileInfo, time.Time, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, time.Time{}, err
	}
	return info, filetime.Modified(path, info), nil
}

func (s *foundFiles) add(path string, info fs.FileInfo, modified time.Time) {
	s.count++
	s.total += size(info)
	if s.newest == nil || modified.After(s.modified) {
		s.path, s.newest, s.modified = path, info, modified
	}
}

func parts(path string) []string {
	return strings.Split(strings.TrimLeft(filepath.ToSlash(path[len(filepath.VolumeName(path)):]), "/"), "/")
}

// A walker finds what a pattern matches, folder by folder, without a list of it.
type walker struct {
	ctx     context.Context
	found   *foundFiles
	guard   *policy.Guard
	entries int
}

// into continues in folder with the remaining parts of the pattern. What is not a folder, or no
// longer there, matches nothing; a folder without permission is an error, because a count without
// it would be wrong.
func (w *walker) into(folder string, left []string) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	for len(left) > 1 && !strings.ContainsAny(left[0], patternSigns) {
		folder, left = filepath.Join(folder, left[0]), left[1:]
	}
	if !strings.ContainsAny(left[0], patternSigns) {
		return w.match(filepath.Join(folder, left[0]))
	}
	// A link that leads out of what is allowed is refused before its folder is read: that nothing in it
	// matches says something as well.
	if _, err := w.guard.Resolve(filepath.Join(folder, filepath.Join(left...))); err != nil {
		return err
	}
	d, err := openFolder(folder)
	if err != nil {
		if errors.Is(err, fs.ErrPermission) {
			return err
		}
		return nil
	}
	defer d.Close()
	for {
		names, err := d.Readdirnames(512)
		for _, name := range names {
			if w.entries++; w.entries > maxEntries {
				return fmt.Errorf("more than %d names to compare", maxEntries)
			}
			if name[0] == '.' && left[0][0] != '.' {
				continue
			}
			if ok, err := filepath.Match(left[0], name); err != nil || !ok {
				continue
			}
			at := filepath.Join(folder, name)
			if len(left) == 1 {
				err = w.match(at)
			} else {
				err = w.into(at, left[1:])
			}
			if err != nil {
				return err
			}
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

func (w *walker) match(path string) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	path, err := w.guard.Resolve(path)
	if err != nil {
		return err
	}
	info, modified, err := statFile(w.guard, path)
	if err != nil {
		var refused *policy.RefusedError
		if errors.Is(err, fs.ErrPermission) || errors.As(err, &refused) {
			return err
		}
		return nil // removed meanwhile, or a dangling link
	}
	if w.found.count == maxMatches {
		return fmt.Errorf("more than %d files match", maxMatches)
	}
	w.found.add(path, info, modified)
	return nil
}

// search searches the newest file for content_match.
func (s *foundFiles) search(ctx context.Context, w fileCriteria) error {
	notFile := fmt.Errorf("%s is not a regular file: it cannot be searched for content_match", s.path)
	if !s.newest.Mode().IsRegular() {
		return notFile
	}
	f, err := os.OpenFile(s.path, os.O_RDONLY|openWithoutWaiting, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := w.guard.Opened(f); err != nil {
		return err
	}
	info, err := f.Stat()
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular(): // it was replaced meanwhile
		return notFile
	}
	start := max(0, info.Size()-maxContentBytes)
	s.partial = start > 0
	r := &contextReader{ctx: ctx, r: io.NewSectionReader(f, start, maxContentBytes)}
	s.matched = w.content.MatchReader(bufio.NewReaderSize(r, 64<<10))
	if r.err != nil && r.err != io.EOF {
		return r.err
	}
	return nil
}

// A contextReader ends with its context, and records why it ended.
type contextReader struct {
	ctx context.Context
	r   io.Reader
	err error
}

func (r *contextReader) Read(b []byte) (n int, err error) {
	if r.err = r.ctx.Err(); r.err != nil {
		return 0, r.err
	}
	n, r.err = r.r.Read(b)
	return n, r.err
}
