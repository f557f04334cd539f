package trial

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	lua "github.com/yuin/gopher-lua"
)

// maxValueDepth bounds nested tables of a test.
const maxValueDepth = 32

// goValue returns a value of Lua as JSON has it: a table with the keys 1 to n is a list, any other
// an object.
func goValue(v lua.LValue, depth int) (any, error) {
	switch v := v.(type) {
	case *lua.LNilType:
		return nil, nil
	case lua.LBool:
		return bool(v), nil
	case lua.LString:
		return string(v), nil
	case lua.LNumber:
		return float64(v), nil
	case *lua.LTable:
		if depth == 0 {
			return nil, fmt.Errorf("tables are nested more than %d deep", maxValueDepth)
		}
		return goTable(v, depth-1)
	}
	return nil, fmt.Errorf("a %s is not a value of a test", v.Type())
}

func goTable(t *lua.LTable, depth int) (any, error) {
	list, object := make([]any, 0, t.Len()), map[string]any{}
	var failed error
	t.ForEach(func(k, v lua.LValue) {
		value, err := goValue(v, depth)
		if err != nil {
			failed = err
			return
		}
		object[lua.LVAsString(k)] = value
	})
	for i := 1; i <= t.Len(); i++ {
		list = append(list, object[strconv.Itoa(i)])
	}
	if len(list) == len(object) && len(list) > 0 {
		return list, failed
	}
	return object, failed
}

// sameValue compares what a test wants with what a script saved: both as JSON has them, an empty
// list and an empty object alike.
func sameValue(a, b any) bool {
	if number, ok := a.(float64); ok {
		other, ok := b.(float64)
		return ok && sameNumber(number, other)
	}
	left, right := items(a), items(b)
	if left == nil || right == nil {
		return left == nil && right == nil && a == b
	}
	if len(left) != len(right) {
		return false
	}
	for key, item := range left {
		other, ok := right[key]
		if !ok || !sameValue(item, other) {
			return false
		}
	}
	return true
}

// items returns a list or object by keys; nil for anything else.
func items(v any) map[string]any {
	switch v := v.(type) {
	case map[string]any:
		return v
	case []any:
		m := map[string]any{}
		for i, item := range v {
			m[strconv.Itoa(i+1)] = item
		}
		return m
	}
	return nil
}

// sameNumber allows for what decimal notation loses.
func sameNumber(a, b float64) bool {
	return a == b || math.Abs(a-b) <= 1e-9*max(math.Abs(a), math.Abs(b))
}

func valueText(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(text)
}
