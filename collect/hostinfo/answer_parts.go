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

// told cuts a list to MaxRows and says so in the error.
func told[T any](all []T, f *faults) []T {
	if all == nil {
		return []T{}
	}
	if len(all) > MaxRows {
		f.add(fmt.Errorf("only the first %d of %d are told", MaxRows, len(all)))
		return all[:MaxRows]
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
