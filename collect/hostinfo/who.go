package hostinfo

import (
	"context"
	"fmt"
)

type session struct {
	User   string `json:"user" doc:"who is logged in"`
	Device string `json:"device" doc:"the terminal"`
	Host   string `json:"host" doc:"where the user comes from; empty for the console"`
	Time   int64  `json:"time" doc:"when the user logged in, s since the epoch"`
}

func whoType() Type {
	return Type{
		Name:    "who",
		Summary: "who is logged in",
		Shape:   []session{},
		Read: func(ctx context.Context, h *Host) (any, error) {
			all, err := h.sessions(ctx)
			if err != nil {
				return nil, fmt.Errorf("reading who is logged in: %w", err)
			}
			return told(all), nil
		},
	}
}
