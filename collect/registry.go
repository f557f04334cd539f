package collect

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A Registry holds the types of checks that can be run. It does not change once made.
type Registry struct {
	types []Type // by name
}

// ErrType is returned when a Registry cannot be made of the types given.
var ErrType = errors.New("bad check type")

// NewRegistry returns a registry of the types given. Two of one name, one without a name and one
// without a Checker are an error.
func NewRegistry(types ...Type) (*Registry, error) {
	r := &Registry{types: slices.Clone(types)}
	slices.SortStableFunc(r.types, func(a, b Type) int { return strings.Compare(a.Name, b.Name) })
	for i, t := range r.types {
		switch {
		case t.Name == "":
			return nil, fmt.Errorf("%w: one has no name", ErrType)
		case t.Checker == nil:
			return nil, fmt.Errorf("%w: %q has no checker", ErrType, t.Name)
		case i > 0 && t.Name == r.types[i-1].Name:
			return nil, fmt.Errorf("%w: %q is there twice", ErrType, t.Name)
		}
	}
	return r, nil
}

// Lookup returns the type of that name.
func (r *Registry) Lookup(name string) (Type, bool) {
	i, ok := slices.BinarySearchFunc(r.types, name, func(t Type, name string) int {
		return strings.Compare(t.Name, name)
	})
	if !ok {
		return Type{}, false
	}
	return r.types[i], true
}

// Types returns all types, by name. The slice is the caller's.
func (r *Registry) Types() []Type { return slices.Clone(r.types) }

// Suggest returns the registered name that was most likely meant by name, or "" where none is near: one
// without its family ("cpu" for "agent.cpu"), or with a typing mistake or two.
func (r *Registry) Suggest(name string) string {
	const longest = 64 // bytes; nobody mistypes more than that
	if name == "" || len(name) > longest {
		return ""
	}
	name = strings.ToLower(name)
	best, bestDistance := "", 3
	for _, t := range r.types {
		for _, known := range [2]string{t.Name, t.Name[strings.LastIndexByte(t.Name, '.')+1:]} {
			d := distance(name, known)
			if d < bestDistance && 3*d <= len(known) {
				best, bestDistance = t.Name, d
			}
		}
	}
	return best
}

// distance is the number of bytes to insert, delete or replace that makes b of a (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			d := diagonal
			if a[i] != b[j] {
				d = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], d
		}
	}
	return row[len(b)]
}
