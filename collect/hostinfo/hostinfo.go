package hostinfo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"virgo/collect/hostinfo/accounts"
	"virgo/collect/hostinfo/apps"
	"virgo/collect/hostinfo/filesystems"
	"virgo/collect/hostinfo/hardware"
	"virgo/collect/hostinfo/network"
	"virgo/collect/hostinfo/packages"
	"virgo/collect/hostinfo/source"
	"virgo/collect/hostinfo/system"
	"virgo/collect/hostinfo/web"
)

// A Type is one question that a host can answer; a Host is where the answers come from; a Key
// documents one key of an answer.
type (
	Type = source.Type
	Host = source.Host
	Key  = source.Key
)

// Types returns all types, by name.
func Types() []Type {
	all := slices.Concat(
		accounts.Types(),
		apps.Types(),
		filesystems.Types(),
		hardware.Types(),
		network.Types(),
		packages.Types(),
		system.Types(),
		web.Types(),
		[]Type{nilType()},
	)
	slices.SortFunc(all, func(a, b Type) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// ErrUnknown is returned when no type has that name.
var ErrUnknown = errors.New("unknown host information type")

// Get answers one question. Its error is ErrUnknown; whatever else goes wrong is in the answer.
func Get(ctx context.Context, h *Host, name string) (Answer, error) {
	for _, t := range Types() {
		if t.Name == name {
			return answer(ctx, h, t), nil
		}
	}
	return Answer{}, fmt.Errorf("%w: %q", ErrUnknown, name)
}

// nilType answers with nothing: an endpoint asks it to see whether the agent answers.
func nilType() Type {
	return Type{
		Name:    "nil",
		Summary: "nothing: tests whether the host answers",
		Shape:   struct{}{},
		Read:    func(context.Context, *Host) (any, error) { return struct{}{}, nil },
	}
}
