package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxTokenBytes bounds a token.
const maxTokenBytes = 4 << 10

// A Secret is a token, or a reference to where one lies. No format prints it.
type Secret struct{ ref string }

const redacted = "[redacted]"

// String gives "[redacted]".
func (Secret) String() string { return redacted }

// GoString gives "[redacted]".
func (Secret) GoString() string { return redacted }

// Format prints "[redacted]" for every verb.
func (Secret) Format(f fmt.State, _ rune) { io.WriteString(f, redacted) }

// MarshalText gives "[redacted]".
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// HasToken says whether a token, or where it lies, is set.
func (c Config) HasToken() bool { return c.Credential.ref != "" }

// SetToken sets the token or its reference: file:PATH, env:NAME, credential:NAME.
func (c *Config) SetToken(ref string) { c.Credential = Secret{ref} }

// Token gives the secret itself. Errors name where it was looked for, never what was found.
func (c Config) Token() (string, error) {
	kind, rest, isRef := strings.Cut(c.Credential.ref, ":")
	switch {
	case c.Credential.ref == "":
		return "", &OwnersError{errors.New("no token is configured"), "virgo setup --token-file FILE"}
	case isRef && kind == "file":
		return readToken(rest)
	case isRef && kind == "env":
		return oneToken(c.env(rest), fmt.Sprintf("the environment variable %q", rest))
	case isRef && kind == "credential":
		// systemd.exec(5), "Credentials": a folder of the unit's own, which nobody else can read.
		dir := c.env("CREDENTIALS_DIRECTORY")
		if dir == "" {
			return "", &OwnersError{
				fmt.Errorf("token: credential %q: no systemd credentials are passed to this process", rest),
				"LoadCredential=" + rest + ":PATH in the unit",
			}
		}
		if rest == "" || rest != filepath.Base(rest) {
			return "", owners("token: %q is no name of a credential", rest)
		}
		b, err := readBounded(filepath.Join(dir, rest), maxTokenBytes)
		if err != nil {
			return "", &OwnersError{Err: fmt.Errorf("token: reading the credential %q: %w", rest, err)}
		}
		return oneToken(string(b), fmt.Sprintf("the credential %q", rest))
	default:
		return oneToken(c.Credential.ref, "the configuration")
	}
}

func readToken(path string) (string, error) {
	if err := ownersAlone(path); err != nil {
		return "", err
	}
	b, err := readBounded(path, maxTokenBytes)
	if err != nil {
		return "", &OwnersError{Err: fmt.Errorf("reading the token: %w", err)}
	}
	return oneToken(string(b), fmt.Sprintf("the file %q", path))
}

func oneToken(s, where string) (string, error) {
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		return "", owners("token: %s is empty", where)
	case len(s) > maxTokenBytes || strings.ContainsFunc(s, control):
		return "", owners("token: %s holds more than one line or more than %d bytes", where, maxTokenBytes)
	}
	return s, nil
}

// isPlain says whether the token itself is written where its reference could be.
func (s Secret) isPlain() bool {
	kind, _, ok := strings.Cut(s.ref, ":")
	return s.ref != "" && !(ok && (kind == "file" || kind == "env" || kind == "credential"))
}

// readBounded reads a regular file of at most n bytes.
func readBounded(path string, n int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: path, Err: errors.New("not a regular file")}
	}
	b, err := io.ReadAll(io.LimitReader(f, n+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > n {
		return nil, &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("larger than %d bytes", n)}
	}
	return b, nil
}
