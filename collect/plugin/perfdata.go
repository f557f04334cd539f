package plugin

import (
	"cmp"
	"fmt"
	"strings"

	"virgo/collect"
)

// A perfMetric is one 'label'=value[UOM];[warn];[crit];[min];[max] of performance data (Monitoring
// Plugins Development Guidelines). Checkmk's metrics have the same form.
type perfMetric struct {
	label      string
	quantity   quantity
	unknown    bool // the value is U
	warn, crit string
}

func (p perfMetric) metric(dimension string) collect.Metric {
	return collect.Metric{
		Dimension: dimension,
		Name:      p.label,
		Type:      numberType(p.quantity.counter),
		Value:     p.quantity.value,
		Unit:      p.quantity.unit,
	}
}

// Limits of one item, so that the time is linear in the output's length.
const (
	maxLabelBytes  = 1 << 10 // of a label in quotation marks
	maxFieldsBytes = 512     // of the fields after "=", up to which separators are looked for
)

// itemSeparators are what plugins print between items besides blanks. Some print a semicolon, which
// also separates the fields of an item.
const itemSeparators = ",|"

// trimItems returns s without the separators that it begins and ends with.
func trimItems(s string) string { return strings.Trim(s, blanks+itemSeparators+";") }

// cutItem parses the first item of s, which trimItems has trimmed, and returns the rest. An item
// without a valid value is not ok; a fault of an item that is ok concerns its thresholds or limits.
//
// As Icinga reads it, a label without quotation marks may contain blanks: it ends at the "=", and
// the fields end at the next blank. Unlike there, blanks around the "=" and items that are separated
// by a comma, a bar or a semicolon without a blank are accepted.
func cutItem(s string) (item perfMetric, rest string, ok bool, fault string) {
	label, rest, fault := cutLabel(s)
	if fault != "" {
		_, rest = cutWord(rest)
		return perfMetric{}, rest, false, fault
	}
	rest = skipToNumber(rest)
	window := rest[:min(len(rest), maxFieldsBytes)]
	fields, _ := cutWord(window)
	complete := len(fields) < len(window) || len(window) == len(rest)
	if complete {
		item, ok, fault = parseItem(label, strings.TrimRight(fields, itemSeparators))
		if ok && fault == "" {
			return item, rest[len(fields):], ok, fault
		}
	}
	if end := endOfItem(label, fields); end > 0 {
		item, ok, fault = parseItem(label, strings.TrimRight(fields[:end], itemSeparators+";"))
		return item, rest[end:], ok, fault
	}
	if complete {
		return item, rest[len(fields):], ok, fault
	}
	_, rest = cutWord(rest)
	return perfMetric{}, rest, false, fmt.Sprintf("%.64q of %.64q is not a number with a unit", fields, label)
}

// endOfItem returns the length of the item that fields begins with, where a separator and another
// item follow it; else 0. It is the longest valid item, or up to the first separator.
func endOfItem(label, fields string) (end int) {
	for i := 1; i < len(fields); i++ {
		if !startsItem(fields[i], fields[i+1:]) {
			continue
		}
		_, ok, fault := parseItem(label, strings.TrimRight(fields[:i], itemSeparators+";"))
		if !ok || fault != "" {
			return cmp.Or(end, i)
		}
		end = i
	}
	return end
}

// startsItem reports whether what follows a character can be an item that it separates.
func startsItem(separator byte, after string) bool {
	switch {
	case separator == ';':
		return strings.Contains(after, "=")
	case strings.IndexByte(itemSeparators, separator) < 0 || after == "":
		return false
	}
	return countDigits(after, 0) == 0 || strings.Contains(after, "=") // "1,5" is a number
}

// skipToNumber returns what follows a label's "=" without blanks before a number.
func skipToNumber(s string) string {
	trimmed := strings.TrimLeft(s, blanks)
	if trimmed == s {
		return s
	}
	word, _ := cutWord(trimmed[:min(len(trimmed), maxFieldsBytes)])
	value, _, _ := strings.Cut(strings.TrimRight(word, itemSeparators), ";")
	if value == "U" || isQuantity(value) {
		return trimmed
	}
	return s
}

// cutLabel splits s behind the "=" of its label. After a fault, rest is the text in which the next
// item follows the first blank.
func cutLabel(s string) (label, rest, fault string) {
	if s[0] == '\'' {
		if label, rest, ok := cutQuotedLabel(s); ok {
			return label, rest, ""
		}
		_, rest, _ = strings.Cut(s, "=")
		return "", rest, fmt.Sprintf("the label %.64q has no closing quotation mark before \"=\"", s)
	}
	label, rest, found := strings.Cut(s, "=")
	label = strings.TrimRight(label, blanks)
	if !found {
		return "", "", fmt.Sprintf("%.64q is not label=value", s)
	}
	// A label in quotation marks begins behind what is no item.
	if i := strings.Index(label, " '"); i >= 0 && strings.HasSuffix(label[i+2:], "'") {
		return "", s[i:], fmt.Sprintf("%.64q is not label=value", label[:i])
	}
	return label, rest, ""
}

// cutQuotedLabel splits s behind the "=" of the label in quotation marks that it begins with. A
// quotation mark within the label is doubled, but check_disk prints mount points unchanged.
func cutQuotedLabel(s string) (label, rest string, ok bool) {
	for end := 1; end < min(len(s), maxLabelBytes); end++ {
		if s[end] != '\'' {
			continue
		}
		after := strings.TrimLeft(s[end+1:min(len(s), maxLabelBytes)], blanks)
		if !strings.HasPrefix(after, "=") {
			if after != "" && s[end+1] == '\'' {
				end++
			}
			continue
		}
		label = s[1:end]
		// Where the mark that closes it is missing, that of a later label was found.
		if strings.Contains(label, "=") && strings.Contains(label, " '") {
			return "", "", false
		}
		_, rest, _ = strings.Cut(s[end+1:], "=")
		return strings.ReplaceAll(label, "''", "'"), rest, true
	}
	return "", "", false
}

// parseItem parses what follows a label's "="; see cutItem.
func parseItem(label, s string) (item perfMetric, ok bool, fault string) {
	if label == "" {
		return perfMetric{}, false, fmt.Sprintf("%.64q has no label", "="+s)
	}
	const fields = 5 // value, warn, crit, min, max
	value, rest, _ := strings.Cut(s, ";")
	item = perfMetric{label: label, unknown: value == "U"}
	if !item.unknown {
		if item.quantity, ok = parseQuantity(value); !ok {
			return perfMetric{}, false, fmt.Sprintf("%.64q of %.64q is not a number with a unit", value, label)
		}
	}
	for n := 1; rest != ""; n++ {
		var field string
		field, rest, _ = strings.Cut(rest, ";")
		switch n {
		case 1:
			item.warn = field
		case 2:
			item.crit = field
		}
		switch {
		case field == "":
		case n >= fields:
			fault = fmt.Sprintf("%.64q has more than value, warn, crit, min and max", label)
		case n <= 2 && !isRange(field):
			fault = fmt.Sprintf("threshold %.64q of %.64q is not a range", field, label)
		case n > 2 && !isQuantity(field):
			fault = fmt.Sprintf("limit %.64q of %.64q is not a number", field, label)
		}
	}
	return item, true, fault
}

// isRange reports whether s is a threshold: "[@][start:][end]", where a start of "~" is minus
// infinity.
func isRange(s string) bool {
	s = strings.TrimPrefix(s, "@")
	start, end, both := strings.Cut(s, ":")
	if !both {
		return isQuantity(s)
	}
	from, known := parseQuantity(start)
	if start != "~" && start != "" && !known {
		return false
	}
	if end == "" {
		return start != ""
	}
	to, ok := parseQuantity(end)
	return ok && (!known || from.number <= to.number)
}

// isQuantity reports whether s is a number, with a unit or without.
func isQuantity(s string) bool {
	_, ok := parseQuantity(s)
	return ok
}
