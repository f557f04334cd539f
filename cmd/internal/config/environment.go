package config

import (
	"errors"
	"fmt"
	"strings"

	"virgo/schedule/yaml"
)

// maxVariables bounds the variables of plugins that the owner sets.
const maxVariables = 100

// reservedNames begin variables that are virgo's own or contain its secrets.
var reservedNames = [...]string{"VIRGO_", "RAX_CHECK_", "RAX_DETAILS_", "CREDENTIALS_DIRECTORY"}

// variablesOf returns the variables in a mapping of names to values, as NAME=value.
func variablesOf(n yaml.Node) ([]string, error) {
	all := make([]string, 0, len(n.Fields))
	for _, f := range n.Fields {
		switch f.Value.Kind {
		case yaml.Null, yaml.Text, yaml.Number, yaml.Bool:
			all = append(all, f.Key+"="+f.Value.Text)
		default:
			return nil, fmt.Errorf("expected text for %.64q, found %s", f.Key, f.Value.Kind)
		}
	}
	return all, nil
}

// checkVariables accepts entries NAME=value, and NAME for a variable of the agent's own environment.
func checkVariables(all []string) error {
	if len(all) > maxVariables {
		return fmt.Errorf("more than %d variables", maxVariables)
	}
	for _, entry := range all {
		name, value, _ := strings.Cut(entry, "=")
		isName := name != "" && strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == "" &&
			(name[0] < '0' || name[0] > '9')
		if !isName {
			return &Error{fmt.Errorf("%.64q is not the name of a variable", name), "environment: {NAME: value}"}
		}
		for _, reserved := range reservedNames {
			if strings.HasPrefix(strings.ToUpper(name), reserved) {
				return fmt.Errorf("%.64q is a variable of virgo's own", name)
			}
		}
		if strings.IndexByte(value, 0) >= 0 {
			return errors.New("a NUL byte is not allowed")
		}
	}
	return nil
}

// PluginVariables returns the variables that the owner gives to plugins, as NAME=value.
func (c Config) PluginVariables() []string {
	var all []string
	for _, entry := range c.Environment {
		switch name, _, set := strings.Cut(entry, "="); {
		case set:
			all = append(all, entry)
		case name != c.TokenVariable() && c.getenv(name) != "":
			all = append(all, name+"="+c.getenv(name))
		}
	}
	return all
}
