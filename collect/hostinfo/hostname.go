package hostinfo

import (
	"context"
	"fmt"
	"os"
)

type hostnameInfo struct {
	Hostname string `json:"hostname" doc:"the name that the host gives itself"`
}

func hostnameType() Type {
	return Type{
		Name:    "hostname",
		Summary: "the name of the host",
		Shape:   hostnameInfo{},
		Read: func(context.Context, *Host) (any, error) {
			name, err := os.Hostname()
			if err != nil {
				return nil, fmt.Errorf("reading the host's name: %w", err)
			}
			return hostnameInfo{name}, nil
		},
	}
}
