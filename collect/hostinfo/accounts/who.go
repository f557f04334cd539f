package accounts

import (
	"context"
	"fmt"

	"virgo/collect/hostinfo/source"
)

type session struct {
	User   string `json:"user" doc:"who is logged in"`
	Device string `json:"device" doc:"the terminal"`
	Host   string `json:"host" doc:"where the user logged in from; empty for the console"`
	Time   int64  `json:"time" doc:"when the user logged in, s since the epoch"`
}

func whoType() source.Type {
	return source.Type{
		Name:    "who",
		Summary: "who is logged in",
		Shape:   []session{},
		Read: func(ctx context.Context, h *source.Host) (any, error) {
			all, err := readSessions(ctx, h)
			if err != nil {
				return nil, fmt.Errorf("reading who is logged in: %w", err)
			}
			return source.NonNil(all), nil
		},
	}
}
