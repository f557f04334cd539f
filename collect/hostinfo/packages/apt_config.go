package packages

import "strings"

// parseAptConfig parses the settings of apt.conf(5) that have one value: Name "value"; and Name {
// Inner "value"; }. Lists, #clear and #include are left out. Names are in lower case, as apt
// compares them.
func parseAptConfig(b []byte) map[string]string {
	settings := map[string]string{}
	var scopes []string
	name := ""
	for _, word := range aptWords(string(b)) {
		switch {
		case word == "{":
			scopes = append(scopes, strings.ToLower(name))
			name = ""
		case word == "}":
			if len(scopes) > 0 {
				scopes = scopes[:len(scopes)-1]
			}
			name = ""
		case word == ";":
			name = ""
		case word[0] == '"':
			if name != "" && len(scopes) < 16 {
				full := strings.Join(append(scopes[:len(scopes):len(scopes)], strings.ToLower(name)), "::")
				settings[full] = strings.Trim(word, `"`)
			}
		case name == "":
			name = word
		}
	}
	return settings
}

// aptWords splits the text into names, quoted values and { } ; without comments.
func aptWords(s string) []string {
	var words []string
	for len(s) > 0 {
		switch {
		case strings.HasPrefix(s, "//") || s[0] == '#':
			_, s, _ = strings.Cut(s, "\n")
		case strings.HasPrefix(s, "/*"):
			_, s, _ = strings.Cut(s[2:], "*/")
		case s[0] == '"':
			end := strings.IndexByte(s[1:], '"')
			if end < 0 {
				return words
			}
			words = append(words, s[:end+2])
			s = s[end+2:]
		case s[0] == '{' || s[0] == '}' || s[0] == ';':
			words = append(words, s[:1])
			s = s[1:]
		case strings.IndexByte(" \t\r\n", s[0]) >= 0:
			s = s[1:]
		default:
			end := strings.IndexAny(s, " \t\r\n\"{};")
			if end < 0 {
				end = len(s)
			}
			words = append(words, s[:end])
			s = s[end:]
		}
	}
	return words
}
