//go:build !linux && !freebsd && !darwin

package daemon

import (
	"context"
	"fmt"
)

// Native returns false: this system's services are not known.
func Native() (Manager, bool) { return nil, false }

func addUser(_ context.Context, name string) error { return fmt.Errorf("there is no user %q", name) }
