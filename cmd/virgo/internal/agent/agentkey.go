package agent

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

	"virgo/cmd/virgo/internal/atomicfile"
)

// KeyFile is the agent's own key, in the state's folder: Ed25519, PKCS #8 as PEM, mode 0600. It is made by the
// first export.
const KeyFile = "agent.key"

// maxKeyBytes bounds the file.
const maxKeyBytes = 16 << 10

// OwnKey reads the key in the state's folder dir, and makes one where there is none. Two that make one at once
// end up with the same.
//
// Errors: [ConfigError] where the file is there and cannot be used: another key would make this host a
// stranger to whoever took its bundles before, so none is made over it.
func OwnKey(dir string) (ed25519.PrivateKey, error) {
	path := filepath.Join(dir, KeyFile)
	key, err := readKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if err := makeKey(path); err != nil {
		return nil, fmt.Errorf("make the agent's key: %w", err)
	}
	return readKey(path)
}

func readKey(path string) (ed25519.PrivateKey, error) {
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
		return nil, &ConfigError{&hinted{fmt.Errorf("%s has mode %04o: others than its owner can use this agent's key", path, m), "chmod 600 on it; if others may have read it, move it away for a new one"}}
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
	return nil, &ConfigError{&hinted{
		fmt.Errorf("%s is not an Ed25519 key (PKCS #8, PEM)", path),
		"bring it back from a copy; or move it away for a new one, which whoever takes this host's bundles must then accept (--accept-key)",
	}}
}

// makeKey puts a new key in place whole or not at all, and never over another one.
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

// A hinted error knows the next step.
type hinted struct {
	error
	next string
}

func (e *hinted) Hint() string  { return e.next }
func (e *hinted) Unwrap() error { return e.error }
