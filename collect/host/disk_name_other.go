//go:build !linux && !windows

package host

import "strings"

// diskName is the name of a device that is given by its path.
func diskName(path string) string { return strings.TrimPrefix(path, "/dev/") }
