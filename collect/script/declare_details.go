package script

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	lua "github.com/yuin/gopher-lua"

	"virgo/schedule"
	"virgo/schedule/detail"
	"virgo/schedule/scriptbundle"
)

// kindNumber is the kind of a detail that is a number with decimals.
const kindNumber detail.Kind = "number"

// kinds are the kinds of details in a script. The kind text has no name in a schedule.
var kinds = map[string]detail.Kind{
	"text": detail.Text, "integer": detail.Integer, "number": kindNumber, "milliseconds": detail.Milliseconds,
	"seconds": detail.Seconds, "boolean": detail.Boolean, "choice": detail.Choice, "regexp": detail.Regexp,
	"path": detail.Path, "absolute-path": detail.AbsolutePath, "url": detail.URL, "page-url": detail.PageURL,
	"host": detail.Host, "host-port": detail.HostPort, "port": detail.Port, "list": detail.List,
	"object": detail.Object,
}

// DetailKinds returns the names of the kinds that a detail of a script may have, sorted.
func DetailKinds() []string { return slices.Sorted(maps.Keys(kinds)) }

func describeDetails(v lua.LValue) ([]schedule.Detail, error) {
	t, ok := v.(*lua.LTable)
	if !ok {
		if v == lua.LNil {
			return nil, nil
		}
		return nil, fmt.Errorf("details is a %s, not a table", v.Type())
	}
	var details []schedule.Detail
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		name, isText := k.(lua.LString)
		spec, isTable := v.(*lua.LTable)
		if !isText || !isTable {
			return nil, fmt.Errorf("details is not a table of tables by name")
		}
		d, err := describeDetail(string(name), spec)
		if err != nil {
			return nil, fmt.Errorf("detail %.64q: %w", string(name), err)
		}
		details = append(details, d)
		if len(details) > scriptbundle.MaxDetails {
			return nil, fmt.Errorf("more than %d details", scriptbundle.MaxDetails)
		}
	}
	slices.SortFunc(details, func(a, b schedule.Detail) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return details, nil
}

func describeDetail(name string, t *lua.LTable) (schedule.Detail, error) {
	d := schedule.Detail{Name: name}
	keys := []string{"kind", "required", "default", "doc", "min", "max", "choices", "role"}
	if err := onlyKeys(t, "it", keys); err != nil {
		return d, err
	}
	kind, err := textField(t, "kind")
	if err != nil {
		return d, err
	}
	if kind == "" {
		kind = "text"
	}
	var known bool
	if d.Kind, known = kinds[kind]; !known {
		return d, fmt.Errorf("unknown kind %.40q; want one of %q", kind, DetailKinds())
	}
	if d.Summary, err = textField(t, "doc"); err != nil {
		return d, err
	}
	switch v := t.RawGetString("required").(type) {
	case lua.LBool:
		d.Required = bool(v)
	case *lua.LNilType:
	default:
		return d, fmt.Errorf("required is a %s, not true or false", v.Type())
	}
	if d.Choices, err = textList("choices", t.RawGetString("choices")); err != nil {
		return d, err
	}
	if d.Min, err = bound(t, "min"); err != nil {
		return d, err
	}
	if d.Max, err = bound(t, "max"); err != nil {
		return d, err
	}
	if d.Default, err = defaultText(d.Kind, t.RawGetString("default")); err != nil {
		return d, err
	}
	role, err := textField(t, "role")
	if err != nil {
		return d, err
	}
	d.Role = schedule.Role(role)
	if role == "" {
		d.Role = scriptbundle.Roles(d.Kind)[0]
	}
	return d, nil
}

func bound(t *lua.LTable, key string) (int64, error) {
	switch v := t.RawGetString(key).(type) {
	case lua.LNumber:
		if lua.LNumber(int64(v)) == v {
			return int64(v), nil
		}
	case *lua.LNilType:
		return 0, nil
	}
	return 0, fmt.Errorf("%s is not a whole number", key)
}

// defaultText returns the default of a detail as text, as a schedule would have it.
func defaultText(kind detail.Kind, v lua.LValue) (string, error) {
	switch v := v.(type) {
	case *lua.LNilType:
		return "", nil
	case lua.LString:
		return string(v), nil
	case lua.LBool:
		return strconv.FormatBool(bool(v)), nil
	case lua.LNumber:
		return strconv.FormatFloat(float64(v), 'f', -1, 64), nil
	case *lua.LTable:
		if kind == detail.List || kind == detail.Object {
			return encode(v)
		}
	}
	return "", fmt.Errorf("its default is a %s", v.Type())
}
