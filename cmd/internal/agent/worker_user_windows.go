package agent

import (
	"virgo/cmd/internal/config"
	"virgo/collect/worker"
)

// lookupWorkerUser returns nil: on Windows, the worker runs as the agent's user.
func lookupWorkerUser(config.Config) (*worker.Account, error) { return nil, nil }
