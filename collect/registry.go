package collect

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
	"sync"

	"virgo/schedule/shorttext"
)

// A Registry contains the types of checks that can be run. It never changes.
type Registry struct {
	types []Type // by name
	// lazy returns further types; nil: there are none.
	lazy func() []Type
	// family has the types whose names begin with prefix; nil: there are none.
	family func() []Type
	prefix string
}

// ErrType is returned when the types do not form a valid Registry.
var ErrType = errors.New("bad check type")

// NewRegistry returns a registry of the types. Error: ErrType if two have the same name, or one has
// no name or no Checker.
func NewRegistry(types ...Type) (*Registry, error) {
	r := &Registry{types: sortedByName(types)}
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

// WithLazy returns a registry that also has the types returned by lazy, whose names must not be in
// r. lazy is called at most once: when a name is looked up that r does not have, or all types are
// listed. A run that does neither has no costs.
func (r *Registry) WithLazy(lazy func() []Type) *Registry {
	with := *r
	with.lazy = sync.OnceValue(func() []Type { return sortedByName(lazy()) })
	return &with
}

// WithFamily returns a registry that also has the types returned by family, all of whose names begin with prefix
// and no other's do. family is called at most once: when such a name is looked up, or all types are listed.
func (r *Registry) WithFamily(prefix string, family func() []Type) *Registry {
	with := *r
	with.prefix, with.family = prefix, sync.OnceValue(func() []Type { return sortedByName(family()) })
	return &with
}

// Lookup returns the type of that name.
func (r *Registry) Lookup(name string) (Type, bool) {
	if t, ok := find(r.types, name); ok {
		return t, ok
	}
	if r.family != nil && strings.HasPrefix(name, r.prefix) {
		return find(r.family(), name)
	}
	if r.lazy == nil {
		return Type{}, false
	}
	return find(r.lazy(), name)
}

func find(sorted []Type, name string) (Type, bool) {
	i, ok := slices.BinarySearchFunc(sorted, name, func(t Type, name string) int { return strings.Compare(t.Name, name) })
	if !ok {
		return Type{}, false
	}
	return sorted[i], true
}

// Types returns all types, sorted by name, in a new slice.
func (r *Registry) Types() []Type {
	var lazy, family []Type
	if r.lazy != nil {
		lazy = r.lazy()
	}
	if r.family != nil {
		family = r.family()
	}
	return sortedByName(slices.Concat(r.types, lazy, family))
}

// sortedByName returns a sorted copy. Here and elsewhere in virgo-run, structs are sorted by package sort: its
// code is there once, while that of package slices is 15 KB for each type.
func sortedByName(types []Type) []Type {
	types = slices.Clone(types)
	sort.SliceStable(types, func(i, j int) bool { return types[i].Name < types[j].Name })
	return types
}

// Suggest returns the name of the type that was most likely meant, or "" if none is similar. name
// may lack the family ("cpu" for "agent.cpu"), have the wrong family, or be mistyped.
func (r *Registry) Suggest(name string) string {
	var (
		full  []string
		short []string // without the family
	)
	for _, t := range r.Types() {
		full = append(full, t.Name)
		short = append(short, withoutFamily(t.Name))
	}
	if near := shorttext.Nearest(withoutFamily(name), short); near != "" {
		return full[slices.Index(short, near)]
	}
	if !strings.Contains(name, ".") {
		return shorttext.Nearest(name, full)
	}
	return ""
}

func withoutFamily(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }
