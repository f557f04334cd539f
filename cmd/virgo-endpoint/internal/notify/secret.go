package notify

import (
	"fmt"
	"io"
	"strings"
)

// A Secret is a password, a key, or a URL with one. No format prints it: its value is behind a pointer, so that fmt
// does not reach it even through unexported fields.
type Secret struct{ value *string }

const redacted = "[redacted]"

// NewSecret makes a secret of its value.
func NewSecret(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{&value}
}

// Reveal returns the value; empty if there is none.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsSet reports whether there is a value.
func (s Secret) IsSet() bool { return s.value != nil }

// String returns "[redacted]".
func (Secret) String() string { return redacted }

// GoString returns "[redacted]".
func (Secret) GoString() string { return redacted }

// Format prints "[redacted]" for every verb.
func (Secret) Format(f fmt.State, _ rune) { io.WriteString(f, redacted) }

// MarshalText returns "[redacted]", for JSON and YAML alike.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// isReference reports whether a text names where a secret is, and is not the secret itself.
func isReference(text string) bool {
	kind, rest, ok := strings.Cut(text, ":")
	return ok && (kind == "file" || kind == "env") && rest != "" && !strings.HasPrefix(rest, "//")
}
