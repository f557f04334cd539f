//go:build unix

package agent

import (
	"slices"
	"strings"
)

// withSystemPath returns an environment whose PATH ends with those of the system's folders that it
// lacks.
func withSystemPath(environ []string) []string {
	at, path := -1, ""
	for i, pair := range environ {
		if value, ok := strings.CutPrefix(pair, "PATH="); ok {
			at, path = i, value
		}
	}
	folders := strings.Split(path, ":")
	if path == "" {
		folders = nil
	}
	have := len(folders)
	for _, folder := range [...]string{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"} {
		if !slices.Contains(folders, folder) {
			folders = append(folders, folder)
		}
	}
	switch path = "PATH=" + strings.Join(folders, ":"); {
	case at < 0:
		return append(environ, path)
	case len(folders) > have:
		environ[at] = path
	}
	return environ
}
