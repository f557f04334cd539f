package schedule

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"virgo/schedule/strictyaml"
)

// checkKeys are the keys of a check in a file, PROTOCOL.md's.
var checkKeys = []string{"id", "type", "label", "details", "period", "timeout", "disabled", "target_alias", "monitoring_zones_poll", "alarms"}

// ParseYAML reads one check or a list of them as a person writes them, strictly: an unknown key, a double
// id or a value of the wrong type is an error. Keys and meanings are those of check_schedule.get; period
// and timeout are whole seconds, or text with a unit ("90s", "5m", "1d"), a minute each where they are
// left out. name is what errors call the file. Every error is a *strictyaml.Error; what is wrong with a
// check is in its chain (ErrNoID, ErrPeriod, …).
func ParseYAML(name string, data []byte) ([]Check, error) {
	checks, _, err := parseYAML(name, data)
	return checks, err
}

// parseYAML gives the checks and the line of each.
func parseYAML(name string, data []byte) (checks []Check, lines []int, err error) {
	root, err := strictyaml.Parse(name, data)
	if err != nil {
		return nil, nil, err
	}
	var nodes []strictyaml.Node
	switch root.Kind {
	case strictyaml.Null:
	case strictyaml.Map:
		nodes = []strictyaml.Node{root}
	case strictyaml.List:
		nodes = root.Items
	default:
		return nil, nil, wrongKind(name, root, "a check or a list of checks")
	}
	if len(nodes) > MaxChecks {
		return nil, nil, inFile(name, 0, fmt.Errorf("%w: at most %d are taken", ErrTooMany, MaxChecks))
	}
	seen := make(map[string]int, len(nodes))
	for _, n := range nodes {
		c, err := yamlCheck(name, n)
		if err != nil {
			return nil, nil, err
		}
		if first, double := seen[c.ID]; double {
			return nil, nil, inFile(name, n.Line, fmt.Errorf("check %q: %w, first in line %d", c.ID, ErrDouble, first))
		}
		seen[c.ID] = n.Line
		checks, lines = append(checks, c), append(lines, n.Line)
	}
	return checks, lines, nil
}

func inFile(name string, line int, err error) error {
	return &strictyaml.Error{File: name, Line: line, Text: err.Error(), Err: err}
}

func wrongKind(name string, n strictyaml.Node, want string) error {
	return &strictyaml.Error{File: name, Line: n.Line, Text: n.Kind.String() + ", where " + want + " belongs"}
}

func yamlCheck(name string, n strictyaml.Node) (Check, error) {
	if n.Kind != strictyaml.Map {
		return Check{}, wrongKind(name, n, "a check")
	}
	c := Check{Period: DefaultPeriod, Timeout: DefaultTimeout}
	for _, f := range n.Fields {
		if err := yamlField(name, &c, f); err != nil {
			return Check{}, err
		}
	}
	if err := c.validate(); err != nil {
		line := n.Line
		for _, f := range n.Fields {
			// The mistake is most often one field's: show its line.
			if errors.Is(err, fieldError(f.Key)) {
				line = f.Line
			}
		}
		return Check{}, inFile(name, line, err)
	}
	return c, nil
}

// fieldError is the sentinel of a mistake in one field; nil where the error itself has to say it.
func fieldError(key string) error {
	switch key {
	case "period":
		return ErrPeriod
	case "timeout":
		return ErrTimeout
	case "details":
		return ErrDetails
	default:
		return nil
	}
}

func yamlField(name string, c *Check, f strictyaml.Field) (err error) {
	switch f.Key {
	case "id":
		c.ID, err = yamlText(name, f, validName)
	case "type":
		c.Type, err = yamlText(name, f, validName)
	case "label":
		c.Label, err = yamlText(name, f, validName)
	case "target_alias":
		c.TargetAlias, err = yamlText(name, f, validName)
	case "period":
		c.Period, err = yamlSeconds(name, f, DefaultPeriod, ErrPeriod)
	case "timeout":
		c.Timeout, err = yamlSeconds(name, f, DefaultTimeout, ErrTimeout)
	case "disabled":
		if f.Value.Kind != strictyaml.Bool {
			return wrongKind(name, f.Value, "true or false of disabled")
		}
		c.Disabled, _ = truth(f.Value.Text)
	case "details":
		if f.Value.Kind == strictyaml.Null {
			return nil
		}
		if f.Value.Kind != strictyaml.Map {
			return wrongKind(name, f.Value, "the mapping of details")
		}
		var v any
		if v, err = yamlValue(name, f.Value); err == nil {
			if c.Details = v.(map[string]any); len(c.Details) == 0 {
				c.Details = nil
			}
		}
	case "monitoring_zones_poll":
		c.MonitoringZonesPoll, err = yamlRaw(name, f)
	case "alarms":
		c.Alarms, err = yamlRaw(name, f)
	default:
		return strictyaml.UnknownKey(name, f, checkKeys)
	}
	return err
}

// yamlText takes text; a number without quotes is taken as it is written, for ids such as 1001.
func yamlText(name string, f strictyaml.Field, valid func(key, value string) error) (string, error) {
	switch f.Value.Kind {
	case strictyaml.Null:
		return "", nil
	case strictyaml.Text, strictyaml.Number:
		if err := valid(f.Key, f.Value.Text); err != nil {
			return "", inFile(name, f.Value.Line, err)
		}
		return f.Value.Text, nil
	default:
		return "", wrongKind(name, f.Value, "the text of "+f.Key)
	}
}

func yamlSeconds(name string, f strictyaml.Field, def time.Duration, kind error) (time.Duration, error) {
	text := f.Value.Text
	switch f.Value.Kind {
	case strictyaml.Null:
		return def, nil
	case strictyaml.Number:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < -maxSeconds || n > maxSeconds {
			return 0, inFile(name, f.Value.Line, fmt.Errorf("%w: %q is not a whole number of seconds within them", kind, cut(text, 64)))
		}
		return time.Duration(n) * time.Second, nil
	case strictyaml.Text:
		d, err := strictyaml.ParseDuration(text)
		if err != nil {
			return 0, inFile(name, f.Value.Line, fmt.Errorf("%s %q: %w", f.Key, cut(text, 64), err))
		}
		return d, nil
	default:
		return 0, wrongKind(name, f.Value, "the seconds of "+f.Key)
	}
}

// yamlValue gives a node as JSON's decoder would.
func yamlValue(name string, n strictyaml.Node) (any, error) {
	switch n.Kind {
	case strictyaml.Null:
		return nil, nil
	case strictyaml.Bool:
		b, _ := truth(n.Text)
		return b, nil
	case strictyaml.Text:
		return n.Text, nil
	case strictyaml.Number:
		if !isNumber(n.Text) {
			return nil, &strictyaml.Error{
				File: name, Line: n.Line, Text: fmt.Sprintf("%q is read as a number by some and as text by others", cut(n.Text, 64)),
				Help: "put it in quotes where it is text, write it in plain decimal digits where it is a number",
			}
		}
		return json.Number(n.Text), nil
	case strictyaml.List:
		out := make([]any, 0, len(n.Items))
		for _, item := range n.Items {
			v, err := yamlValue(name, item)
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		return out, nil
	default:
		out := make(map[string]any, len(n.Fields))
		for _, f := range n.Fields {
			v, err := yamlValue(name, f.Value)
			if err != nil {
				return nil, err
			}
			out[f.Key] = v
		}
		return out, nil
	}
}

// yamlRaw gives a value as JSON, for the fields that belong to the endpoint.
func yamlRaw(name string, f strictyaml.Field) (json.RawMessage, error) {
	if f.Value.Kind == strictyaml.Null {
		return nil, nil
	}
	v, err := yamlValue(name, f.Value)
	if err != nil {
		return nil, err
	}
	b, err := appendValue(nil, v, 0)
	if err != nil {
		return nil, inFile(name, f.Line, fmt.Errorf("%w: %s: %w", ErrDetails, f.Key, err))
	}
	return b, nil
}
