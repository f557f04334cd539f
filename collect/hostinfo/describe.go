package hostinfo

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
)

// A Key is one key of an answer.
type Key struct {
	// Name as JSON has it; of an object in an object, with a point: "options.permit_root_login". "*" is any
	// name that the system itself gives.
	Name string `json:"name"`
	// Kind is "text", "number", "truth", "list" or "object".
	Kind string `json:"kind"`
	// Doc says what it is, with its unit.
	Doc string `json:"doc"`
}

// Describe gives the keys of a type's answers, in their order.
func Describe(t Type) []Key { return keys("", reflect.TypeOf(t.Shape), nil) }

// selfDescribed is a map, whose keys no tag can document. Its method works on the zero value.
type selfDescribed interface{ describe() []Key }

// keys lists those of t. A type that holds itself (a tree) is listed once; within are those being listed.
func keys(prefix string, t reflect.Type, within []reflect.Type) []Key {
	for t != nil && (t.Kind() == reflect.Slice || t.Kind() == reflect.Pointer) {
		t = t.Elem()
	}
	if t == nil || slices.Contains(within, t) {
		return nil
	}
	if d, ok := reflect.Zero(t).Interface().(selfDescribed); ok {
		all := d.describe()
		for i := range all {
			all[i].Name = prefix + all[i].Name
		}
		return all
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	within = append(slices.Clip(within), t)
	var all []Key
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" {
			all = append(all, keys(prefix, f.Type, within)...)
			continue
		}
		if !f.IsExported() || name == "-" {
			continue
		}
		all = append(all, Key{prefix + name, kind(f.Type), f.Tag.Get("doc")})
		all = append(all, keys(prefix+name+".", f.Type, within)...)
	}
	return all
}

func kind(t reflect.Type) string {
	if t == reflect.TypeFor[json.Number]() {
		return "number"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return kind(t.Elem())
	case reflect.Slice, reflect.Array:
		return "list"
	case reflect.Struct, reflect.Map:
		return "object"
	case reflect.Bool:
		return "truth"
	case reflect.String, reflect.Interface:
		return "text"
	}
	return "number"
}
