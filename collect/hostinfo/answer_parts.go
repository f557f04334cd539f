package hostinfo

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
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
func plainText(s string) string { return Redact(beginning(s, maxText)) }

// beginning is at most so many bytes of a text, without a piece of a word at its end: a part of an address may have the
// password in it, and not the @ that tells so.
func beginning(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return s[:strings.LastIndexAny(s[:most], " \t\n,")+1]
}
