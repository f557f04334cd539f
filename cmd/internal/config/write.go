package config

import (
	"fmt"
	"path/filepath"

	"virgo/cmd/internal/atomicfile"
)

// Write writes the file atomically, with mode 0600, and creates its folder if it is missing. Errors:
// *Error where the folder cannot be written.
func (c Config) Write(path string) error {
	text, err := c.Encode()
	if err != nil {
		return fmt.Errorf("encoding the configuration: %w", err)
	}
	if err := atomicfile.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return &Error{Err: fmt.Errorf("writing the configuration: %w", err)}
	}
	f, err := atomicfile.Create(path)
	if err != nil {
		return &Error{Err: fmt.Errorf("writing the configuration: %w", err)}
	}
	defer f.Discard()
	if _, err = f.Write(text); err == nil {
		err = f.Replace()
	}
	if err != nil {
		return fmt.Errorf("writing the configuration: %w", err)
	}
	return nil
}
