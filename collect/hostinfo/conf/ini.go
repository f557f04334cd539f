package conf

import (
	"strings"

	"virgo/collect/hostinfo/redact"
)

// A Setting is one setting of an INI file.
type Setting struct{ Section, Key, Value string }

// ParseINI reads "[section]", "key = value", and comments that start with # or ;. With continued,
// as Python's configparser reads the files of dnf and fail2ban, a line that starts with white space
// continues the setting before it, and a colon may stand for the equals sign. A value is truncated
// to 4 KiB, between words.
func ParseINI(b []byte, continued bool) []Setting {
	var all []Setting
	section := ""
	for line := range strings.Lines(string(b)) {
		text := strings.TrimSpace(line)
		if text == "" || text[0] == '#' || text[0] == ';' {
			continue
		}
		if continued && (line[0] == ' ' || line[0] == '\t') && len(all) > 0 {
			if last := &all[len(all)-1]; len(last.Value)+len(text) < redact.MaxExcerpt {
				last.Value = strings.TrimSpace(last.Value + "\n" + text)
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
		value := cutComment(strings.TrimSpace(text[at+1:]))
		value = strings.TrimSpace(redact.Truncate(value, redact.MaxExcerpt))
		all = append(all, Setting{section, strings.TrimSpace(text[:at]), value})
	}
	return all
}

// cutComment removes a comment, which white space separates from the value. A quoted value is left
// alone.
func cutComment(value string) string {
	if strings.HasPrefix(value, `"`) {
		return value
	}
	value, _, _ = strings.Cut(value, " ;")
	value, _, _ = strings.Cut(value, "\t;")
	return value
}
