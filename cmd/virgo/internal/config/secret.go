package config

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

// A Secret is a token, or a reference to where one lies. No format prints it: what it holds lies behind a
// pointer, so that not even fmt's walk through unexported fields comes to it.
type Secret struct{ ref *string }

const redacted = "[redacted]"

// The kinds of reference. What begins with none of them and a colon is the token itself.
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

// split gives the kind of a reference and what follows it; an empty kind for the token itself.
func (s Secret) split() (kind, rest string) {
	kind, rest, ok := strings.Cut(s.reference(), ":")
	if ok && (kind == fromFile || kind == fromEnv || kind == fromCredential) {
		return kind, rest
	}
	return "", s.reference()
}

// isPlain says whether the token itself is written where its reference could be.
func (s Secret) isPlain() bool {
	kind, rest := s.split()
	return kind == "" && rest != ""
}

// String gives "[redacted]".
func (Secret) String() string { return redacted }

// GoString gives "[redacted]".
func (Secret) GoString() string { return redacted }

// Format prints "[redacted]" for every verb.
func (Secret) Format(f fmt.State, _ rune) { io.WriteString(f, redacted) }

// MarshalText gives "[redacted]", for JSON and YAML alike.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// HasToken says whether a token, or where it lies, is set.
func (c Config) HasToken() bool { return c.Credential.ref != nil }

// SetToken sets the token or its reference: file:PATH, env:NAME, credential:NAME. A relative path is
// taken from the folder that the process is in, now.
func (c *Config) SetToken(ref string) {
	c.Credential = secret(ref)
	if kind, rest := c.Credential.split(); kind == fromFile && rest != "" {
		if abs, err := filepath.Abs(rest); err == nil {
			c.Credential = secret(fromFile + ":" + abs)
		}
	}
}
