package redact

import "strings"

const (
	// Mark is the text that replaces a secret.
	Mark = "[redacted]"
	// Omitted is the text that replaces a value in arguments.
	Omitted = "…"
	// MaxExcerpt bounds a text that is copied out of a file, in bytes.
	MaxExcerpt = 4096
)

// IsSecret reports whether the value of a setting of that name is a secret.
func IsSecret(name, value string) bool {
	t := names()
	return t.isSecret(name) && !t.isHarmless(name, value)
}

// Excerpt returns [Text] of the first MaxExcerpt bytes of s at most, truncated as by [Truncate].
func Excerpt(s string) string { return Text(Truncate(s, MaxExcerpt)) }

// Truncate truncates a text between words to at most maxBytes. Within a word it could separate a
// password in an address from the @ that marks it as one.
func Truncate(s string, maxBytes int) string {
	if len(s) <= maxBytes {
		return s
	}
	return s[:strings.LastIndexAny(s[:maxBytes], " \t\n,")+1]
}
