package plugin

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A promSample is one line of Prometheus's, "name{label="value",…} value [timestamp]".
type promSample struct {
	name   string
	labels []string // each label=value, without those that are empty: they are the same as none
	value  string   // as printed
	number float64  // may be infinite or NaN
}

// dimension is the labels in their order, "label=value,label=value".
func (p promSample) dimension() string {
	slices.Sort(p.labels)
	return strings.Join(p.labels, ",")
}

// sampleOf reads a line without blanks around it. A sample's own time is read and not used: a result has
// one time only.
func sampleOf(s string) (sample promSample, fault string) {
	n := nameLength(s, true)
	sample.name = s[:n]
	rest := strings.TrimLeft(s[n:], blanks)
	if strings.HasPrefix(rest, "{") {
		if rest, fault = sample.readLabels(rest[1:]); fault != "" {
			return sample, fault
		}
	} else if n > 0 && rest == s[n:] && rest != "" {
		return sample, fmt.Sprintf("%.64q is no metric's name", strings.SplitN(s, " ", 2)[0])
	}
	if sample.name == "" {
		return sample, "no metric is named"
	}
	rest, _, _ = strings.Cut(rest, " # ") // an exemplar
	words := wordsOf(rest)
	if len(words) == 0 {
		return sample, fmt.Sprintf("metric %.64q has no value", sample.name)
	}
	if len(words) > 2 {
		return sample, fmt.Sprintf("metric %.64q has more than a value and a timestamp", sample.name)
	}
	for _, word := range words {
		if _, err := strconv.ParseFloat(word, 64); err != nil {
			return sample, fmt.Sprintf("%.64q of metric %.64q is no number", word, sample.name)
		}
	}
	sample.value = words[0]
	sample.number, _ = strconv.ParseFloat(sample.value, 64)
	return sample, ""
}

// readLabels reads what stands behind "{" up to "}" and says what comes after. A quoted text without a value
// is the metric's name.
func (p *promSample) readLabels(s string) (rest, fault string) {
	for {
		s = strings.TrimLeft(s, blanks)
		if strings.HasPrefix(s, "}") {
			return s[1:], ""
		}
		name, quoted := "", strings.HasPrefix(s, `"`)
		if quoted {
			if name, s, fault = quotedText(s); fault != "" {
				return "", fault
			}
		} else {
			n := nameLength(s, false)
			name, s = s[:n], s[n:]
		}
		s = strings.TrimLeft(s, blanks)
		switch value, labelled := strings.CutPrefix(s, "="); {
		case s == "":
			return "", `the labels are not closed by "}"`
		case labelled && name != "":
			var text string
			if text, s, fault = quotedText(strings.TrimLeft(value, blanks)); fault != "" {
				return "", fmt.Sprintf("label %.64q: %s", name, fault)
			}
			if text != "" {
				p.labels = append(p.labels, name+"="+text)
			}
		case quoted && p.name == "" && name != "":
			p.name = name
		default:
			return "", fmt.Sprintf(`%.64q is no label="value"`, name+s)
		}
		s = strings.TrimLeft(s, blanks)
		if next, comma := strings.CutPrefix(s, ","); comma {
			s = next
		} else if !strings.HasPrefix(s, "}") {
			return "", `the labels are not closed by "}"`
		}
	}
}

// quotedText reads a text in quotation marks and says what comes after.
func quotedText(s string) (text, rest, fault string) {
	if !strings.HasPrefix(s, `"`) {
		return "", "", "the value is not in quotation marks"
	}
	if text, rest = unescape(s[1:], `"`, `"\n`); rest == "" {
		return "", "", "the value is not closed by a quotation mark"
	}
	return text, rest[1:], ""
}

// nameLength is how much of s is a name: letters, digits, "_", and in a metric's ":"; no digit at first.
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
