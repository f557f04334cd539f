package web

import (
	"context"
	"fmt"

	"virgo/collect/hostinfo/source"
)

// Bounds of a configuration that is spread over files.
const (
	maxConfigFiles = 2000
	// maxConfigDepth is how deep files may include each other.
	maxConfigDepth      = 10
	maxConfigDirectives = 200_000
)

// configFiles are the files of a configuration that include each other, as far as the bounds and
// the time allow.
type configFiles struct {
	read func(name string) ([]byte, error)
	glob func(pattern string) []string
	// done returns an error once the time is up.
	done func() error

	files, depth, directives int
	problems                 source.Problems
}

func newConfigFiles(ctx context.Context, h *source.Host) configFiles {
	return configFiles{read: h.Read, glob: h.Glob, done: ctx.Err}
}

// open reads one more file, unless that exceeds a bound. The caller calls close before it continues
// with the file that includes this one.
func (c *configFiles) open(name string) (b []byte, ok bool) {
	if c.files++; c.files > maxConfigFiles || c.depth >= maxConfigDepth {
		c.problems.Add(fmt.Errorf("%s is left out: more than %d files, or %d deep",
			name, maxConfigFiles, maxConfigDepth))
		return nil, false
	}
	err := c.done()
	if err == nil {
		b, err = c.read(name)
	}
	c.problems.Add(err)
	c.depth++
	return b, true
}

func (c *configFiles) close() { c.depth-- }

// more reports whether one more directive may be read.
func (c *configFiles) more() bool {
	if c.directives++; c.directives > maxConfigDirectives {
		c.problems.Add(fmt.Errorf("only the first %d directives were read", maxConfigDirectives))
		return false
	}
	return c.done() == nil
}
