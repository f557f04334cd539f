package schedule

import (
	"errors"
	"slices"
	"strings"
)

// memory is a Store in memory. Like a transaction of a database, it returns copies and lists in key
// order.
type memory struct {
	values map[string][]byte // by space NUL key
	writes int
	fail   bool
}

func newMemory() *memory { return &memory{values: make(map[string][]byte)} }

var errDiskFull = errors.New("disk full")

func (m *memory) Get(space, key string) []byte { return slices.Clone(m.values[space+"\x00"+key]) }

func (m *memory) Put(space, key string, value []byte) error {
	if m.fail {
		return errDiskFull
	}
	m.writes++
	m.values[space+"\x00"+key] = slices.Clone(value)
	return nil
}

func (m *memory) Delete(space, key string) error {
	if m.fail {
		return errDiskFull
	}
	m.writes++
	delete(m.values, space+"\x00"+key)
	return nil
}

func (m *memory) Each(space string, fn func(key string, value []byte) error) error {
	before := m.writes
	for _, full := range m.keys(space) {
		if err := fn(full, m.Get(space, full)); err != nil {
			return err
		}
	}
	if m.writes != before {
		return errors.New("written while it was listed")
	}
	return nil
}

func (m *memory) keys(space string) []string {
	var keys []string
	for full := range m.values {
		if key, ok := strings.CutPrefix(full, space+"\x00"); ok {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}
