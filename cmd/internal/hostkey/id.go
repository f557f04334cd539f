package hostkey

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// IDFile is the name of the file with the host's id.
const IDFile = "agent.id"

// maxIDBytes bounds the size of the file; an id itself has at most 256 bytes.
const maxIDBytes = 1 << 10

// StoreID stores the id of a host whose configuration has none, unless one is stored.
func StoreID(dir, id string) error {
	stored, err := ReadID(dir)
	if stored != "" || err != nil {
		return err
	}
	return replace(filepath.Join(dir, IDFile), id+"\n")
}

// ReadID reads the stored id; empty if there is none.
func ReadID(dir string) (string, error) {
	path := filepath.Join(dir, IDFile)
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() { // to open a FIFO would wait
		return "", fmt.Errorf("the agent's id %s is not a regular file", path)
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the agent's id: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxIDBytes))
	if err != nil {
		return "", fmt.Errorf("read the agent's id: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}
