package schedule

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"virgo/schedule/shorttext"
	"virgo/schedule/yaml"
)

// checkKeys are the keys of a check in a file, as in PROTOCOL.md.
var checkKeys = []string{
	"id", "type", "label", "details", "period", "timeout", "disabled",
	"target_alias", "monitoring_zones_poll", "alarms",
}

// ParseYAML parses one check or a list of checks strictly: an unknown key, a duplicate id or a value of
// the wrong type is a mistake. The keys are those of check_schedule.get. period and timeout are whole
// seconds, or text with a unit ("90s", "5m", "1d"); the default is a minute. name is the name of the
// file in the mistakes.
//
// A mistake costs its check alone, which stays with a Fault; mistakes of which no check can tell are
// in the check FaultsID. That is so for a list that is no YAML, too, because its entries are then
// parsed one by one. The Err of a problem is a *yaml.Error that may wrap the reason (ErrNoID,
// ErrPeriod, …). There are all mistakes, but one for each key.
//
// The only error is one of parse that wraps yaml.ErrNotPlain.
func ParseYAML(name string, data []byte, parse yaml.Parser) (Schedule, []Problem, error) {
	r := fileReader{parse: parse}
	if err := r.file(name, data, ""); err != nil {
		return Schedule{}, nil, err
	}
	s, problems := r.end()
	return s, problems, nil
}

// A source is a file, or a part of one that is parsed by itself.
type source struct {
	name string
	data []byte
	// before is the number of lines of the file before data.
	before int
	// unusable is why no check of the file is used although they may be valid; empty: they are.
	unusable string
}

func (s *source) mistake(line int, key, help string, err error) *yaml.Error {
	return &yaml.Error{
		File: s.name, Line: s.before + line, Column: column(s.data, line, key), Text: err.Error(), Help: help, Err: err,
	}
}

func (s *source) wrongKind(n yaml.Node, key, want string) *yaml.Error {
	return s.mistake(n.Line, key, "", errors.New("expected "+want+", found "+n.Kind.String()))
}

// column returns the column of a key in a line of data, or that of the line's first character.
func column(data []byte, line int, key string) int {
	data = bytes.TrimPrefix(data, []byte(yaml.ByteOrderMark))
	for ; line > 1; line-- {
		_, data, _ = bytes.Cut(data, []byte("\n"))
	}
	text, _, _ := bytes.Cut(data, []byte("\n"))
	at := len(text) - len(bytes.TrimLeft(text, " \t"))
	if i := bytes.Index(text, []byte(key+":")); key != "" && i >= 0 {
		at = i
	}
	return utf8.RuneCount(text[:at]) + 1
}

// yamlCheck returns a check and all mistakes in it. With a mistake, what could be read is set.
func yamlCheck(src *source, n yaml.Node) (Check, []*yaml.Error) {
	c := Check{Period: DefaultPeriod, Timeout: DefaultTimeout, File: src.name, Line: src.before + n.Line}
	if n.Kind != yaml.Map {
		return c, []*yaml.Error{src.wrongKind(n, "", "a check")}
	}
	var mistakes []*yaml.Error
	var failed []string
	for _, f := range n.Fields {
		if err := yamlField(src, &c, f); err != nil {
			// The key that was meant is not missing, too.
			mistakes, failed = append(mistakes, err), append(failed, f.Key, shorttext.Nearest(f.Key, checkKeys))
		}
	}
	for _, key := range validatedFields {
		err := c.validateField(key)
		if err == nil || slices.Contains(failed, key) {
			continue
		}
		at := slices.IndexFunc(n.Fields, func(f yaml.Field) bool { return f.Key == key })
		if at < 0 {
			mistakes = append(mistakes, src.mistake(n.Line, "", "", err))
		} else {
			mistakes = append(mistakes, src.mistake(n.Fields[at].Line, key, "", err))
		}
	}
	return c, mistakes
}

func yamlField(src *source, c *Check, f yaml.Field) *yaml.Error {
	var err *yaml.Error
	switch f.Key {
	case "id":
		c.ID, err = yamlText(src, f)
	case "type":
		c.Type, err = yamlText(src, f)
	case "label":
		c.Label, err = yamlText(src, f)
	case "target_alias":
		c.TargetAlias, err = yamlText(src, f)
	case "period":
		c.Period, err = yamlSeconds(src, f, DefaultPeriod, ErrPeriod)
	case "timeout":
		c.Timeout, err = yamlSeconds(src, f, DefaultTimeout, ErrTimeout)
	case "disabled":
		if f.Value.Kind != yaml.Bool {
			return src.wrongKind(f.Value, f.Key, "true or false for disabled")
		}
		c.Disabled, _ = parseBool(f.Value.Text)
	case "details":
		if f.Value.Kind == yaml.Null {
			return nil
		}
		if f.Value.Kind != yaml.Map {
			return src.wrongKind(f.Value, f.Key, "a mapping for details")
		}
		var v any
		if v, err = yamlValue(src, f.Value); err == nil {
			if c.Details = v.(map[string]any); len(c.Details) == 0 {
				c.Details = nil
			}
		}
	case "monitoring_zones_poll":
		c.MonitoringZonesPoll, err = yamlRaw(src, f)
	case "alarms":
		c.Alarms, err = yamlRaw(src, f)
	default:
		err = yaml.UnknownKey(src.name, f, checkKeys)
		err.Line, err.Column = src.before+f.Line, column(src.data, f.Line, f.Key)
	}
	return err
}

// yamlText returns text; a number without quotes is text as written, for ids such as 1001.
func yamlText(src *source, f yaml.Field) (string, *yaml.Error) {
	switch f.Value.Kind {
	case yaml.Null:
		return "", nil
	case yaml.Text, yaml.Number:
		return f.Value.Text, nil
	default:
		return "", src.wrongKind(f.Value, f.Key, "text for "+f.Key)
	}
}

func yamlSeconds(src *source, f yaml.Field, def time.Duration, kind error) (time.Duration, *yaml.Error) {
	text := f.Value.Text
	switch f.Value.Kind {
	case yaml.Null:
		return def, nil
	case yaml.Number:
		n, err := strconv.ParseInt(text, 10, 64)
		switch {
		case err != nil:
			err = fmt.Errorf("%w: %q is not a whole number of seconds", kind, shorttext.Truncate(text, 64))
		case n < -maxSeconds || n > maxSeconds:
			err = fmt.Errorf("%w: %d s is out of range", kind, n)
		}
		if err != nil {
			return def, src.mistake(f.Value.Line, f.Key, "", err)
		}
		return time.Duration(n) * time.Second, nil
	case yaml.Text:
		d, err := ParseDuration(text)
		if err != nil {
			err := fmt.Errorf("%s %q: %w", f.Key, shorttext.Truncate(text, 64), err)
			return def, src.mistake(f.Value.Line, f.Key, "", err)
		}
		return d, nil
	default:
		return def, src.wrongKind(f.Value, f.Key, "seconds for "+f.Key)
	}
}

// yamlValue returns a node as encoding/json would decode it, with json.Number.
func yamlValue(src *source, n yaml.Node) (any, *yaml.Error) {
	switch n.Kind {
	case yaml.Null:
		return nil, nil
	case yaml.Bool:
		b, _ := parseBool(n.Text)
		return b, nil
	case yaml.Text:
		return n.Text, nil
	case yaml.Number:
		if !isNumber(n.Text) {
			return nil, src.mistake(n.Line, "", "quote text, or write the number in decimal digits",
				fmt.Errorf("%q is ambiguous: a number or text", shorttext.Truncate(n.Text, 64)))
		}
		return json.Number(n.Text), nil
	case yaml.List:
		out := make([]any, 0, len(n.Items))
		for _, item := range n.Items {
			v, err := yamlValue(src, item)
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		return out, nil
	default:
		out := make(map[string]any, len(n.Fields))
		for _, f := range n.Fields {
			v, err := yamlValue(src, f.Value)
			if err != nil {
				return nil, err
			}
			out[f.Key] = v
		}
		return out, nil
	}
}

// yamlRaw returns a value as canonical JSON, for the fields that belong to the endpoint.
func yamlRaw(src *source, f yaml.Field) (json.RawMessage, *yaml.Error) {
	if f.Value.Kind == yaml.Null {
		return nil, nil
	}
	v, mistake := yamlValue(src, f.Value)
	if mistake != nil {
		return nil, mistake
	}
	b, err := appendJSONValue(nil, v, 0)
	if err != nil {
		return nil, src.mistake(f.Line, f.Key, "", fmt.Errorf("%w: %s: %w", ErrDetails, f.Key, err))
	}
	return b, nil
}
