package shorttext

import "strings"

// QuoteShell quotes a word for a POSIX shell, so that the shell reads it as one word with the same
// characters. A word of only letters, digits and / . _ - = : + @ , is returned unchanged.
func QuoteShell(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' ||
			strings.ContainsRune("/._-=:+@,", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
