package plugin

import (
	"fmt"
	"strconv"
	"strings"
)

// A prometheusSample is a line `name{label="value",…} value [timestamp]`.
type prometheusSample struct {
	name   string
	labels []tag   // an empty value is the same as no label
	value  string  // as printed
	number float64 // may be infinite or NaN
}

// dimension returns the labels, sorted and joined: "label=value,label=value".
func (p prometheusSample) dimension() string { return appendTags("", p.labels) }

// parseSample parses a line that has no blanks around it. The sample's timestamp is validated and
// ignored, since a result has one time.
func parseSample(s string) (sample prometheusSample, fault string) {
	n := nameLength(s, true)
	sample.name = s[:n]
	rest := strings.TrimLeft(s[n:], blanks)
	if strings.HasPrefix(rest, "{") {
		if rest, fault = sample.parseLabels(rest[1:]); fault != "" {
			return sample, fault
		}
	} else if n > 0 && rest == s[n:] && rest != "" {
		name, _, _ := strings.Cut(s, " ")
		return sample, fmt.Sprintf("%.64q is not a metric's name", name)
	}
	if sample.name == "" {
		return sample, "the metric's name is missing"
	}
	rest, _, _ = strings.Cut(rest, " # ") // an exemplar
	words := splitBlanks(rest)
	if len(words) == 0 {
		return sample, fmt.Sprintf("metric %.64q has no value", sample.name)
	}
	if len(words) > 2 {
		return sample, fmt.Sprintf("metric %.64q has more than a value and a timestamp", sample.name)
	}
	for _, word := range words {
		// As Prometheus, which refuses the hexadecimal numbers and underscores of Go.
		if _, err := strconv.ParseFloat(word, 64); err != nil || strings.ContainsAny(word, "xX_") {
			return sample, fmt.Sprintf("%.64q of metric %.64q is not a number", word, sample.name)
		}
	}
	sample.value = words[0]
	sample.number, _ = strconv.ParseFloat(sample.value, 64)
	return sample, ""
}

// parseLabels parses from behind "{" through "}" and returns the rest. A quoted string without a
// value is the metric's name.
func (p *prometheusSample) parseLabels(s string) (rest, fault string) {
	for {
		s = strings.TrimLeft(s, blanks)
		if strings.HasPrefix(s, "}") {
			return s[1:], ""
		}
		name, quoted := "", strings.HasPrefix(s, `"`)
		if quoted {
			if name, s, fault = cutQuoted(s); fault != "" {
				return "", fault
			}
		} else {
			n := nameLength(s, false)
			name, s = s[:n], s[n:]
		}
		s = strings.TrimLeft(s, blanks)
		switch value, labelled := strings.CutPrefix(s, "="); {
		case s == "":
			return "", `the labels have no closing "}"`
		case labelled && name != "":
			var text string
			if text, s, fault = cutQuoted(strings.TrimLeft(value, blanks)); fault != "" {
				return "", fmt.Sprintf("label %.64q: %s", name, fault)
			}
			if hasTag(p.labels, name) {
				return "", fmt.Sprintf("there are two labels %.64q", name)
			}
			if text != "" {
				p.labels = append(p.labels, tag{name, text})
			}
		case quoted && p.name == "" && name != "":
			p.name = name
		default:
			return "", fmt.Sprintf(`%.64q is not label="value"`, name+s)
		}
		s = strings.TrimLeft(s, blanks)
		if next, comma := strings.CutPrefix(s, ","); comma {
			s = next
		} else if !strings.HasPrefix(s, "}") {
			return "", `the labels have no closing "}"`
		}
	}
}

// cutQuoted returns the quoted string at the beginning of s, unescaped, and the rest.
func cutQuoted(s string) (text, rest, fault string) {
	if !strings.HasPrefix(s, `"`) {
		return "", "", "the value is not in quotation marks"
	}
	if text, rest = unescape(s[1:], `"`, `"\n`); rest == "" {
		return "", "", "the value has no closing quotation mark"
	}
	return text, rest[1:], ""
}

// nameLength returns the length of the name that s begins with: letters, digits, "_" and, in a
// metric's name, ":"; the first is not a digit.
func nameLength(s string, metric bool) int {
	for i := range len(s) {
		c := s[i]
		letter := 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_' || metric && c == ':'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return i
		}
	}
	return len(s)
}
