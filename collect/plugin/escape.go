package plugin

import (
	"slices"
	"sort"
	"strings"
)

// unescape returns the text before the first unescaped byte of ends, unescaped, and the rest from
// that byte on, empty where there is none. A backslash escapes the bytes of escapable, n among them
// for a newline; before any other byte it is literal.
func unescape(s, ends, escapable string) (text, rest string) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s) && strings.IndexByte(escapable, s[i+1]) >= 0:
			if i++; s[i] == 'n' {
				b.WriteByte('\n')
			} else {
				b.WriteByte(s[i])
			}
		case strings.IndexByte(ends, c) >= 0:
			return b.String(), s[i:]
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), ""
}

// escapeTag returns a part of a dimension in which the bytes of ends, which separate parts, are
// escaped, so that different series never become one dimension. A backslash is doubled only where it
// would be taken for an escape: before such a byte, and at the end unless the part is the last one.
func escapeTag(s, ends string, last bool) string {
	if !strings.ContainsAny(s, ends) && (last || !strings.HasSuffix(s, `\`)) {
		return s
	}
	var b strings.Builder
	slashes := 0
	for i := range len(s) {
		if s[i] == '\\' {
			slashes++
		} else {
			if strings.IndexByte(ends, s[i]) >= 0 {
				b.WriteString(strings.Repeat(`\`, slashes+1))
			}
			slashes = 0
		}
		b.WriteByte(s[i])
	}
	if !last {
		b.WriteString(strings.Repeat(`\`, slashes))
	}
	return b.String()
}

// A tag is a label of Prometheus or a tag of InfluxDB.
type tag struct{ name, value string }

// appendTags appends tags, sorted: "name=value,name=value". Neither names nor values can be taken
// for more tags.
func appendTags(dimension string, tags []tag) string {
	sort.Slice(tags, func(i, j int) bool { return tags[i].name+"="+tags[i].value < tags[j].name+"="+tags[j].value })
	for i, t := range tags {
		if dimension != "" {
			dimension += ","
		}
		dimension += escapeTag(t.name, ",=", false) + "=" + escapeTag(t.value, ",", i == len(tags)-1)
	}
	return dimension
}

// hasTag reports whether one of the tags has the name.
func hasTag(tags []tag, name string) bool {
	return slices.ContainsFunc(tags, func(t tag) bool { return t.name == name })
}
