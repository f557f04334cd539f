package hostinfo

import "strings"

// luaTable gives the text up to the } that closes a table or block, and what comes after; braces in texts and
// comments do not count.
func luaTable(s string) (inner, rest string) {
	depth := 1
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"' || s[i] == '\'':
			i = luaString(s, i)
		case strings.HasPrefix(s[i:], "--"):
			i = luaComment(s, i)
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

// luaString gives the place of the quote that ends the text which starts at i; a text ends with its line.
func luaString(s string, i int) int {
	quote := s[i]
	for i++; i < len(s) && s[i] != quote && s[i] != '\n'; i++ {
		if s[i] == '\\' {
			i++
		}
	}
	return i
}

// luaComment gives the last place of the comment that starts at i: "--[[ … ]]", or "-- …" without the end of
// its line.
func luaComment(s string, i int) int {
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

// dropLuaComments takes the comments out.
func dropLuaComments(s string) string {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"' || s[i] == '\'':
			end := min(luaString(s, i), len(s)-1)
			out.WriteString(s[i : end+1])
			i = end
		case strings.HasPrefix(s[i:], "--"):
			i = luaComment(s, i)
		default:
			out.WriteByte(s[i])
		}
	}
	return out.String()
}
