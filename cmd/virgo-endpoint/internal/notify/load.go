package notify

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"virgo/schedule"
	"virgo/schedule/ownership"
	"virgo/schedule/yaml"
)

// MaxBytes is the largest notify.yaml.
const MaxBytes = 256 << 10

// A Reader is how a notify.yaml and what it refers to are read.
type Reader struct {
	// Parse is the parser of YAML.
	Parse yaml.Parser
	// Getenv returns a variable of the environment, for env:NAME.
	Getenv func(name string) string
	// Trusted returns why a file must not steer this process; nil: [ownership.Check].
	Trusted func(path string) error
}

// Load reads a notify.yaml. A mistake costs the notifier or route that has it: the configuration that is returned has
// all else. It is empty where there is no file, and nil where none of it can be used: one that somebody else may have
// written, or no YAML. The problems wrap *yaml.Error, or *ownership.Fault.
func (r Reader) Load(path string) (*Config, []schedule.Problem) {
	data, err := r.read(path, MaxBytes)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &Config{}, nil
	case err != nil:
		return nil, []schedule.Problem{{Err: err}}
	}
	root, err := r.Parse(path, data)
	if err != nil {
		return nil, []schedule.Problem{{Err: err}}
	}
	p := parser{file: path, reader: r, sum: sha256.New()}
	p.sum.Write(data)
	c := p.config(root)
	if c != nil {
		p.sum.Sum(c.sum[:0])
	}
	return c, p.problems
}

// ReadTrusted reads a file that only its owner may change, at most MaxBytes. Errors: *ownership.Fault, those of package os.
func (r Reader) ReadTrusted(path string) ([]byte, error) { return r.read(path, MaxBytes) }

// Secret returns what file:PATH or env:NAME refers to.
func (r Reader) Secret(ref string) (string, error) { return r.secret(ref) }

// read reads a file that steers this process.
func (r Reader) read(path string, most int64) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe is refused below: opening it must not wait for its writer
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(err, fmt.Errorf("%s is no regular file", path))
	}
	check := r.Trusted
	if check == nil {
		check = func(path string) error { return ownership.Check(path) }
	}
	if err := check(path); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(data)) > most {
		err = fmt.Errorf("%s is larger than %d bytes", path, most)
	}
	return data, err
}
