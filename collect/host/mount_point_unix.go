//go:build !linux && !windows

package host

import "path"

// cleanPoint normalizes a mount point: /home/ is /home.
func cleanPoint(point string) string { return path.Clean(point) }
