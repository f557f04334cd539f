package term

import "strings"

// FlagWithoutValue returns the flag at the end of a command line that lacks its value, from what kong says of it.
func FlagWithoutValue(text string) (flag string, ok bool) {
	if !strings.HasSuffix(text, `but got "EOL" (<EOL>)`) {
		return "", false
	}
	flag, _, ok = strings.Cut(text, ": expected ")
	return flag, ok && strings.HasPrefix(flag, "--")
}
