//go:build !linux

package host

import (
	"context"
	"errors"
	"time"
)

const systemdHere = false

func systemctl(context.Context, ...string) ([]byte, error) { return nil, errors.ErrUnsupported }

func systemdRuns() bool { return false }

func monotonic() time.Duration { return 0 }
