package remote

import (
	"strings"

	"virgo/schedule/shorttext"
)

// sanitize returns the text as valid UTF-8, truncated to maxBytes. Each sequence of invalid bytes
// becomes U+FFFD.
func sanitize(text string, maxBytes int) string {
	return shorttext.Truncate(strings.ToValidUTF8(text, "\ufffd"), maxBytes)
}
