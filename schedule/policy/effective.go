package policy

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/netip"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"virgo/schedule"
	"virgo/schedule/number"
)

// An Effective is a check as the rules see it: what it does, whether the endpoint said so or the type's
// defaults do.
type Effective struct {
	checkType string
	fields    []field
	// optionFile means that an option file of this host supplies what the details do not.
	optionFile bool
}

// A field is a detail, or target_alias.
type field struct {
	name string
	role schedule.Role
	// text is the value; empty where the detail is absent and has no default. Of a role that has a
	// form of its own, host and url have it.
	text string
	host hostValue
	port string // of an address, host:port
	url  urlValue
	// items are arguments; entries those of an object, in any order.
	items   []string
	entries []entry
	// given means that the value is not the default: a rule must name the detail.
	given bool
	// unknown means that the type's definition does not have it.
	unknown bool
	// odd means that it fits no line, because it can be read in more than one way.
	odd bool
	// tooLarge means that it is a regular expression that costs too much.
	tooLarge bool
}

type entry struct{ name, value string }

// secretPrefix begins a detail that names a secret of the owner.
const secretPrefix = "secret:"

// aliasField is the name under which rules see target_alias.
const aliasField = "target_alias"

// NewEffective returns the effective check of c, whose type has the definition d.
func NewEffective(c *schedule.Check, d schedule.Definition) *Effective {
	e := &Effective{checkType: c.Type, fields: make([]field, 0, len(d.Details)+1)}
	for _, detail := range d.Details {
		if detail.Role == schedule.Credentials && !isAbsent(c.Details[detail.Name]) {
			e.optionFile = true
		}
	}
	for _, detail := range d.Details {
		value := c.Details[detail.Name]
		if detail.Name == "target" && detail.Role == schedule.Host && isAbsent(value) && c.TargetAlias != "" &&
			(detail.From == "" || isAddress(c.TargetAlias)) {
			value = c.TargetAlias // as package remote reads it
		}
		e.fields = append(e.fields, newField(detail, value))
	}
	for i, detail := range d.Details {
		e.setDefault(&e.fields[i], detail)
	}
	for _, name := range c.Details.Keys() {
		if e.field(name) == nil {
			f := newField(schedule.Detail{Name: name, Role: schedule.Other}, c.Details[name])
			f.unknown = true
			e.fields = append(e.fields, f)
		}
	}
	if c.TargetAlias != "" {
		// What it decides, the target says.
		e.fields = append(e.fields, field{name: aliasField, role: schedule.Free, text: c.TargetAlias})
	}
	return e
}

func isAddress(text string) bool {
	_, err := netip.ParseAddr(text)
	return err == nil
}

// isAbsent reports whether a detail counts as absent, as checks read it.
func isAbsent(v any) bool { return v == nil || v == "" }

// field returns a field by name; nil if there is none.
func (e *Effective) field(name string) *field {
	if i := slices.IndexFunc(e.fields, func(f field) bool { return f.name == name }); i >= 0 {
		return &e.fields[i]
	}
	return nil
}

// newField returns the field of a value, without its default.
func newField(d schedule.Detail, value any) field {
	f := field{name: d.Name, role: d.Role}
	if isAbsent(value) {
		return f
	}
	f.given = true
	text, scalar := schedule.Details{d.Name: value}.Text(d.Name)
	switch d.Role {
	case schedule.Arguments:
		f.items, f.odd = arguments(value)
		return f
	case schedule.Headers:
		f.entries, f.odd = entries(value)
		if len(f.entries) > 0 {
			f.text = canonical(value)
		}
		return f
	case schedule.Match, schedule.Regexp:
		f.tooLarge = slices.ContainsFunc(texts(value), isTooLarge)
	}
	if !scalar {
		f.text = canonical(value)
		f.odd = d.Role != schedule.Other && d.Role != schedule.Match
		return f
	}
	f.setText(text)
	return f
}

// setText sets the value and the form that its role has.
func (f *field) setText(text string) {
	if f.text = text; text == "" {
		return
	}
	switch f.role {
	case schedule.Host, schedule.DomainName:
		f.host = parseHost(text)
		f.text, f.odd = f.host.text, f.host.odd
	case schedule.Address:
		f.setAddress(text)
	case schedule.URL:
		f.url = parseURL(text)
	case schedule.Proxy:
		if text != "agent" {
			if !strings.Contains(text, "://") {
				text = "http://" + text
			}
			f.url = parseURL(text)
		}
	case schedule.Port:
		n, ok := number.Whole(strings.TrimSpace(text))
		f.text, f.odd = strconv.FormatInt(n, 10), !ok
	case schedule.Switch, schedule.Owner:
		b, err := schedule.Details{f.name: text}.Bool(f.name, false)
		f.text, f.odd = strconv.FormatBool(b), err != nil
	case schedule.Path, schedule.Credentials, schedule.Socket:
		f.text = cleanPath(text)
	case schedule.Program:
		f.text = path.Clean(strings.ReplaceAll(text, `\`, "/"))
	}
}

// setAddress sets a host and, if there is one, its port.
func (f *field) setAddress(text string) {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		host, port = text, ""
	}
	f.host, f.port = parseHost(host), port
	f.text, f.odd = f.host.text, f.host.odd || host == ""
	if port != "" && port != "53" {
		f.text += ":" + port
	}
}

// cleanPath returns a path as it is opened. A UNC path keeps both of its slashes, on every system.
func cleanPath(text string) string {
	if isUNC(text) {
		return `//` + strings.TrimLeft(strings.ReplaceAll(text, `\`, "/"), "/")
	}
	clean := filepath.ToSlash(filepath.Clean(text))
	if runtime.GOOS == "windows" {
		clean = strings.ToLower(clean)
	}
	return clean
}

// isUNC reports whether a path names another host, or a device, on Windows.
func isUNC(text string) bool {
	return len(text) > 1 && (text[0] == '\\' || text[0] == '/') && (text[1] == '\\' || text[1] == '/')
}

// setDefault sets the value that an absent detail stands for. What an option file of this host may
// supply is not known.
func (e *Effective) setDefault(f *field, d schedule.Detail) {
	def := field{name: d.Name, role: d.Role}
	supplied := e.optionFile && d.Role != schedule.Free && d.Role != schedule.Credentials
	if !supplied {
		def.setText(e.defaultOf(d))
	}
	if f.given {
		f.given = f.odd || len(f.items) > 0 || len(f.entries) > 0 || f.text != def.text ||
			(f.role == schedule.URL || f.role == schedule.Proxy) && f.url.odd
		return
	}
	if def.text != "" {
		*f = def
	}
}

// defaultOf returns the default of a detail, which may depend on others.
func (e *Effective) defaultOf(d schedule.Detail) string {
	from := e.field(d.From)
	if d.Role == schedule.Switch && d.Default == "" {
		d.Default = "false"
	}
	if d.From == "" || from == nil || from.text == "" {
		return d.Default
	}
	switch {
	case d.Role == schedule.Switch:
		return "true" // it is on where the other is set
	case from.role == schedule.URL && from.url.socket != "":
		return "localhost"
	case from.role == schedule.URL:
		return from.url.host.text
	}
	return from.text
}

// arguments returns the arguments as the plugin gets them.
func arguments(value any) (items []string, odd bool) {
	if text, ok := value.(string); ok {
		items, err := schedule.SplitArguments(text)
		return items, err != nil
	}
	items, err := schedule.Details{"args": value}.Strings("args")
	return items, err != nil
}

// entries returns the entries of an object, also of one that is JSON in a text.
func entries(value any) (list []entry, odd bool) {
	if text, ok := value.(string); ok {
		return textEntries(text)
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, true
	}
	for name := range object {
		text, ok := schedule.Details(object).Text(name)
		if !ok {
			return nil, true
		}
		list = append(list, entry{name, text})
	}
	return list, false
}

// textEntries decodes an object that is JSON in a text; one with a name twice is odd.
func textEntries(text string) (list []entry, odd bool) {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	if start, err := dec.Token(); err != nil || start != json.Delim('{') {
		return nil, true
	}
	seen := make(map[string]bool)
	for dec.More() {
		name, err := dec.Token()
		key, ok := name.(string)
		var value any
		if err != nil || !ok || dec.Decode(&value) != nil || seen[key] {
			return nil, true
		}
		seen[key] = true
		text, ok := schedule.Details{key: value}.Text(key)
		if !ok {
			return nil, true
		}
		list = append(list, entry{key, text})
	}
	if end, err := dec.Token(); err != nil || end != json.Delim('}') {
		return nil, true
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, true
	}
	return list, false
}

// texts returns all texts in a value, and those in an object that is JSON in a text.
func texts(value any) (all []string) {
	switch v := value.(type) {
	case string:
		all = append(all, v)
		if object, err := (schedule.Details{"": v}).Object(""); err == nil { // as the check reads it
			for _, item := range object {
				if inner, ok := item.(string); ok {
					all = append(all, inner)
				}
			}
		}
	case []any:
		for _, item := range v {
			all = append(all, texts(item)...)
		}
	case map[string]any:
		for _, item := range v {
			all = append(all, texts(item)...)
		}
	}
	return all
}

// canonical returns a list or an object as JSON, with sorted keys.
func canonical(value any) string {
	b, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	return string(b)
}

// secrets returns the names of the owner's secrets that the check refers to.
func (e *Effective) secrets() (names []string) {
	add := func(text string) {
		if name, ok := strings.CutPrefix(text, secretPrefix); ok && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, f := range e.fields {
		if f.role == schedule.Secret {
			add(f.text)
		}
		for _, entry := range f.entries {
			add(entry.value)
		}
	}
	return names
}
