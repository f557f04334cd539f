package renewal

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"virgo/cmd/internal/atomicfile"
)

// A place is a folder for what is fetched.
type place interface{ Path(name string) string }

// A download is one file that is fetched over several runs.
type download struct {
	Version string `json:"version"`
	File    string `json:"file"`
	Channel string `json:"channel"`
	Bytes   int64  `json:"size"`
	SHA256  string `json:"sha256"`
	// Signatures are by their endings; they come before the file.
	Signatures map[string][]byte `json:"signatures,omitempty"`
}

const (
	downloadName = "fetching.json"
	partName     = "fetching.part"
	// maxDownloadBytes bounds the first file; the second one is bounded by fetching.most.
	maxDownloadBytes = 64 << 10
	// syncEvery is how much is fetched again after a power failure, at most.
	syncEvery = 1 << 20
)

// isOf reports whether both are of one file.
func (d download) isOf(o download) bool {
	return d.Version == o.Version && d.File == o.File && d.Channel == o.Channel &&
		d.Bytes == o.Bytes && d.SHA256 == o.SHA256
}

// resume returns the download that an earlier run began, if it is of the same file, and else a new
// one; what is left of another one is removed.
func resume(l place, wanted download) (download, error) {
	path := l.Path(downloadName)
	b, err := readBounded(path, maxDownloadBytes)
	if err == nil {
		var old download
		if json.Unmarshal(b, &old) == nil && old.isOf(wanted) {
			return old, nil
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return wanted, err
	}
	if err := drop(l); err != nil {
		return wanted, err
	}
	return wanted, wanted.save(l)
}

// save stores what is fetched.
func (d download) save(l place) error {
	b, err := json.Marshal(d)
	if err != nil {
		return err
	}
	f, err := atomicfile.Create(l.Path(downloadName))
	if err != nil {
		return err
	}
	defer f.Discard()
	if _, err := f.Write(append(b, '\n')); err != nil {
		return fmt.Errorf("write %q: %w", l.Path(downloadName), err)
	}
	return f.Replace()
}

// drop removes a download.
func drop(l place) error {
	if err := atomicfile.Remove(l.Path(partName)); err != nil {
		return err
	}
	return atomicfile.Remove(l.Path(downloadName))
}

// A part is the file of a download as far as it was fetched. Everything is written by its
// Write, which counts.
type part struct {
	file     *os.File
	size     int64
	unsynced int64
}

// openPart opens what was fetched of a download; more than it has is removed.
func openPart(l place, d download) (*part, error) {
	path := l.Path(partName)
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	size, err := f.Seek(0, io.SeekEnd)
	p := &part{file: f, size: size}
	if err == nil && size > d.Bytes {
		err = p.restart()
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return p, nil
}

// restart forgets what was fetched.
func (p *part) restart() error {
	if err := p.file.Truncate(0); err != nil {
		return err
	}
	_, err := p.file.Seek(0, io.SeekStart)
	p.size, p.unsynced = 0, 0
	return err
}

// Write appends to the file, and syncs it from time to time.
func (p *part) Write(b []byte) (int, error) {
	n, err := p.file.Write(b)
	p.size += int64(n)
	if p.unsynced += int64(n); err == nil && p.unsynced >= syncEvery {
		p.unsynced = 0
		err = p.sync()
	}
	return n, err
}

func (p *part) sync() error { return p.file.Sync() }

// content returns the whole file.
func (p *part) content() ([]byte, error) {
	b := make([]byte, p.size)
	_, err := p.file.ReadAt(b, 0)
	if err != nil && !(errors.Is(err, io.EOF) && p.size == 0) {
		return nil, fmt.Errorf("reading what was fetched: %w", err)
	}
	return b, nil
}

func readBounded(path string, most int64) ([]byte, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > most {
		return nil, fmt.Errorf("%s is not a regular file of at most %d bytes", path, most)
	}
	return os.ReadFile(path)
}
