//go:build unix

package policy

import (
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"
)

// followTrusted returns a clean glob with the links followed that stand before its first *, as long
// as root alone can make or replace them: /var/run/x is /run/x. A link of anybody else is what a
// script's declaration and a grant do not mean.
func followTrusted(pattern string) string {
	if !strings.HasPrefix(pattern, "/") {
		return pattern
	}
	rest := strings.Split(pattern[1:], "/")
	at, links := "/", 0
	for len(rest) > 0 {
		name := rest[0]
		if name == "" || strings.IndexByte(name, '*') >= 0 {
			break
		}
		next := path.Join(at, name)
		info, err := os.Lstat(next)
		if err != nil {
			break
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			at, rest = next, rest[1:]
			continue
		}
		target, err := os.Readlink(next)
		if links++; err != nil || links > maxLinks || !rootAlone(at) {
			return pattern
		}
		if path.IsAbs(target) {
			at = "/"
		}
		var parts []string
		for part := range strings.SplitSeq(target, "/") {
			switch part {
			case "", ".":
			case "..":
				if len(parts) > 0 {
					return pattern // a/../b means b only if a is no link
				}
				at = path.Dir(at)
			default:
				parts = append(parts, part)
			}
		}
		rest = append(parts, rest[1:]...)
	}
	return path.Join(append([]string{at}, rest...)...)
}

// rootAlone reports whether only root can change what lies in a folder without links, and the
// folders above.
func rootAlone(dir string) bool {
	for {
		info, err := os.Lstat(dir)
		if err != nil || !info.IsDir() || info.Mode().Perm()&0o022 != 0 {
			return false
		}
		if sys, ok := info.Sys().(*syscall.Stat_t); !ok || sys.Uid != 0 {
			return false
		}
		if dir == "/" {
			return true
		}
		dir = path.Dir(dir)
	}
}
