package archive

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

const (
	headName = "virgo-endpoint-backup"
	sumsName = "SHA256SUMS"
	fileMode = 0o600
	// partial is the suffix of an archive that is being written.
	partial = ".partial"
	// version is that of the layout.
	version = 1
)

// A Head is the first file of an archive.
type Head struct {
	Version   int   `json:"schema_version"`
	CreatedMS int64 `json:"created_ms"`
}

// Created returns when the backup was begun.
func (h *Head) Created() time.Time { return time.UnixMilli(h.CreatedMS) }

// A Writer writes an archive.
type Writer struct {
	path string
	file *os.File
	tar  *tar.Writer
	sums bytes.Buffer
	at   time.Time
}

// Create begins an archive that is to have the name path. Error: fs.ErrExist.
func Create(path string, now time.Time) (*Writer, error) {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		if err == nil {
			err = &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}
		}
		return nil, err
	}
	if err := os.Remove(path + partial); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	f, err := os.OpenFile(path+partial, os.O_CREATE|os.O_EXCL|os.O_WRONLY, fileMode)
	if err != nil {
		return nil, err
	}
	w := &Writer{path: path, file: f, tar: tar.NewWriter(f), at: now}
	head, err := json.Marshal(Head{version, now.UnixMilli()})
	if err == nil {
		err = w.Add(headName, int64(len(head)), bytes.NewReader(head))
	}
	if err != nil {
		w.Abort()
		return nil, err
	}
	return w, nil
}

// Add adds a file of exactly size bytes.
func (w *Writer) Add(name string, size int64, r io.Reader) error {
	header := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: fileMode, ModTime: w.at, Format: tar.FormatPAX}
	if size < 1<<33 && len(name) < 100 {
		header.ModTime, header.Format = w.at.Truncate(time.Second), tar.FormatUSTAR
	}
	if err := w.tar.WriteHeader(header); err != nil {
		return fmt.Errorf("adding %q to the backup: %w", name, err)
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(w.tar, sum), io.LimitReader(r, size))
	if err == nil && n < size {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return fmt.Errorf("adding %q to the backup: %w", name, err)
	}
	fmt.Fprintf(&w.sums, "%x  %s\n", sum.Sum(nil), name)
	return nil
}

// ErrNotRegular is returned when what is to be added is no regular file.
var ErrNotRegular = errors.New("not a regular file")

// AddFile adds the file at path, as long as it is now. The folder may be another user's: a link there, which may lead to
// what only this process can read, is not followed, and a pipe, which would never end, not read. Error: ErrNotRegular.
func (w *Writer) AddFile(name, path string) (size int64, err error) {
	f, st, err := openRegular(path)
	if err != nil {
		return 0, fmt.Errorf("adding %q to the backup: %w", name, err)
	}
	defer f.Close()
	return st.Size(), w.Add(name, st.Size(), f)
}

// openRegular opens a regular file. It is decided on by what was opened: the name may mean another file now.
func openRegular(path string) (*os.File, fs.FileInfo, error) {
	named, err := os.Lstat(path)
	if err != nil {
		return nil, nil, err
	}
	if !named.Mode().IsRegular() {
		return nil, nil, ErrNotRegular
	}
	f, err := os.OpenFile(path, os.O_RDONLY|noFollow, 0)
	if err != nil {
		return nil, nil, err
	}
	st, err := f.Stat()
	if err == nil && (!st.Mode().IsRegular() || !os.SameFile(named, st)) {
		err = ErrNotRegular
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, st, nil
}

// Commit completes the archive, syncs it and gives it its name. It returns its size.
func (w *Writer) Commit() (size int64, err error) {
	defer w.Abort()
	sums := w.sums.Bytes()
	if err := w.Add(sumsName, int64(len(sums)), bytes.NewReader(sums)); err != nil {
		return 0, err
	}
	if err := w.tar.Close(); err != nil {
		return 0, err
	}
	if err := w.file.Sync(); err != nil {
		return 0, err
	}
	st, err := w.file.Stat()
	if err != nil {
		return 0, err
	}
	if err := w.file.Close(); err != nil {
		return 0, err
	}
	// Unlike a rename, a link fails if another process has made the file meanwhile. Not every file system
	// has links.
	if err := os.Link(w.file.Name(), w.path); errors.Is(err, fs.ErrExist) {
		return 0, err
	} else if err != nil {
		if err := os.Rename(w.file.Name(), w.path); err != nil {
			return 0, err
		}
	}
	return st.Size(), syncFolder(filepath.Dir(w.path))
}

// Abort removes what was written. It does nothing to an archive that Commit completed.
func (w *Writer) Abort() {
	w.file.Close()
	os.Remove(w.file.Name())
}
