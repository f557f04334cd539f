package config

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

// A Secret is a token or a reference to one. No format prints it: its value is behind a pointer, so
// that fmt does not reach it even through unexported fields.
type Secret struct{ ref *string }

const redacted = "[redacted]"

// The kinds of references. Text that does not begin with one of them and a colon is the token itself.
const (
	fromFile       = "file"       // file:PATH
	fromEnv        = "env"        // env:NAME
	fromCredential = "credential" // credential:NAME
)

func secret(ref string) Secret {
	if ref = strings.TrimSpace(ref); ref == "" {
		return Secret{}
	}
	return Secret{&ref}
}

func (s Secret) reference() string {
	if s.ref == nil {
		return ""
	}
	return *s.ref
}

// split returns the kind of a reference and the text after it. For a token itself the kind is
// empty.
func (s Secret) split() (kind, rest string) {
	kind, rest, ok := strings.Cut(s.reference(), ":")
	if ok && (kind == fromFile || kind == fromEnv || kind == fromCredential) {
		return kind, rest
	}
	return "", s.reference()
}

// isPlain reports whether it is the token itself.
func (s Secret) isPlain() bool {
	kind, rest := s.split()
	return kind == "" && rest != ""
}

// String returns "[redacted]".
func (Secret) String() string { return redacted }

// GoString returns "[redacted]".
func (Secret) GoString() string { return redacted }

// Format prints "[redacted]" for every verb.
func (Secret) Format(f fmt.State, _ rune) { io.WriteString(f, redacted) }

// MarshalText returns "[redacted]", for JSON and YAML alike.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// HasToken reports whether a token or a reference to one is set.
func (c Config) HasToken() bool { return c.Credential.ref != nil }

// PlainToken reports whether the configuration has the token itself, and not a reference to it.
func (c Config) PlainToken() bool { return c.Credential.isPlain() }

// TakePlainToken removes a token that is not a reference, and returns it; empty if there is none.
func (c *Config) TakePlainToken() string {
	if !c.Credential.isPlain() {
		return ""
	}
	token := c.Credential.reference()
	c.Credential = Secret{}
	return token
}

// SetToken sets the token or a reference: file:PATH, env:NAME, credential:NAME. A relative path is
// relative to the current folder.
func (c *Config) SetToken(ref string) {
	c.Credential = secret(ref)
	if kind, rest := c.Credential.split(); kind == fromFile && rest != "" {
		if abs, err := filepath.Abs(rest); err == nil {
			c.Credential = secret(fromFile + ":" + abs)
		}
	}
}
