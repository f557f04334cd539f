package collect

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// A Registry holds the types of checks that can be run. It does not change once made.
type Registry struct {
	types []Type // by name
	// further gives the types that are looked at only where the others have none of the name; nil: none.
	further func() []Type
}

// ErrType is returned when a Registry cannot be made of the types given.
var ErrType = errors.New("bad check type")

// NewRegistry returns a registry of the types given. Two of one name, one without a name and one
// without a Checker are an error.
func NewRegistry(types ...Type) (*Registry, error) {
	r := &Registry{types: byName(types)}
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

// WithFurther returns a registry that has further types as well, of names that r does not have. They are
// asked for when a name is looked up that is not among r's, or all are wanted, and once at most: a run that needs
// none of them does not pay for them.
func (r *Registry) WithFurther(further func() []Type) *Registry {
	return &Registry{types: r.types, further: sync.OnceValue(func() []Type { return byName(further()) })}
}

// Lookup returns the type of that name.
func (r *Registry) Lookup(name string) (Type, bool) {
	for types, further := r.types, r.further; ; types, further = further(), nil {
		i, ok := slices.BinarySearchFunc(types, name, func(t Type, name string) int {
			return strings.Compare(t.Name, name)
		})
		if ok {
			return types[i], true
		}
		if further == nil {
			return Type{}, false
		}
	}
}

// Types returns all types, by name. The slice is the caller's.
func (r *Registry) Types() []Type {
	if r.further == nil {
		return slices.Clone(r.types)
	}
	return byName(slices.Concat(r.types, r.further()))
}

// byName returns a sorted copy.
func byName(types []Type) []Type {
	return slices.SortedStableFunc(slices.Values(types), func(a, b Type) int { return strings.Compare(a.Name, b.Name) })
}

// Suggest returns the registered name that was most likely meant by name, or "" where none is near: one
// without its family ("cpu" for "agent.cpu"), or with a typing mistake or two.
func (r *Registry) Suggest(name string) string {
	const longest = 64 // bytes; nobody mistypes more than that
	if name == "" || len(name) > longest {
		return ""
	}
	name = strings.ToLower(name)
	best, bestDistance := "", 3
	for _, t := range r.Types() {
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
