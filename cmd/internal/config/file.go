package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"virgo/schedule/ownership"
)

// readBounded reads a regular file of at most n bytes that nobody else may have changed, and returns the
// mode of the file that it read.
func readBounded(path string, n int64) ([]byte, fs.FileMode, error) {
	if err := ownership.Check(path); err != nil {
		return nil, 0, err
	}
	return readAnyones(path, n)
}

// readAnyones is readBounded for a file that others may change.
func readAnyones(path string, n int64) ([]byte, fs.FileMode, error) {
	// Opening a pipe would block until it has a writer.
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, 0, notRegular(path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() {
		return nil, 0, notRegular(path)
	}
	if info.Size() > n {
		return nil, 0, tooLarge(path, n)
	}
	b := make([]byte, 0, min(info.Size(), n)+1)
	for {
		k, err := f.Read(b[len(b):cap(b)])
		b = b[:len(b)+k]
		switch {
		case int64(len(b)) > n:
			return nil, 0, tooLarge(path, n)
		case errors.Is(err, io.EOF):
			return b, info.Mode(), nil
		case err != nil:
			return nil, 0, err
		case len(b) == cap(b):
			b = append(b, 0)[:len(b)]
		}
	}
}

func notRegular(path string) error {
	return &fs.PathError{Op: "read", Path: path, Err: errors.New("not a regular file")}
}

func tooLarge(path string, n int64) error {
	return &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("larger than %d bytes", n)}
}
