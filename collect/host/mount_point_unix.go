//go:build !linux && !windows

package host

import "path"

// cleanPoint is a mount point as a person may write it: /home/ is /home.
func cleanPoint(point string) string { return path.Clean(point) }
