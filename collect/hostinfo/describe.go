package hostinfo

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"virgo/collect/hostinfo/source"
)

// Describe returns the keys of a type's answers, in their order, from the tags of its Shape.
func Describe(t Type) []Key { return keys("", reflect.TypeOf(t.Shape), nil) }

// keys lists the keys of t. A type that contains itself (a tree) is listed once; within are those
// being listed.
func keys(prefix string, t reflect.Type, within []reflect.Type) []Key {
	for t != nil && (t.Kind() == reflect.Slice || t.Kind() == reflect.Pointer) {
		t = t.Elem()
	}
	if t == nil || slices.Contains(within, t) {
		return nil
	}
	if d, ok := reflect.Zero(t).Interface().(source.KeyDescriber); ok {
		all := d.DescribeKeys()
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
		all = append(all, Key{Name: prefix + name, Kind: kind(f.Type), Doc: f.Tag.Get("doc")})
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
