package source

import (
	"context"
	"slices"
)

// A Type is one type of host information, for example "cpu".
type Type struct {
	// Name is the type's name in host_info.get.
	Name string
	// Summary is one line for a person, lower case, no full stop.
	Summary string
	// Systems are the supported systems, as GOOS names them; none means all.
	Systems []string
	// Shape is a zero value of what Read returns. The json and doc tags of its fields are the
	// documentation.
	Shape any
	// Read returns a value of Shape's type. An empty list is not nil.
	Read func(ctx context.Context, h *Host) (any, error)
}

// SupportedOn reports whether the type is for a system, as GOOS names it.
func (t Type) SupportedOn(system string) bool {
	return len(t.Systems) == 0 || slices.Contains(t.Systems, system)
}

// A Key documents one key of an answer.
type Key struct {
	// Name as JSON has it; of an object in an object, with a dot: "options.permit_root_login". "*"
	// is any name that the host itself supplies.
	Name string `json:"name"`
	// Kind is "text", "number", "truth", "list" or "object".
	Kind string `json:"kind"`
	// Doc describes the value, with its unit.
	Doc string `json:"doc"`
}

// A KeyDescriber is a map in a Shape, whose keys no tag can document. DescribeKeys works on the
// zero value.
type KeyDescriber interface{ DescribeKeys() []Key }

// NonNil makes a nil list an empty one, which is [] in JSON and not null.
func NonNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
