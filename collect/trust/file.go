package trust

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"virgo/schedule/policy"
)

// maxFileBytes bounds a file that a detail names.
const maxFileBytes = 1 << 20

// ReadFile reads a text file that a detail names, of at most 1 MiB, without its byte order mark. A
// pipe or a device, which might never end, is an error. The guard decides on the file that the path
// leads to.
func ReadFile(path string, g *policy.Guard) ([]byte, error) {
	path, err := g.Resolve(path)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &os.PathError{Op: "read", Path: path, Err: errors.New("not a regular file")}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := g.Opened(f); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxFileBytes {
		return nil, &os.PathError{Op: "read", Path: path, Err: fmt.Errorf("longer than %d bytes", maxFileBytes)}
	}
	return bytes.TrimPrefix(data, []byte("\ufeff")), nil
}
