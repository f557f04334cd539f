package trial

import (
	"context"
	"errors"
	"fmt"

	"virgo/collect"
	"virgo/collect/script"
	"virgo/schedule"
)

type host struct{ *Captured }

func (h host) Figures(_ context.Context, checkType string, _ schedule.Details) (collect.Report, error) {
	metrics, ok := h.figures[checkType]
	if !ok {
		return collect.Report{}, h.missing(fmt.Sprintf("figures of %q", checkType))
	}
	if metrics == nil {
		return collect.Report{}, errors.New(checkType + " is not available")
	}
	return collect.Report{Metrics: metrics}, nil
}

func (h host) Facts(context.Context) (script.Facts, error) { return h.facts, nil }
