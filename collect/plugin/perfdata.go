package plugin

import (
	"fmt"
	"strings"

	"virgo/collect"
)

// A perfItem is one 'label'=value[UOM];[warn];[crit];[min];[max] of performance data (the Monitoring Plugins
// Development Guidelines; Checkmk's metrics are like them).
type perfItem struct {
	label      string
	quantity   quantity
	unknown    bool // the value is U
	warn, crit string
}

func (p perfItem) metric(dimension string) collect.Metric {
	return collect.Metric{
		Dimension: dimension, Name: p.label, Type: figureType(p.quantity.counter), Value: p.quantity.value, Unit: p.quantity.unit,
	}
}

// nextItem takes the first item of performance data, which begins with no blank, and says what comes after
// it. Not ok where it has no value; a fault beside ok is one of its thresholds.
func nextItem(s string) (item perfItem, rest string, ok bool, fault string) {
	label, behind, fault := nextLabel(s)
	figures, rest := behind, ""
	if i := strings.IndexAny(behind, blanks); i >= 0 {
		figures, rest = behind[:i], strings.Trim(behind[i:], blanks)
	}
	if fault != "" {
		return perfItem{}, rest, false, fault
	}
	item, ok, fault = itemOf(label, strings.TrimSuffix(figures, ","))
	return item, rest, ok, fault
}

// nextLabel takes a label with its "=". After a fault behind is where the next blank is to be looked for.
func nextLabel(s string) (label, behind, fault string) {
	if s[0] == '\'' {
		// A quotation mark within is doubled, but check_disk prints names of mount points as they are.
		end := 1
		for end < len(s) && !strings.HasPrefix(s[end:], "'=") {
			if strings.HasPrefix(s[end:], "''") {
				end++
			}
			end++
		}
		if end >= len(s) {
			return "", "", fmt.Sprintf("the label %.64q is not closed by a quotation mark and \"=\"", s)
		}
		return strings.ReplaceAll(s[1:end], "''", "'"), s[end+len("'="):], ""
	}
	i := strings.IndexAny(s, "="+blanks)
	if i < 0 || s[i] != '=' {
		word, _ := firstWord(s)
		return "", s, fmt.Sprintf("%.64q is no label=value", word)
	}
	return s[:i], s[i+1:], ""
}

// itemOf reads what stands behind a label's "=". A fault beside ok is one of the thresholds.
func itemOf(label, figures string) (item perfItem, ok bool, fault string) {
	if label == "" {
		return perfItem{}, false, fmt.Sprintf("%.64q has no label", "="+figures)
	}
	const fields = 5 // value, warn, crit, min, max
	value, rest, _ := strings.Cut(figures, ";")
	item = perfItem{label: label, unknown: value == "U"}
	if !item.unknown {
		if item.quantity, ok = quantityOf(value); !ok {
			return perfItem{}, false, fmt.Sprintf("%.64q of %.64q is no number with a unit", value, label)
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
			fault = fmt.Sprintf("threshold %.64q of %.64q is no range", field, label)
		case n > 2 && !isQuantity(field):
			fault = fmt.Sprintf("limit %.64q of %.64q is no number", field, label)
		}
	}
	return item, true, fault
}

// isRange reports whether s is a threshold: "[@][start:][end]", start may be "~", minus infinity.
func isRange(s string) bool {
	s = strings.TrimPrefix(s, "@")
	start, end, both := strings.Cut(s, ":")
	if !both {
		return isQuantity(s)
	}
	from, known := quantityOf(start)
	if start != "~" && start != "" && !known {
		return false
	}
	if end == "" {
		return start != ""
	}
	to, ok := quantityOf(end)
	return ok && (!known || from.number <= to.number)
}

func isQuantity(s string) bool {
	_, ok := quantityOf(s)
	return ok
}
