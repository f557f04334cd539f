//go:build unix

package config

import (
	"fmt"
	"os"
	"strings"
)

// ownersAlone refuses a file that holds a secret and that anybody but its owner can read or write.
func ownersAlone(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return &OwnersError{Err: fmt.Errorf("a file with a token: %w", err)}
	}
	if m := info.Mode().Perm(); m&0o077 != 0 {
		return &OwnersError{
			fmt.Errorf("%s holds a token and has mode %04o: others than its owner can use it", path, m),
			"chmod 600 " + shellWord(path),
		}
	}
	return nil
}

func shellWord(s string) string {
	if strings.ContainsAny(s, " \t'\"\\$&;|<>()*?[]#~`!{}") {
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	return s
}
