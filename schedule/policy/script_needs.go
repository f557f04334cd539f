package policy

import (
	"fmt"
	"slices"
	"strings"

	"virgo/schedule"
	"virgo/schedule/capability"
	"virgo/schedule/detail"
)

// maxExpanded bounds the patterns of a script after the details were put in: a list makes several of one.
const maxExpanded = 1000

// A declaredPattern is one pattern that a script declares, with the details of the check in it.
type declaredPattern struct {
	kind    capability.Kind
	pattern Pattern // a glob
	// chosen are the details in it that an endpoint set.
	chosen []choice
	// suffix is what follows the first detail.
	suffix string
}

// A choice is a detail that an endpoint set.
type choice struct {
	name  string
	role  schedule.Role
	value string
	first bool // the pattern begins with it
}

// A needPart is text, or the detail that stands in a declared pattern as ${name}.
type needPart struct{ text, detail string }

// splitNeed splits a declared pattern. Error: a ${ without its end, or an empty name.
func splitNeed(pattern string) (parts []needPart, err error) {
	for pattern != "" {
		before, after, found := strings.Cut(pattern, "${")
		if before != "" {
			parts = append(parts, needPart{text: before})
		}
		if !found {
			return parts, nil
		}
		name, rest, closed := strings.Cut(after, "}")
		if !closed || name == "" {
			return nil, fmt.Errorf("%q has a ${ without a name and }", pattern)
		}
		parts = append(parts, needPart{detail: name})
		pattern = rest
	}
	return parts, nil
}

// CheckNeeds returns the first mistake in what a script declares: a pattern of no form that can be
// used, or with a detail that does not exist or of a kind that says too little. A detail that
// chooses a file, a program or a host has to stand in some pattern: otherwise what an endpoint
// chose could not be told from what the script did.
func CheckNeeds(details []schedule.Detail, needs capability.Set) error {
	if err := needs.Validate(); err != nil {
		return err
	}
	used := make(map[string]bool)
	for _, n := range needs.Needs() {
		parts, err := splitNeed(n.Pattern)
		if err != nil {
			return fmt.Errorf("%s: %w", n.Kind, err)
		}
		plain := n.Pattern
		for i, part := range parts {
			if part.detail == "" {
				continue
			}
			at := slices.IndexFunc(details, func(d schedule.Detail) bool { return d.Name == part.detail })
			if at < 0 {
				return fmt.Errorf("%s: there is no detail %q", n, part.detail)
			}
			if !fitsNeed(n.Kind, details[at], i == 0, len(parts) == 1) {
				return fmt.Errorf("%s: the detail %q cannot stand there; %s", n, part.detail, wantedKinds(n.Kind))
			}
			used[part.detail] = true
			plain = strings.ReplaceAll(plain, "${"+part.detail+"}", placeholder(details[at].Kind))
		}
		if text := wrongForm(n.Kind, Pattern{text: plain}, false); text != "" {
			return fmt.Errorf("%s %s", n, text)
		}
	}
	for _, d := range details {
		// A domain name may be one that a certificate must have.
		if choosesDestination(d.Role) && d.Role != schedule.Owner && d.Role != schedule.DomainName && !used[d.Name] {
			return fmt.Errorf("the detail %q chooses a %s, and no pattern in needs has ${%s}", d.Name, d.Role, d.Name)
		}
	}
	return nil
}

// placeholder returns a value of a kind, to look at the form of a pattern.
func placeholder(k detail.Kind) string {
	switch k {
	case detail.URL, detail.PageURL:
		return "http://example.com/x"
	case detail.Path, detail.AbsolutePath:
		return "/x"
	case detail.Port, detail.Integer, detail.Number:
		return "1"
	case detail.HostPort:
		return "x:1"
	}
	return "x"
}

func wantedKinds(kind capability.Kind) string {
	switch kind {
	case capability.Files, capability.Unix:
		return "a path at the beginning, or a choice or a number"
	case capability.HTTP:
		return "a URL at the beginning, a host, a port, a choice or a number"
	case capability.TCP, capability.UDP:
		return "a host, a port, a choice or a number, or a host with a port alone"
	case capability.DNS:
		return "a host, a choice or a number"
	}
	return "a choice or a number"
}

// fitsNeed reports whether a detail may stand in a pattern of a kind. first: the pattern begins
// with it; alone: it is all of the pattern.
func fitsNeed(kind capability.Kind, d schedule.Detail, first, alone bool) bool {
	switch d.Kind {
	case detail.Choice, detail.Integer, detail.Number, detail.Boolean:
		return true
	case detail.Path, detail.AbsolutePath:
		return kind == capability.Files && first || kind == capability.Unix && alone
	case detail.URL, detail.PageURL:
		return kind == capability.HTTP && first
	case detail.Host:
		return kind == capability.HTTP || kind == capability.TCP || kind == capability.UDP || kind == capability.DNS
	case detail.HostPort:
		return alone && (kind == capability.TCP || kind == capability.UDP)
	case detail.Port:
		return kind == capability.HTTP || kind == capability.TCP || kind == capability.UDP
	case detail.Text, detail.List:
		return d.Role == schedule.Program && kind == capability.Programs && alone ||
			d.Role == schedule.DomainName && kind == capability.DNS ||
			d.Role == schedule.Path && kind == capability.Files && first
	}
	return false
}

// textOf returns the value of a detail, or its default.
func textOf(all schedule.Details, d schedule.Detail) string {
	if v := all[d.Name]; !isAbsent(v) {
		text, _ := all.Text(d.Name)
		return text
	}
	return d.Default
}

// expandNeeds returns the patterns of a script with the details in them. A pattern with a detail that
// is absent, or with a value of an endpoint's that could change the form of the pattern, is none.
func expandNeeds(c ScriptCheck) (all []declaredPattern) {
	for _, n := range c.Needs.Needs() {
		parts, err := splitNeed(n.Pattern)
		if err != nil {
			continue
		}
		made := []declaredPattern{{kind: n.Kind}}
		for i, part := range parts {
			var next []declaredPattern
			for _, d := range made {
				next = append(next, d.with(c, part, i == 0)...)
			}
			if made = next; len(made) > maxExpanded {
				made = nil
			}
		}
		if len(all)+len(made) > maxExpanded {
			return all
		}
		all = append(all, made...)
	}
	return all
}

// with returns the pattern with one more part.
func (d declaredPattern) with(c ScriptCheck, part needPart, first bool) []declaredPattern {
	if part.detail == "" {
		text := part.text
		if !first && strings.HasSuffix(d.pattern.text, "/") {
			text = strings.TrimPrefix(text, "/")
		}
		d.pattern.text += text
		if len(d.chosen) > 0 {
			d.suffix += part.text
		}
		return []declaredPattern{d}
	}
	at := slices.IndexFunc(c.Definition.Details, func(s schedule.Detail) bool { return s.Name == part.detail })
	if at < 0 {
		return nil
	}
	spec := c.Definition.Details[at]
	values, err := c.Details.Strings(part.detail)
	if err != nil {
		return nil
	}
	if len(values) == 0 || len(values) == 1 && values[0] == "" {
		values = []string{spec.Default}
	}
	given := c.Endpoint.given(part.detail)
	if given && spec.Validate(c.Details) != nil {
		return nil
	}
	var all []declaredPattern
	for _, value := range values {
		value = formInNeed(d.kind, spec.Role, value)
		if value == "" || given && !keepsForm(d.kind, spec.Role, value, first) {
			continue
		}
		other := d
		other.pattern.text += value
		if len(d.chosen) > 0 {
			other.suffix += value
		}
		if given {
			other.chosen = append(slices.Clone(d.chosen), choice{part.detail, spec.Role, value, first})
		}
		all = append(all, other)
	}
	return all
}

// formInNeed returns a value as it stands in a pattern.
func formInNeed(kind capability.Kind, role schedule.Role, value string) string {
	if value == "" {
		return ""
	}
	switch role {
	case schedule.Path, schedule.Socket:
		return cleanPath(value)
	case schedule.Host:
		h := parseHost(value)
		if h.addr.Is6() && kind != capability.DNS {
			return "[" + h.text + "]"
		}
		return h.text
	}
	return value
}

// keepsForm reports whether a value that an endpoint chose means in a pattern what it means as a detail.
func keepsForm(kind capability.Kind, role schedule.Role, value string, first bool) bool {
	switch role {
	case schedule.Path, schedule.Socket:
		return first && (kind == capability.Files || kind == capability.Unix && strings.IndexByte(value, '*') < 0)
	case schedule.URL:
		return first && kind == capability.HTTP && strings.IndexByte(value, '*') < 0 && !parseURL(value).odd
	case schedule.Host, schedule.DomainName:
		return strings.IndexByte(value, '*') < 0 && !parseHost(value).odd
	case schedule.Address:
		f := field{role: schedule.Address}
		f.setAddress(value)
		return first && !f.odd && strings.IndexByte(value, '*') < 0
	case schedule.Program:
		return first && kind == capability.Programs && isPlainValue(value)
	}
	return isPlainValue(value)
}

// isPlainValue reports whether a value is one segment of a path and one label of a name,
// whatever follows it.
func isPlainValue(value string) bool {
	return strings.Trim(value, letters+digits+"_-.") == "" && strings.Trim(value, ".") != ""
}

// choosesHost reports whether an endpoint chose the host in the pattern.
func (d *declaredPattern) choosesHost() bool {
	return slices.ContainsFunc(d.chosen, func(c choice) bool {
		switch c.role {
		case schedule.Host, schedule.Address, schedule.URL:
			return true
		}
		return false
	})
}

// allowedBy decides on what details of an endpoint chose.
func (d *declaredPattern) allowedBy(endpoint *Guard, u *scriptUse) error {
	for _, c := range d.chosen {
		var err error
		switch {
		case c.role == schedule.Path && u.kind == capability.Files:
			err = d.allowsChosenPath(endpoint, c, u)
		case c.role == schedule.Path || c.role == schedule.Socket:
			err = endpoint.chosen(c.name, c.role, u.paths[0])
		case choosesDestination(c.role):
			err = endpoint.chosen(c.name, c.role, c.value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// allowsChosenPath decides on a file below a path that an endpoint chose: the rule must allow where
// the links of the chosen path lead, or the file itself.
func (d *declaredPattern) allowsChosenPath(endpoint *Guard, c choice, u *scriptUse) error {
	file := u.paths[0]
	if strings.IndexByte(c.value, '*') >= 0 || d.suffix == "" {
		return endpoint.chosen(c.name, c.role, file)
	}
	root, err := resolve(c.value, 0)
	if err != nil {
		return err
	}
	root = cleanPath(root)
	below := scriptUse{kind: u.kind, text: u.text, paths: u.paths}
	if !below.matchesGlob(strings.TrimSuffix(root, "/") + d.suffix) {
		return endpoint.chosen(c.name, c.role, file)
	}
	return endpoint.chosen(c.name, c.role, file, root)
}
