//go:build !linux

package footprint

// A Program is this program as it lies in memory.
type Program struct{}

// GiveBack does nothing: this system does not count pages of the program that are not in use.
func (*Program) GiveBack(from, to any) {}

// GiveBackTables does nothing either.
func (*Program) GiveBackTables() {}

// GiveBackAll does nothing either.
func (*Program) GiveBackAll() {}
