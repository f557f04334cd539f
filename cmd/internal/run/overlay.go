package run

import "virgo/schedule"

// An overlay is a schedule.Store whose writes stay in memory, for a disk that cannot be written.
type overlay struct {
	below  schedule.Store
	writes map[string][]byte // space NUL key → value; nil value: deleted
}

func newOverlay(below schedule.Store) *overlay {
	return &overlay{below: below, writes: make(map[string][]byte)}
}

func (o *overlay) Get(space, key string) []byte {
	if v, ok := o.writes[space+"\x00"+key]; ok {
		return v
	}
	return o.below.Get(space, key)
}

func (o *overlay) Put(space, key string, value []byte) error {
	o.writes[space+"\x00"+key] = value
	return nil
}

func (o *overlay) Delete(space, key string) error {
	o.writes[space+"\x00"+key] = nil
	return nil
}

// Each lists only the store below: no caller lists values that the same run has written.
func (o *overlay) Each(space string, fn func(key string, value []byte) error) error {
	return o.below.Each(space, fn)
}

// nothing is an empty store, for a disk that cannot be read either.
type nothing struct{}

func (nothing) Get(string, string) []byte                     { return nil }
func (nothing) Put(string, string, []byte) error              { return nil }
func (nothing) Delete(string, string) error                   { return nil }
func (nothing) Each(string, func(string, []byte) error) error { return nil }
