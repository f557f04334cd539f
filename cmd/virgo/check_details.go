package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"virgo/cmd/internal/agent"
	"virgo/collect"
	"virgo/schedule"
	"virgo/schedule/detail"
	"virgo/schedule/shorttext"
)

// parseDetails parses arguments of the form key=value. A list or an object is JSON, and a list may
// be its key, repeated. Details that the type does not have are errors.
func parseDetails(words []string, typ collect.Type) (schedule.Details, error) {
	details := make(schedule.Details)
	for _, w := range words {
		key, value, ok := strings.Cut(w, "=")
		if !ok || key == "" {
			return nil, agent.UsageError("%q does not have the form key=value", w)
		}
		spec, ok := detailNamed(typ, key)
		if !ok {
			err := fmt.Errorf("%s has no detail %q", typ.Name, key)
			return nil, agent.WithCode(agent.ExitUsage, agent.WithHint(err, detailHint(typ, key)))
		}
		parsed, err := parseDetail(spec, value)
		if err != nil {
			return nil, err
		}
		earlier, given := details[key]
		switch {
		case !given:
			details[key] = parsed
		case spec.Kind == detail.List:
			details[key] = append(asList(earlier), asList(parsed)...)
		default:
			return nil, agent.UsageError("detail %q is given twice", key)
		}
	}
	return details, nil
}

// parseDetail parses the value of a detail: JSON where the detail may be a list or an object and the
// value begins as one does, else text.
func parseDetail(spec collect.Detail, value string) (any, error) {
	opening := map[detail.Kind]string{detail.List: "[", detail.Object: "{"}[spec.Kind]
	if opening == "" || !strings.HasPrefix(strings.TrimSpace(value), opening) {
		return value, nil
	}
	d := json.NewDecoder(strings.NewReader(value))
	d.UseNumber()
	var parsed any
	err := d.Decode(&parsed)
	if err == nil {
		if _, err = d.Token(); errors.Is(err, io.EOF) {
			return parsed, nil
		}
		err = errors.New("something follows it")
	}
	err = fmt.Errorf("detail %q is not JSON: %w", spec.Name, err)
	hint := fmt.Sprintf("a text that begins with %s is an item of a list: %s='[\"%s…\"]'", opening, spec.Name, opening)
	if spec.Kind == detail.Object {
		hint = fmt.Sprintf("for example %s='{\"key\":\"value\"}'", spec.Name)
	}
	return nil, agent.WithCode(agent.ExitUsage, agent.WithHint(err, hint))
}

// asList returns a list as it is, and anything else as a list of one.
func asList(value any) []any {
	if list, ok := value.([]any); ok {
		return list
	}
	return []any{value}
}

func detailNamed(typ collect.Type, key string) (collect.Detail, bool) {
	for _, d := range typ.Details {
		if d.Name == key {
			return d, true
		}
	}
	return collect.Detail{}, false
}

func detailHint(typ collect.Type, key string) string {
	if len(typ.Details) == 0 {
		return "it has no details"
	}
	var names []string
	for _, d := range typ.Details {
		names = append(names, d.Name)
	}
	if near := shorttext.Nearest(key, names); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "its details are " + strings.Join(names, ", ")
}
