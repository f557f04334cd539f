package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Write puts the file in place whole or not at all, readable by its owner alone, its folder made if it is
// missing. Errors: *OwnersError where the folder cannot be written.
func (c Config) Write(path string) error {
	text, err := c.Encode()
	if err != nil {
		return fmt.Errorf("encoding the configuration: %w", err)
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return &OwnersError{Err: fmt.Errorf("writing the configuration: %w", err)}
	}
	f, err := os.CreateTemp(dir, ".virgo-*.tmp") // mode 0600
	if err != nil {
		return &OwnersError{Err: fmt.Errorf("writing the configuration: %w", err)}
	}
	defer os.Remove(f.Name())
	_, err = f.Write(text)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err == nil {
		err = syncDir(dir)
	}
	if err != nil {
		return fmt.Errorf("writing the configuration: %w", err)
	}
	return nil
}
