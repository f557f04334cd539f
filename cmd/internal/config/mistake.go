package config

import (
	"slices"
	"strings"

	"virgo/schedule/shorttext"
)

// A Mistake is something wrong with a setting, which then has the value that it would have without.
type Mistake struct {
	// Key is the setting; empty for the whole file.
	Key string
	// Err is an *Error that says where.
	Err error
	// Decides means that the setting, or what it may have been, decides whom the agent trusts or who
	// it is. Then nothing may be delivered to anybody.
	Decides bool
}

// adjusting are the settings that decide neither whom the agent trusts nor who it is.
var adjusting = [...]string{
	"agent_name", "spool.max_bytes", "spool.max_age", "deadline", "flush_deadline", "concurrency", "schedule_max_age",
	"environment", "alarm.command", "alarm.webhook",
}

// trustWords occur in names of settings that may be meant to decide whom to trust.
var trustWords = [...]string{
	"agent", "allow", "auth", "ca", "cert", "deny", "endpoint", "finger", "host", "id", "key", "pass", "pin", "proxy", "remote",
	"secret", "server", "ssl", "tls", "token", "trust", "url", "verify",
}

// addMistake adds a mistake in a setting; key is empty for the whole file.
func (c *Config) addMistake(key string, err error) {
	c.Mistakes = append(c.Mistakes, Mistake{key, err, decides(key)})
}

// decides reports whether a setting decides whom the agent trusts. A key that is not known does if it
// resembles one that does.
func decides(key string) bool {
	if slices.Contains(adjusting[:], key) || strings.HasPrefix(key, "spool.") || strings.HasPrefix(key, "alarm.") {
		return false
	}
	known := make([]string, 0, len(settings))
	for i := range settings {
		known = append(known, settings[i].key)
	}
	known = append(known, remoteKey, secretsKey)
	if key == "" || slices.Contains(known, key) {
		return true
	}
	if near := shorttext.Nearest(key, known); near != "" {
		return !slices.Contains(adjusting[:], near)
	}
	return slices.ContainsFunc(strings.FieldsFunc(strings.ToLower(key), func(r rune) bool {
		return r < 'a' || r > 'z'
	}), func(word string) bool {
		return slices.ContainsFunc(trustWords[:], func(trust string) bool {
			return word == trust || len(trust) > 3 && strings.HasPrefix(word, trust)
		})
	})
}

// Err returns the first mistake; nil if there is none.
func (c Config) Err() error {
	if len(c.Mistakes) == 0 {
		return nil
	}
	return c.Mistakes[0].Err
}

// Untrusted returns why nothing may be delivered to anybody; nil if it may.
func (c Config) Untrusted() error {
	for _, m := range c.Mistakes {
		if m.Decides {
			return m.Err
		}
	}
	return nil
}

// EnvironmentMistake returns the first mistake in the variables, which a file cannot correct; nil if there
// is none.
func EnvironmentMistake(env func(string) string) error {
	c := defaults(env)
	c.environment()
	return c.Err()
}

// ProxyMistake returns the mistake in the settings of the proxy; nil if there is none.
func (c Config) ProxyMistake() error {
	for _, m := range c.Mistakes {
		if m.Key == "proxy" || m.Key == "no_proxy" {
			return m.Err
		}
	}
	return nil
}

// otherVariables are the variables of the programs that are no settings of the file.
var otherVariables = [...]string{
	"VIRGO_CONFIG", "VIRGO_STATE", "VIRGO_PLUGINS", "VIRGO_VERBOSE", "VIRGO_JSON", "VIRGO_CHECKS_PROGRAM",
	// Those of virgo-endpoint.
	"VIRGO_ENDPOINT_DIR", "VIRGO_ENDPOINT_JSON", "VIRGO_ENDPOINT_LISTEN", "VIRGO_ENDPOINT_CLIENT_CA",
	"VIRGO_ENDPOINT_LOG_LEVEL", "VIRGO_ENDPOINT_LOG_JSON",
}

// maxVariableBytes bounds the name of a variable that is reported.
const maxVariableBytes = 64

// UnknownVariables returns the names in environ, as of os.Environ, that begin with VIRGO_ and mean
// nothing to this program, each with the name that was probably meant.
func (c Config) UnknownVariables(environ []string) []string {
	known := slices.Clone(otherVariables[:])
	for i := range settings {
		known = append(known, settings[i].variable())
	}
	var unknown []string
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		if value == "" || !strings.HasPrefix(name, "VIRGO_") || slices.Contains(known, name) || name == c.TokenVariable() {
			continue
		}
		text := shorttext.Truncate(name, maxVariableBytes)
		if strings.HasPrefix(name, "VIRGO_REMOTE") || strings.HasPrefix(name, "VIRGO_SECRET") {
			text += ", which only virgo.yaml can set (remote, secrets)"
		} else if near := shorttext.Nearest(name, known); near != "" {
			text += ", did you mean " + near + "?"
		}
		unknown = append(unknown, text)
	}
	slices.Sort(unknown)
	return unknown
}
