package source

import (
	"errors"
	"fmt"
	"io/fs"
)

// Problems collects errors in parts of an answer whose other parts can be read. The zero value has none.
type Problems struct {
	first error
	more  int
}

// Add adds an error. It ignores nil and a file that does not exist.
func (p *Problems) Add(err error) {
	switch {
	case err == nil || errors.Is(err, fs.ErrNotExist):
	case p.first == nil:
		p.first = err
	default:
		p.more++
	}
}

// Err returns the first problem with the number of further ones, or nil.
func (p *Problems) Err() error {
	if p.more == 0 {
		return p.first
	}
	return fmt.Errorf("%w (and %d more)", p.first, p.more)
}
