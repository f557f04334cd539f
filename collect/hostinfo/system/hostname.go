package system

import (
	"context"
	"fmt"
	"os"

	"virgo/collect/hostinfo/source"
)

type hostnameInfo struct {
	Hostname string `json:"hostname" doc:"the name that the host gives itself"`
}

func hostnameType() source.Type {
	return source.Type{
		Name:    "hostname",
		Summary: "the name of the host",
		Shape:   hostnameInfo{},
		Read: func(context.Context, *source.Host) (any, error) {
			name, err := os.Hostname()
			if err != nil {
				return nil, fmt.Errorf("reading the host's name: %w", err)
			}
			return hostnameInfo{name}, nil
		},
	}
}
