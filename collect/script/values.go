package script

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"

	"virgo/schedule"
)

var (
	errTooDeep = fmt.Errorf("tables nested more than %d deep", maxValueDepth)
	errTooMany = fmt.Errorf("more than %d values", maxValues)
	errTooLong = errors.New("texts of more bytes than are allowed")
)

// fromGo returns a value of Go as one of Lua: nil, booleans, numbers, texts, lists and maps of them.
// What it costs is counted as instructions of the call. Error: too many values, tables nested too
// deep, another type.
func (c *Call) fromGo(l *lua.LState, v any) (lua.LValue, error) {
	t := toLua{l: l}
	value, err := t.value(v, 0)
	c.meter.charge(l, t.values+t.bytes/bytesAStep)
	return value, err
}

type toLua struct {
	l             *lua.LState
	values, bytes int
}

func (t *toLua) value(v any, depth int) (lua.LValue, error) {
	if t.values++; t.values > maxValues {
		return nil, errTooMany
	}
	if depth > maxValueDepth {
		return nil, errTooDeep
	}
	switch v := v.(type) {
	case nil:
		return lua.LNil, nil
	case lua.LValue:
		return v, nil
	case bool:
		return lua.LBool(v), nil
	case string:
		t.bytes += len(v)
		return lua.LString(v), nil
	case json.Number:
		f, err := v.Float64()
		if err != nil && !math.IsInf(f, 0) {
			return nil, fmt.Errorf("%.40q is no number", v.String())
		}
		return lua.LNumber(f), nil
	case int:
		return lua.LNumber(v), nil
	case int64:
		return lua.LNumber(v), nil
	case uint64:
		return lua.LNumber(v), nil
	case float64:
		return lua.LNumber(v), nil
	case []string:
		return t.list(len(v), func(i int) any { return v[i] }, depth)
	case []any:
		return t.list(len(v), func(i int) any { return v[i] }, depth)
	case map[string]string:
		return t.object(slices.Sorted(maps.Keys(v)), func(k string) any { return v[k] }, depth)
	case map[string]any:
		return t.object(slices.Sorted(maps.Keys(v)), func(k string) any { return v[k] }, depth)
	case schedule.Details:
		return t.object(slices.Sorted(maps.Keys(v)), func(k string) any { return v[k] }, depth)
	}
	return nil, fmt.Errorf("value of type %T", v)
}

func (t *toLua) list(n int, item func(int) any, depth int) (lua.LValue, error) {
	if n > maxValues {
		return nil, errTooMany
	}
	table := t.l.CreateTable(n, 0)
	for i := range n {
		v, err := t.value(item(i), depth+1)
		if err != nil {
			return nil, err
		}
		table.RawSetInt(i+1, v)
	}
	return table, nil
}

func (t *toLua) object(names []string, value func(string) any, depth int) (lua.LValue, error) {
	if len(names) > maxValues {
		return nil, errTooMany
	}
	table := t.l.CreateTable(0, len(names))
	for _, name := range names {
		v, err := t.value(value(name), depth+1)
		if err != nil {
			return nil, err
		}
		t.bytes += len(name)
		table.RawSetString(name, v)
	}
	return table, nil
}

// fromLua makes values of Go of those of Lua: nil, bool, float64, string, []any, map[string]any. A
// table with the keys from 1 to n is a list, an empty one a map. Errors: a function or another value
// that is no data, a table with other keys, too many values, tables nested too deep.
type fromLua struct {
	values, bytes int
	most          int // depth
	mostBytes     int // of all texts; 0: any
}

func (f *fromLua) value(v lua.LValue, depth int) (any, error) {
	if f.values++; f.values > maxValues {
		return nil, errTooMany
	}
	switch v := v.(type) {
	case *lua.LNilType:
		return nil, nil
	case lua.LBool:
		return bool(v), nil
	case lua.LNumber:
		return float64(v), nil
	case lua.LString:
		if f.bytes += len(v); f.mostBytes > 0 && f.bytes > f.mostBytes {
			return nil, errTooLong
		}
		return string(v), nil
	case *lua.LTable:
		if depth >= f.most {
			return nil, fmt.Errorf("tables nested more than %d deep", f.most)
		}
		return f.table(v, depth)
	}
	return nil, fmt.Errorf("a %s is no data", v.Type())
}

func (f *fromLua) table(t *lua.LTable, depth int) (any, error) {
	var list []any
	object := map[string]any{}
	for k, item := t.Next(lua.LNil); k != lua.LNil; k, item = t.Next(k) {
		v, err := f.value(item, depth+1)
		if err != nil {
			return nil, err
		}
		switch k := k.(type) {
		case lua.LNumber:
			if int(k) != len(list)+1 || float64(k) != math.Trunc(float64(k)) {
				return nil, errors.New("a table that is neither a list from 1 on nor one with names")
			}
			list = append(list, v)
		case lua.LString:
			f.bytes += len(k)
			object[string(k)] = v
		default:
			return nil, fmt.Errorf("a table with a key that is a %s", k.Type())
		}
	}
	if list == nil {
		return object, nil
	}
	if len(object) > 0 {
		return nil, errors.New("a table that is neither a list from 1 on nor one with names")
	}
	return list, nil
}

// encode returns data as JSON.
func encode(v lua.LValue) (string, error) { return (&fromLua{most: maxSavedDepth}).encode(v) }

func (f *fromLua) encode(v lua.LValue) (string, error) {
	value, err := f.value(v, 0)
	if err != nil {
		return "", err
	}
	if err := isJSON(value); err != nil {
		return "", err
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		return "", err
	}
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}

// isJSON returns an error for what JSON would change or refuse.
func isJSON(v any) error {
	switch v := v.(type) {
	case string:
		if !utf8.ValidString(v) {
			return errors.New("a text that is not UTF-8")
		}
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return errors.New("a number that is " + formatNumber(v))
		}
	case []any:
		for _, item := range v {
			if err := isJSON(item); err != nil {
				return err
			}
		}
	case map[string]any:
		for k, item := range v {
			if !utf8.ValidString(k) {
				return errors.New("a name that is not UTF-8")
			}
			if err := isJSON(item); err != nil {
				return err
			}
		}
	}
	return nil
}

// formatNumber returns a number as Lua writes it.
func formatNumber(f float64) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}
