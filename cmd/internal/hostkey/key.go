package hostkey

import (
	"bytes"
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
	"virgo/cmd/internal/edsign"
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

// OwnChecked is [Own] for commands: it also checks that both parts of the file belong together, which
// takes a run too long.
func OwnChecked(dir string) (ed25519.PrivateKey, error) {
	key, err := Own(dir)
	if err == nil && !edsign.NewKey(key.Seed()).Equal(key) {
		return nil, noKey(filepath.Join(dir, KeyFile))
	}
	return key, err
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
	if key := parseKey(text); key != nil {
		return key, nil
	}
	return nil, noKey(path)
}

// noKey is the error for a file that has no key.
func noKey(path string) error {
	return &link.ConfigError{Err: &hintError{
		fmt.Errorf("%s is not an Ed25519 key (PKCS #8, PEM)", path),
		"restore it from a backup; or move it away for a new one, which the endpoint must then let enrol " +
			"(virgo-endpoint agents reset ID) and whoever takes this host's bundles accept (--accept-key)",
	}}
}

// The encodings of RFC 8410 before the 32 bytes of a key. They are read and written here because
// crypto/x509 computes the public key of each private key that it reads, see package edsign.
const (
	pkcs8Prefix = "\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20"
	spkiPrefix  = "\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00"
)

// The types of the file's PEM blocks.
const (
	privateType = "PRIVATE KEY"
	publicType  = "PUBLIC KEY"
)

// parseKey reads the key's file; nil: it is none. The public key beside the private one saves its
// computation; files of earlier versions have none.
func parseKey(text []byte) ed25519.PrivateKey {
	block, rest := pem.Decode(text)
	if block == nil || block.Type != privateType {
		return nil
	}
	seed, ok := bytes.CutPrefix(block.Bytes, []byte(pkcs8Prefix))
	if !ok || len(seed) != ed25519.SeedSize { // another encoding of the same
		parsed, _ := x509.ParsePKCS8PrivateKey(block.Bytes)
		key, _ := parsed.(ed25519.PrivateKey)
		return key
	}
	block, _ = pem.Decode(rest)
	if block == nil || block.Type != publicType {
		return edsign.NewKey(seed)
	}
	public, ok := bytes.CutPrefix(block.Bytes, []byte(spkiPrefix))
	if !ok || len(public) != ed25519.PublicKeySize {
		return nil
	}
	return append(append(make(ed25519.PrivateKey, 0, ed25519.PrivateKeySize), seed...), public...)
}

// makeKey creates the file with a new key atomically, and never replaces an existing file.
func makeKey(path string) error {
	var seed [ed25519.SeedSize]byte
	rand.Read(seed[:])
	key := edsign.NewKey(seed[:])
	f, err := atomicfile.Create(path)
	if err != nil {
		return err
	}
	defer f.Discard()
	if _, err := f.Write(encodeKey(key)); err != nil {
		return err
	}
	if err := f.Place(); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

func encodeKey(key ed25519.PrivateKey) []byte {
	seed, public := key[:ed25519.SeedSize], key[ed25519.SeedSize:]
	private := &pem.Block{Type: privateType, Bytes: append([]byte(pkcs8Prefix), seed...)}
	return append(pem.EncodeToMemory(private),
		pem.EncodeToMemory(&pem.Block{Type: publicType, Bytes: append([]byte(spkiPrefix), public...)})...)
}

// A hintError is an error with a hint at the next step.
type hintError struct {
	error
	hint string
}

func (e *hintError) Hint() string  { return e.hint }
func (e *hintError) Unwrap() error { return e.error }
