package hostinfo

import "strings"

// An iniLine is a setting of a file in the style of INI.
type iniLine struct{ section, key, value string }

// parseINI reads "[section]", "key = value", and comments that start with # or ;. Where continued is set (as
// Python's configparser reads: dnf, fail2ban), a line that starts with white space belongs to the setting
// before.
func parseINI(b []byte, continued bool) []iniLine {
	var all []iniLine
	section := ""
	for line := range strings.Lines(string(b)) {
		text := strings.TrimSpace(line)
		if text == "" || text[0] == '#' || text[0] == ';' {
			continue
		}
		if continued && (line[0] == ' ' || line[0] == '\t') && len(all) > 0 {
			if last := &all[len(all)-1]; len(last.value)+len(text) < maxText {
				last.value = strings.TrimSpace(last.value + "\n" + text)
			}
			continue
		}
		if text[0] == '[' {
			name, _, _ := strings.Cut(text[1:], "]")
			section = strings.TrimSpace(name)
			continue
		}
		at := strings.IndexByte(text, '=')
		if colon := strings.IndexByte(text, ':'); continued && colon >= 0 && (at < 0 || colon < at) {
			at = colon
		}
		if at < 0 {
			continue
		}
		value := strings.TrimSpace(text[at+1:])
		// A comment behind the value stands after white space.
		for _, mark := range []string{" ;", "\t;"} {
			if !strings.HasPrefix(value, `"`) {
				value, _, _ = strings.Cut(value, mark)
			}
		}
		value = strings.TrimSpace(beginning(value, maxText))
		all = append(all, iniLine{section, strings.TrimSpace(text[:at]), value})
	}
	return all
}
