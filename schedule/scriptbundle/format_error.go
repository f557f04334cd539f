package scriptbundle

import "fmt"

// A FormatError is returned for bytes that are no bundle, and for a manifest and files that make none.
type FormatError struct {
	// Offset is the first byte that is wrong; -1: there is none that could be named.
	Offset int64
	// Text says which entry is wrong, and which rule it breaks.
	Text string
}

func (e *FormatError) Error() string {
	if e.Offset < 0 {
		return "not a bundle: " + e.Text
	}
	return fmt.Sprintf("not a bundle: %s (at byte %d)", e.Text, e.Offset)
}

// wrong returns a *FormatError.
func wrong(offset int, format string, args ...any) error {
	return &FormatError{Offset: int64(offset), Text: fmt.Sprintf(format, args...)}
}

// noOffset is the offset of a mistake that is in no byte.
const noOffset = -1
