//go:build unix && !linux

package plugin

import "os"

// startPath returns the path by which the plugin is started: these systems have no path to an open file
// that is always there. Only root and this user could put another file there.
func (p program) startPath() (path string, opened *os.File, err error) { return p.path, nil, nil }
