package hostinfo

import (
	"context"
	"fmt"
)

// Bounds of a configuration that is spread over files.
const (
	// maxConfigFiles are read of one configuration.
	maxConfigFiles = 2000
	// maxConfigDepth is how deep files may include each other.
	maxConfigDepth = 10
	// maxConfigDirectives are looked at.
	maxConfigDirectives = 200_000
)

// configFiles are the files of a configuration that include each other, as far as the bounds and the time go.
type configFiles struct {
	read func(name string) ([]byte, error)
	glob func(pattern string) []string
	// done gives an error when the time is up.
	done func() error

	files, depth, directives int
	faults                   faults
}

func (h *Host) configFiles(ctx context.Context) configFiles {
	return configFiles{read: h.read, glob: h.glob, done: ctx.Err}
}

// open reads one more file; not ok where that is past a bound. The caller closes it before the one that
// includes it goes on.
func (c *configFiles) open(name string) (b []byte, ok bool) {
	if c.files++; c.files > maxConfigFiles || c.depth >= maxConfigDepth {
		c.faults.add(fmt.Errorf("%s is left out: more than %d files, or %d deep", name, maxConfigFiles, maxConfigDepth))
		return nil, false
	}
	err := c.done()
	if err == nil {
		b, err = c.read(name)
	}
	c.faults.add(err)
	c.depth++
	return b, true
}

func (c *configFiles) close() { c.depth-- }

// more says whether one more directive may be looked at.
func (c *configFiles) more() bool {
	if c.directives++; c.directives > maxConfigDirectives {
		c.faults.add(fmt.Errorf("only the first %d directives were read", maxConfigDirectives))
		return false
	}
	return c.done() == nil
}
