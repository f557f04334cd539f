package trust

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// maxFileBytes of a file that a detail names.
const maxFileBytes = 1 << 20

// ReadFile reads a file that a detail names, of at most 1 MiB; a pipe or a device, which might never end, is refused.
func ReadFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &os.PathError{Op: "read", Path: path, Err: errors.New("not a file")}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxFileBytes {
		return nil, &os.PathError{Op: "read", Path: path, Err: fmt.Errorf("longer than %d bytes", maxFileBytes)}
	}
	return data, nil
}
