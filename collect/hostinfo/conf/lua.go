package conf

import "strings"

// CutLuaBlock returns the text before the } that closes a table or block, and the text after it.
// Braces in strings and comments do not count. Without a closing brace all of s is in the block.
func CutLuaBlock(s string) (inner, rest string) {
	depth := 1
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"' || s[i] == '\'':
			i = endOfLuaString(s, i)
		case strings.HasPrefix(s[i:], "--"):
			i = endOfLuaComment(s, i)
		case s[i] == '{':
			depth++
		case s[i] == '}':
			if depth--; depth == 0 {
				return s[:i], s[i+1:]
			}
		}
	}
	return s, ""
}

// endOfLuaString returns the position of the quote that closes the string at i; a string ends with
// its line at last.
func endOfLuaString(s string, i int) int {
	quote := s[i]
	for i++; i < len(s) && s[i] != quote && s[i] != '\n'; i++ {
		if s[i] == '\\' {
			i++
		}
	}
	return i
}

// endOfLuaComment returns the last position of the comment at i: "--[[ … ]]", or "-- …" without the
// end of its line.
func endOfLuaComment(s string, i int) int {
	end, after := "\n", -1
	if strings.HasPrefix(s[i:], "--[[") {
		end, after = "]]", 1
	}
	at := strings.Index(s[i:], end)
	if at < 0 {
		return len(s) - 1
	}
	return i + at + after
}

// RemoveLuaComments removes comments, but not what resembles one in a string.
func RemoveLuaComments(s string) string {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"' || s[i] == '\'':
			end := min(endOfLuaString(s, i), len(s)-1)
			out.WriteString(s[i : end+1])
			i = end
		case strings.HasPrefix(s[i:], "--"):
			i = endOfLuaComment(s, i)
		default:
			out.WriteByte(s[i])
		}
	}
	return out.String()
}
