package alarm

import (
	_ "embed"

	"virgo/schedule"
	"virgo/schedule/yaml"
)

// DefaultsName is the name of the default set in mistakes and lists.
const DefaultsName = "defaults.yaml"

//go:embed defaults.yaml
var defaults []byte

// DefaultsText returns the default set as it is written.
func DefaultsText() string { return string(defaults) }

// Defaults returns the rules that every host has. parse accepts all of YAML.
func Defaults(parse yaml.Parser) ([]Rule, []schedule.Problem) {
	set, problems := Parse(DefaultsName, defaults, parse)
	return set.Rules, problems
}
