package trial

import (
	"fmt"
	"slices"
	"sync"

	"virgo/collect"
	"virgo/collect/script"
)

// Captured is the world of a test.
type Captured struct {
	files    tree
	programs map[string]*script.ProgramOutput // by the command; nil: not installed
	web      map[string]*webAnswer            // by method and URL; nil: no connection
	network  map[string]*conversation         // by network and address; nil: no connection
	names    map[string][]string              // by name and type of record; nil: no such name
	figures  map[string][]collect.Metric      // by type of check; nil: not available
	facts    script.Facts

	mu     sync.Mutex
	absent []string // what was asked for and is not captured
}

// World returns it as the modules know it.
func (c *Captured) World() script.World {
	return script.World{Files: files{c}, Programs: programs{c}, Web: web{c}, Network: network{c}, Host: host{c}}
}

// missing notes what a test must capture.
func (c *Captured) missing(what string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !slices.Contains(c.absent, what) {
		c.absent = append(c.absent, what)
	}
	return fmt.Errorf("%s is not captured", what)
}
