package hostinfo

import (
	"reflect"
	"strings"
)

// A Key is one key of an answer.
type Key struct {
	// Name as JSON has it; of an object in an object, with a point: "options.permit_root_login".
	Name string `json:"name"`
	// Kind is "text", "number", "truth", "list" or "object".
	Kind string `json:"kind"`
	// Doc says what it is, with its unit.
	Doc string `json:"doc"`
}

// Describe gives the keys of a type's answers, in their order.
func Describe(t Type) []Key { return keys("", reflect.TypeOf(t.Shape)) }

func keys(prefix string, t reflect.Type) []Key {
	for t != nil && (t.Kind() == reflect.Slice || t.Kind() == reflect.Pointer) {
		t = t.Elem()
	}
	if t == nil || t.Kind() != reflect.Struct {
		return nil
	}
	var all []Key
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" {
			all = append(all, keys(prefix, f.Type)...)
			continue
		}
		if !f.IsExported() || name == "-" {
			continue
		}
		all = append(all, Key{prefix + name, kind(f.Type), f.Tag.Get("doc")})
		all = append(all, keys(prefix+name+".", f.Type)...)
	}
	return all
}

func kind(t reflect.Type) string {
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
