package config

import (
	"errors"
	"strconv"
	"strings"

	"virgo/schedule/strictyaml"
)

// parseYAML reads virgo.yaml over the settings that are there. Error: *OwnersError, with file and line.
func (c *Config) parseYAML(name string, b []byte) error {
	root, err := strictyaml.Parse(name, b)
	switch {
	case err != nil:
		return ofFile(err)
	case root.Kind == strictyaml.Null:
		return nil
	case root.Kind != strictyaml.Map:
		return ofFile(&strictyaml.Error{File: name, Line: root.Line, Text: root.Kind.String() + ", where keys and their values belong", Help: "for example endpoint: monitor.example.com:50041"})
	}
	given := make(map[string]bool, len(root.Fields))
	for _, f := range root.Fields {
		given[f.Key] = true
		if given["endpoint"] && given["endpoints"] {
			return owners("%s:%d: endpoint and endpoints are both given", name, f.Line)
		}
		if group(f.Key) {
			err = c.yamlGroup(name, f)
		} else {
			err = c.yamlSetting(name, "", f)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ofFile makes an error of the file its owner's to mend, with its hint.
func ofFile(err error) error {
	out := &OwnersError{Err: err}
	var y *strictyaml.Error
	if errors.As(err, &y) {
		out.Next = y.Help
	}
	return out
}

// group says whether a key has keys below it.
func group(key string) bool { return key == "spool" }

func (c *Config) yamlGroup(name string, f strictyaml.Field) error {
	switch f.Value.Kind {
	case strictyaml.Null:
		return nil
	case strictyaml.Map:
		for _, below := range f.Value.Fields {
			if err := c.yamlSetting(name, f.Key+".", below); err != nil {
				return err
			}
		}
		return nil
	default:
		return owners("%s:%d: %s: %s, where max_bytes and max_age belong", name, f.Value.Line, f.Key, f.Value.Kind)
	}
}

// yamlSetting takes one key, above being the key that it lies below with a point, or empty.
func (c *Config) yamlSetting(name, above string, f strictyaml.Field) error {
	for i := range settings {
		s := &settings[i]
		if s.key != above+f.Key || strings.Contains(f.Key, ".") {
			continue
		}
		where := name + ":" + strconv.Itoa(f.Value.Line) + ": " + s.key
		values, err := s.values(f.Value)
		if err == nil && (len(values) > 0 || s.emptyIsNone() && f.Value.Kind == strictyaml.List) {
			err = s.set(c, values)
		}
		if err != nil {
			return within(where, err)
		}
		return nil
	}
	return ofFile(strictyaml.UnknownKey(name, f, keysBelow(above)))
}

// values gives a node's texts as they are written; none where the value is left out or empty.
func (s *setting) values(n strictyaml.Node) ([]string, error) {
	switch n.Kind {
	case strictyaml.Null:
		return nil, nil
	case strictyaml.Text, strictyaml.Number:
		if n.Text == "" {
			return nil, nil
		}
		return []string{n.Text}, nil
	case strictyaml.List:
		if !s.list {
			break
		}
		var out []string
		for _, item := range n.Items {
			if item.Kind != strictyaml.Text && item.Kind != strictyaml.Number || item.Text == "" {
				return nil, errors.New(item.Kind.String() + " in the list, where text belongs")
			}
			out = append(out, item.Text)
		}
		return out, nil
	}
	return nil, errors.New(n.Kind.String() + ", where text belongs")
}

// keysBelow are the keys that a mistake at this place may have meant.
func keysBelow(above string) []string {
	var keys []string
	for i := range settings {
		key := settings[i].key
		switch {
		case above == "" && key == "spool.max_bytes":
			keys = append(keys, "spool")
		case above == "" && key == "spool.max_age", len(key) <= len(above) || key[:len(above)] != above:
		default:
			keys = append(keys, key[len(above):])
		}
	}
	return keys
}
