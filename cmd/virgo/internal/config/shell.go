package config

import "strings"

// shellWord quotes a path where a POSIX shell would not take it as one word.
func shellWord(s string) string {
	if s == "" || strings.ContainsAny(s, " \t\n'\"\\$&;|<>()*?[]#~`!{}") {
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	return s
}
