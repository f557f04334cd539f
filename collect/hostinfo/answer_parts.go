package hostinfo

import (
	"errors"
	"fmt"
	"io/fs"
)

// maxText bounds a text that is copied out of a file, in bytes.
const maxText = 4096

// faults gathers what went wrong while the rest of an answer was read.
type faults struct {
	first error
	more  int
}

// add counts an error; nil, and a file that is not there, is none.
func (f *faults) add(err error) {
	switch {
	case err == nil || errors.Is(err, fs.ErrNotExist):
	case f.first == nil:
		f.first = err
	default:
		f.more++
	}
}

func (f *faults) err() error {
	if f.more == 0 {
		return f.first
	}
	return fmt.Errorf("%w (and %d more faults)", f.first, f.more)
}

// told is a list as an answer has it: an empty one is [] and not null.
func told[T any](all []T) []T {
	if all == nil {
		return []T{}
	}
	return all
}

// plainText is a text that may hold anything, without secrets and no longer than maxText.
func plainText(s string) string {
	if len(s) > maxText {
		s = s[:maxText]
	}
	return Redact(s)
}
