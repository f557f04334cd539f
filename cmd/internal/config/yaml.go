package config

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"virgo/schedule/yaml"
)

// parseYAML applies the settings in virgo.yaml. A setting that is wrong is a mistake and keeps the value
// that it had. Error: *Error, with file and line, for a file without settings.
func (c *Config) parseYAML(name string, b []byte, parse yaml.Parser) error {
	root, err := parse(name, b)
	switch {
	case err != nil:
		return fileError(err)
	case root.Kind == yaml.Null:
		return nil
	case root.Kind != yaml.Map:
		return fileError(&yaml.Error{
			File: name, Line: root.Line, Text: "expected keys and values, found " + root.Kind.String(),
			Help: "for example endpoint: monitor.example.com:50041",
		})
	}
	for _, f := range root.Fields {
		switch {
		case f.Key == remoteKey:
			c.yamlRemote(name, f)
		case f.Key == secretsKey:
			c.yamlSecrets(name, f)
		case f.Key == scriptsKey:
			c.yamlScripts(name, f)
		case isGroup(f.Key):
			c.yamlGroup(name, f)
		default:
			c.yamlSetting(name, "", f)
		}
	}
	has := func(key string) int {
		return slices.IndexFunc(root.Fields, func(f yaml.Field) bool { return f.Key == key })
	}
	c.refuseDouble(name, root)
	if one, several := has("endpoint"), has("endpoints"); one >= 0 && several >= 0 {
		c.Endpoints = nil
		c.addMistake("endpoint", errorf("%s:%d: endpoint and endpoints are both set", name, root.Fields[max(one, several)].Line))
	}
	return nil
}

// fileError converts an error about the file, and keeps its hint.
func fileError(err error) error {
	out := &Error{Err: err}
	var inFile *yaml.Error
	if errors.As(err, &inFile) {
		out.Next = inFile.Help
	}
	return out
}

// isGroup reports whether a key has keys below it.
func isGroup(key string) bool { return key == "spool" || key == "alarm" }

func (c *Config) yamlGroup(name string, f yaml.Field) {
	switch f.Value.Kind {
	case yaml.Null:
	case yaml.Map:
		for _, below := range f.Value.Fields {
			c.yamlSetting(name, f.Key+".", below)
		}
	default:
		c.addMistake(f.Key+".", errorf("%s:%d: %s: expected %s, found %s", name, f.Value.Line, f.Key,
			strings.Join(keysBelow(f.Key+"."), " and "), f.Value.Kind))
	}
}

// yamlSetting stores the value of one key. parent is the key above it with a dot, or empty.
func (c *Config) yamlSetting(name, parent string, f yaml.Field) {
	for i := range settings {
		s := &settings[i]
		if s.key != parent+f.Key || strings.Contains(f.Key, ".") {
			continue
		}
		where := name + ":" + strconv.Itoa(f.Value.Line) + ": " + s.key
		values, err := s.values(f.Value)
		switch {
		case err != nil:
			c.addMistake(s.key, inside(where, err))
		case len(values) > 0 || s.emptyIsNone() && f.Value.Kind == yaml.List:
			c.apply(s, where, values)
		}
		return
	}
	c.addMistake(parent+f.Key, fileError(yaml.UnknownKey(name, f, keysBelow(parent))))
}

// values returns the texts of a node as written; none if the value is missing or empty.
func (s *setting) values(n yaml.Node) ([]string, error) {
	switch n.Kind {
	case yaml.Null:
		return nil, nil
	case yaml.Text, yaml.Number:
		if n.Text == "" {
			return nil, nil
		}
		return []string{n.Text}, nil
	case yaml.Map:
		if s.key == "environment" {
			return variablesOf(n)
		}
	case yaml.List:
		if !s.list {
			break
		}
		var out []string
		for _, item := range n.Items {
			if item.Kind != yaml.Text && item.Kind != yaml.Number || item.Text == "" {
				return nil, errors.New("expected text in the list, found " + item.Kind.String())
			}
			out = append(out, item.Text)
		}
		return out, nil
	}
	return nil, errors.New("expected text, found " + n.Kind.String())
}

// keysBelow returns the keys that are valid below parent.
func keysBelow(parent string) []string {
	var keys []string
	for i := range settings {
		key := settings[i].key
		switch {
		case parent == "" && (key == "spool.max_bytes" || key == "alarm.command"):
			keys = append(keys, key[:strings.IndexByte(key, '.')])
		case parent == "" && (key == "spool.max_age" || key == "alarm.webhook"), !strings.HasPrefix(key, parent) || key == parent:
		default:
			keys = append(keys, key[len(parent):])
		}
	}
	if parent == "" {
		keys = append(keys, remoteKey, secretsKey, scriptsKey)
	}
	return keys
}

// refuseDouble adds a mistake for what is said twice: below remote, and by the key that it had before.
func (c *Config) refuseDouble(name string, root yaml.Node) {
	for _, before := range root.Fields {
		now := map[string]string{"allow_remote": "questions", "host_info_deny": "host_info_deny"}[before.Key]
		for _, f := range root.Fields {
			if now == "" || f.Key != remoteKey {
				continue
			}
			if slices.ContainsFunc(f.Value.Fields, func(b yaml.Field) bool { return b.Key == now }) {
				c.addMistake(remoteKey, errorf("%s:%d: %s and remote: %s are both set", name, max(f.Line, before.Line), before.Key, now))
			}
		}
	}
}
