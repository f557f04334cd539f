package archive

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

const (
	// maxHead and maxSums bound the two files that are read into memory, maxFiles the number of files.
	maxHead  = 4 << 10
	maxSums  = 32 << 20
	maxFiles = 100_000
	// dirMode is the mode of the folders that Extract makes.
	dirMode = 0o700
)

// Errors of reading an archive.
var (
	// ErrNotBackup is returned when a file is not the backup of an endpoint.
	ErrNotBackup = errors.New("not a backup of an endpoint")
	// ErrNewer is returned when a later version of this program wrote it.
	ErrNewer = errors.New("the backup was written by a newer version")
	// ErrIncomplete is returned when the end of a backup is missing.
	ErrIncomplete = errors.New("the backup is incomplete")
	// ErrChanged is returned when a file is not what was backed up.
	ErrChanged = errors.New("the backup is damaged")
)

// Extract writes the files of an archive to dir, which must not exist, synced. accept says which names
// there may be, paths with slashes, and of which size. After an error dir may have a part of them.
func Extract(ctx context.Context, r io.Reader, dir string, accept func(name string, size int64) bool) (Head, error) {
	x := extraction{ctx: ctx, read: counter{from: r}, dir: dir, accept: accept,
		sums: make(map[string]string), buffer: make([]byte, 1<<20)}
	x.tar = tar.NewReader(bufio.NewReaderSize(&x.read, 1<<20))
	if err := x.readHead(); err != nil {
		return x.head, err
	}
	if err := os.Mkdir(dir, dirMode); err != nil {
		return x.head, err
	}
	for len(x.sums) <= maxFiles {
		done, err := x.next()
		if err != nil || done {
			return x.head, err
		}
	}
	return x.head, fmt.Errorf("%w: it has more than %d files", ErrNotBackup, maxFiles)
}

// An extraction is an archive that is being read.
type extraction struct {
	ctx    context.Context
	tar    *tar.Reader
	dir    string
	accept func(string, int64) bool
	head   Head
	// read counts the bytes of the archive, and written those of its files, which are never more.
	read    counter
	written int64
	sums    map[string]string // of what was read, in hexadecimal
	buffer  []byte
}

// A counter counts what is read.
type counter struct {
	from io.Reader
	n    int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.n += int64(n)
	return n, err
}

// isSparse reports whether a file has holes, which the archive does not have: a few bytes can stand for a
// full disk. No backup has any.
func isSparse(h *tar.Header) bool {
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return false
}

func (x *extraction) readHead() error {
	h, err := x.tar.Next()
	if err != nil || isSparse(h) || h.Name != headName || h.Typeflag != tar.TypeReg || h.Size > maxHead {
		return ErrNotBackup
	}
	data, err := io.ReadAll(x.tar)
	if err != nil || json.Unmarshal(data, &x.head) != nil || x.head.Version < 1 {
		return ErrNotBackup
	}
	if x.head.Version > version {
		return fmt.Errorf("%w: its layout has version %d, this program knows %d", ErrNewer, x.head.Version, version)
	}
	sum := sha256.Sum256(data)
	x.sums[headName] = hex.EncodeToString(sum[:])
	return nil
}

// next reads one file. It is done with the checksums, which are the last one.
func (x *extraction) next() (done bool, err error) {
	h, err := x.tar.Next()
	if err != nil {
		return false, incomplete(err)
	}
	if h.Typeflag != tar.TypeReg || isSparse(h) {
		return false, fmt.Errorf("%w: %.200q is no regular file", ErrNotBackup, h.Name)
	}
	if h.Name == sumsName {
		return true, x.compare(h.Size)
	}
	if _, twice := x.sums[h.Name]; twice || !x.accept(h.Name, h.Size) || !filepath.IsLocal(filepath.FromSlash(h.Name)) {
		return false, fmt.Errorf("%w: a file %.200q of %d bytes", ErrNotBackup, h.Name, h.Size)
	}
	return false, x.write(h)
}

func (x *extraction) write(h *tar.Header) error {
	path := filepath.Join(x.dir, filepath.FromSlash(h.Name))
	if err := os.MkdirAll(filepath.Dir(path), dirMode); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, fileMode)
	if err != nil {
		return err
	}
	defer f.Close()
	sum := sha256.New()
	to := io.MultiWriter(f, sum)
	for {
		if err := x.ctx.Err(); err != nil {
			return err
		}
		n, readErr := x.tar.Read(x.buffer)
		if x.written += int64(n); x.written > x.read.n {
			return fmt.Errorf("%w: %.200q is larger than the backup", ErrNotBackup, h.Name)
		}
		if _, err := to.Write(x.buffer[:n]); err != nil {
			return err
		}
		if readErr == io.EOF {
			break
		}
		if readErr != nil {
			return incomplete(readErr)
		}
	}
	x.sums[h.Name] = hex.EncodeToString(sum.Sum(nil))
	return errors.Join(f.Sync(), f.Close(), syncFolder(filepath.Dir(path)))
}

// compare reads the checksums and compares them with what was read: each file has one.
func (x *extraction) compare(size int64) error {
	if size > maxSums {
		return ErrNotBackup
	}
	data, err := io.ReadAll(x.tar)
	if err != nil {
		return incomplete(err)
	}
	left := len(x.sums)
	for line := range bytes.Lines(data) {
		sum, name, ok := strings.Cut(strings.TrimSuffix(string(line), "\n"), "  ")
		got, known := x.sums[name]
		if !ok || !known || got != sum {
			return fmt.Errorf("%w: %.200q is not what was backed up", ErrChanged, name)
		}
		left--
	}
	if left != 0 {
		return fmt.Errorf("%w: files have no checksums", ErrChanged)
	}
	return nil
}

func incomplete(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrIncomplete
	}
	return fmt.Errorf("%w: %w", ErrChanged, err)
}
