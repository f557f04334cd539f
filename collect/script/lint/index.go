package lint

import (
	"slices"

	"virgo/collect/script"
)

// An index has the functions that scripts may call.
type index struct {
	globals   map[string]script.Function
	constants map[string]bool // by name, those of modules as json.null
	modules   map[string]map[string]script.Function
}

func newIndex(modules []script.Module) *index {
	x := &index{
		globals: map[string]script.Function{}, constants: map[string]bool{},
		modules: map[string]map[string]script.Function{},
	}
	for _, m := range modules {
		functions := x.globals
		if m.Name != "" {
			functions = map[string]script.Function{}
			x.modules[m.Name] = functions
		}
		for _, f := range m.Functions {
			functions[f.Name] = f
		}
		for _, c := range m.Constants {
			name := c.Name
			if m.Name != "" {
				name = m.Name + "." + c.Name
			}
			x.constants[name] = true
		}
	}
	return x
}

// names returns all global names, for suggestions.
func (x *index) names() []string {
	return append(keys(x.globals), keys(x.modules)...)
}

func (x *index) has(global string) bool {
	_, function := x.globals[global]
	_, module := x.modules[global]
	return function || module || x.constants[global]
}

func keys[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
