package admin

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// A Match is what a change must find, so that nobody overwrites what another changed meanwhile.
type Match struct {
	// ETag is that of the state which the actor saw.
	ETag string
	// New is set if there must be nothing yet, Some if there must be something, Any if it does not matter.
	New, Some, Any bool
}

// etagOf returns the ETag of what data describes.
func etagOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:16])
}

// check compares with what is there: its ETag, "" if there is nothing. Error: *Changed.
func (m Match) check(etag string) error {
	switch {
	case m.Any, m.New && etag == "", m.Some && etag != "", !m.New && m.ETag != "" && m.ETag == etag:
		return nil
	}
	return &Changed{ETag: etag}
}

// Changed is returned when a change does not find what it must.
type Changed struct {
	// ETag is that of what is there; "" if there is nothing.
	ETag string
}

func (c *Changed) Error() string {
	if c.ETag == "" {
		return "it does not exist"
	}
	return fmt.Sprintf("it was changed meanwhile, or existed already: its ETag is %q", c.ETag)
}
