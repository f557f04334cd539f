package host

import (
	"context"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"virgo/collect/program"
)

const systemdHere = true

func systemctl(ctx context.Context, args ...string) ([]byte, error) {
	return program.Output(ctx, "systemctl", args...)
}

// systemdRuns tests what sd_booted(3) does.
func systemdRuns() bool {
	_, err := os.Lstat("/run/systemd/system")
	return err == nil
}

func monotonic() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		return 0
	}
	return time.Duration(ts.Nano())
}
