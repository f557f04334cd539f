package hostinfo

import "context"

// nilType answers with nothing: an endpoint asks it to see whether the agent answers at all.
func nilType() Type {
	return Type{
		Name:    "nil",
		Summary: "nothing, to see whether the host answers",
		Shape:   struct{}{},
		Read:    func(context.Context, *Host) (any, error) { return struct{}{}, nil },
	}
}
