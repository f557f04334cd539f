package hostkey

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"virgo/cmd/internal/atomicfile"
	"virgo/cmd/internal/link"
)

// KeyFile is the name of the key in the state folder.
const KeyFile = "agent.key"

// maxKeyBytes bounds the size of the file.
const maxKeyBytes = 16 << 10

// Own reads the key in the state folder dir, or creates it if there is none. If two processes
// create it at the same time, both return the same key.
//
// Errors: those of the file system, and [link.ConfigError] for a file that is accessible to others
// or contains no such key. Such a file is not replaced, because whoever knows this host by its key
// would refuse a new one.
func Own(dir string) (ed25519.PrivateKey, error) {
	key, err := Read(dir)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if err := makeKey(filepath.Join(dir, KeyFile)); err != nil {
		return nil, fmt.Errorf("make the agent's key: %w", err)
	}
	return Read(dir)
}

// Read reads the key in the state folder dir. Errors: those of [Own]; fs.ErrNotExist if there is none.
func Read(dir string) (ed25519.PrivateKey, error) {
	path := filepath.Join(dir, KeyFile)
	// To open a FIFO waits for its other end.
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, &link.ConfigError{Err: &hintError{
			fmt.Errorf("the agent's key %s is not a regular file", path), "move it away for a new one",
		}}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the agent's key: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read the agent's key: %w", err)
	}
	if m := info.Mode().Perm(); m&0o077 != 0 && runtime.GOOS != "windows" {
		return nil, &link.ConfigError{Err: &hintError{
			fmt.Errorf("%s has mode %04o: other users can read this agent's key", path, m),
			"chmod 600 on it; if others may have read it, move it away for a new one",
		}}
	}
	text, err := io.ReadAll(io.LimitReader(f, maxKeyBytes))
	if err != nil {
		return nil, fmt.Errorf("read the agent's key: %w", err)
	}
	if block, _ := pem.Decode(text); block != nil && block.Type == "PRIVATE KEY" {
		parsed, _ := x509.ParsePKCS8PrivateKey(block.Bytes)
		if key, ok := parsed.(ed25519.PrivateKey); ok {
			return key, nil
		}
	}
	return nil, &link.ConfigError{Err: &hintError{
		fmt.Errorf("%s is not an Ed25519 key (PKCS #8, PEM)", path),
		"restore it from a backup; or move it away for a new one, which the endpoint must then let enrol " +
			"(virgo-endpoint agents reset ID) and whoever takes this host's bundles accept (--accept-key)",
	}}
}

// makeKey creates the file with a new key atomically, and never replaces an existing file.
func makeKey(path string) error {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	f, err := atomicfile.Create(path)
	if err != nil {
		return err
	}
	defer f.Discard()
	if err := pem.Encode(f, &pem.Block{Type: "PRIVATE KEY", Bytes: der}); err != nil {
		return err
	}
	if err := f.Place(); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// A hintError is an error with a hint at the next step.
type hintError struct {
	error
	hint string
}

func (e *hintError) Hint() string  { return e.hint }
func (e *hintError) Unwrap() error { return e.error }
