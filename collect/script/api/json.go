package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"virgo/collect/script"
)

func jsonModule(null *lua.LUserData) script.Module {
	return script.Module{
		Name: "json", Pure: true,
		Doc: "JSON. Objects and arrays become tables, null becomes json.null.",
		Functions: []script.Function{
			{Name: "decode", Signature: "json.decode(text) -> value", MinArgs: 1, MaxArgs: 1,
				Doc: "Decodes one value. Numbers above 2^53 lose their last digits. A text that is " +
					"not JSON, has more than 100,000 values, of which an object counts as five, or " +
					"is nested more than 64 deep gives nil and why.",
				Call: func(c *script.Call, l *lua.LState) int {
					v, err := decodeJSON(l, textAt(c, l, 1), null)
					if err != nil {
						return c.Fail(l, err)
					}
					l.Push(v)
					return 1
				}},
			{Name: "encode", Signature: "json.encode(value) -> text", MinArgs: 1, MaxArgs: 1,
				Doc: "Encodes a value. A table with the keys 1 to n is an array, any other an " +
					"object, also the empty one; the keys of an object are sorted.",
				Call: func(c *script.Call, l *lua.LState) int {
					e := jsonEncoder{null: null, max: c.Limits.StringBytes}
					if err := e.value(l.CheckAny(1), 0); err != nil {
						return c.Raise(l, "json.encode: %v", err)
					}
					return c.Push(l, e.out.String())
				}},
			{Name: "at", Signature: "json.at(value, pointer) -> value", MinArgs: 2, MaxArgs: 2,
				Doc: `The value at a pointer (RFC 6901) as "/disks/0/name"; nil where nothing is. ` +
					"Arrays count from 0 there.",
				Call: func(_ *script.Call, l *lua.LState) int {
					l.Push(valueAt(l, l.CheckAny(1), l.CheckString(2)))
					return 1
				}},
		},
		Constants: []script.Constant{{Name: "null", Doc: "What null is decoded to, and encoded from.", Value: null}},
	}
}

// newNull returns the value that stands for null. It is shared by all checks: nothing of it can be
// changed, and no script gets hold of its metatable.
func newNull() *lua.LUserData {
	null := &lua.LUserData{}
	meta := &lua.LTable{Metatable: lua.LNil}
	meta.RawSetString("__tostring", &lua.LFunction{IsG: true, GFunction: func(l *lua.LState) int {
		l.Push(lua.LString("null"))
		return 1
	}})
	meta.RawSetString("__index", &lua.LTable{Metatable: lua.LNil}) // a member of null is nil
	meta.RawSetString("__metatable", lua.LFalse)
	null.Metatable = meta
	return null
}

var (
	errTooDeep    = fmt.Errorf("is nested more than %d deep", maxDepth)
	errManyValues = fmt.Errorf("has more than %d values", maxValues)
)

// decodeJSON makes a value of Lua of one document.
func decodeJSON(l *lua.LState, text string, null lua.LValue) (lua.LValue, error) {
	d := jsonDecoder{l: l, null: null, in: json.NewDecoder(strings.NewReader(text))}
	d.in.UseNumber()
	v, err := d.next(0)
	if err != nil {
		return nil, d.describe(err)
	}
	if _, err := d.in.Token(); err != io.EOF {
		return nil, fmt.Errorf("JSON: more follows the value, after %d bytes", d.in.InputOffset())
	}
	return v, nil
}

type jsonDecoder struct {
	l      *lua.LState
	null   lua.LValue
	in     *json.Decoder
	values int
}

func (d *jsonDecoder) describe(err error) error {
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("JSON: it ends too early")
	}
	return fmt.Errorf("JSON: %w, after %d bytes", err, d.in.InputOffset())
}

func (d *jsonDecoder) next(depth int) (lua.LValue, error) {
	token, err := d.in.Token()
	if err != nil {
		return nil, err
	}
	return d.value(token, depth)
}

func (d *jsonDecoder) value(token json.Token, depth int) (lua.LValue, error) {
	if d.values++; d.values > maxValues {
		return nil, errManyValues
	}
	switch v := token.(type) {
	case json.Delim:
		if depth++; depth > maxDepth {
			return nil, errTooDeep
		}
		if v == '{' {
			return d.object(depth)
		}
		return d.array(depth)
	case json.Number:
		f, err := v.Float64()
		if err != nil {
			return nil, errors.New("a number is too large")
		}
		return lua.LNumber(f), nil
	case string:
		return lua.LString(v), nil
	case bool:
		return lua.LBool(v), nil
	}
	return d.null, nil
}

func (d *jsonDecoder) array(depth int) (lua.LValue, error) {
	var list []lua.LValue
	for d.in.More() {
		v, err := d.next(depth)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	if _, err := d.in.Token(); err != nil {
		return nil, err
	}
	return tableOf(d.l, list), nil
}

// tableOf makes a table of exactly the size of a list: one that grows takes half a kilobyte from
// the start.
func tableOf(l *lua.LState, list []lua.LValue) *lua.LTable {
	t := l.CreateTable(len(list), 0)
	for _, v := range list {
		t.Append(v)
	}
	return t
}

func (d *jsonDecoder) object(depth int) (lua.LValue, error) {
	d.values += byName
	var (
		names  []string
		values []lua.LValue
	)
	for d.in.More() {
		token, err := d.in.Token()
		if err != nil {
			return nil, err
		}
		name, ok := token.(string)
		if !ok {
			return nil, errors.New("the name of a member is no text")
		}
		v, err := d.next(depth)
		if err != nil {
			return nil, err
		}
		names, values = append(names, name), append(values, v)
	}
	if _, err := d.in.Token(); err != nil {
		return nil, err
	}
	t := d.l.CreateTable(0, len(names))
	for i, name := range names {
		t.RawSetString(name, values[i])
	}
	return t, nil
}

type jsonEncoder struct {
	null *lua.LUserData
	out  bytes.Buffer
	max  int
}

func (e *jsonEncoder) value(v lua.LValue, depth int) error {
	switch v := v.(type) {
	case *lua.LNilType:
		e.out.WriteString("null")
	case lua.LBool:
		e.out.WriteString(strconv.FormatBool(bool(v)))
	case lua.LNumber:
		if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
			return errors.New("a number is not finite")
		}
		text, err := json.Marshal(float64(v))
		if err != nil {
			return err
		}
		e.out.Write(text)
	case lua.LString:
		return e.text(string(v))
	case *lua.LTable:
		if depth++; depth > maxDepth {
			return errTooDeep
		}
		if n := v.Len(); n > 0 && members(v) == n {
			return e.array(v, n, depth)
		}
		return e.object(v, depth)
	default:
		if v != lua.LValue(e.null) {
			return fmt.Errorf("a %s cannot be encoded", v.Type())
		}
		e.out.WriteString("null")
	}
	return e.bound()
}

func (e *jsonEncoder) bound() error {
	if e.out.Len() > e.max {
		return fmt.Errorf("more than %d bytes", e.max)
	}
	return nil
}

func (e *jsonEncoder) text(s string) error {
	if len(s) > e.max {
		return fmt.Errorf("more than %d bytes", e.max)
	}
	enc := json.NewEncoder(&e.out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return err
	}
	e.out.Truncate(e.out.Len() - 1) // the encoder's line feed
	return e.bound()
}

func members(t *lua.LTable) int {
	n := 0
	t.ForEach(func(lua.LValue, lua.LValue) { n++ })
	return n
}

func (e *jsonEncoder) array(t *lua.LTable, n, depth int) error {
	e.out.WriteByte('[')
	for i := 1; i <= n; i++ {
		if i > 1 {
			e.out.WriteByte(',')
		}
		if err := e.value(t.RawGetInt(i), depth); err != nil {
			return err
		}
	}
	e.out.WriteByte(']')
	return e.bound()
}

func (e *jsonEncoder) object(t *lua.LTable, depth int) error {
	var (
		names []string
		err   error
	)
	t.ForEach(func(key, _ lua.LValue) {
		if key.Type() != lua.LTString {
			err = fmt.Errorf("the key %s of an object is a %s", shown(key), key.Type())
		}
		names = append(names, key.String())
	})
	if err != nil {
		return err
	}
	slices.Sort(names)
	e.out.WriteByte('{')
	for i, name := range names {
		if i > 0 {
			e.out.WriteByte(',')
		}
		if err := e.text(name); err != nil {
			return err
		}
		e.out.WriteByte(':')
		if err := e.value(t.RawGetString(name), depth); err != nil {
			return err
		}
	}
	e.out.WriteByte('}')
	return e.bound()
}

// valueAt follows a pointer of RFC 6901.
func valueAt(l *lua.LState, v lua.LValue, pointer string) lua.LValue {
	if pointer == "" {
		return v
	}
	if pointer[0] != '/' {
		l.ArgError(2, "a pointer begins with /")
	}
	unescape := strings.NewReplacer("~1", "/", "~0", "~")
	for part := range strings.SplitSeq(pointer[1:], "/") {
		t, ok := v.(*lua.LTable)
		if !ok {
			return lua.LNil
		}
		name := unescape.Replace(part)
		if v = t.RawGetString(name); v != lua.LNil {
			continue
		}
		if n, err := strconv.Atoi(name); err == nil && n >= 0 && n < t.Len() {
			v = t.RawGetInt(n + 1)
		}
	}
	return v
}
