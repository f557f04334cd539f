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
	// Effect is what becomes of a mistake in the settings of scripts and bundles, which never hold up results.
	Effect Effect
}

// An Effect is what a mistake leads to, besides that the setting has the value that it would have without.
type Effect string

const (
	// RenewalStops means that no bundle of scripts is installed or taken from the endpoint.
	RenewalStops Effect = "no bundle of scripts is installed"
	// UpgradeStops means that the agent's programs are not replaced.
	UpgradeStops Effect = "virgo upgrade replaces nothing"
	// AutoUpgradeStops means that runs do not replace the agent's programs; a person still can.
	AutoUpgradeStops Effect = "virgo does not upgrade itself"
	// ScriptsFigures means that scripts have the figures of the kernel only.
	ScriptsFigures Effect = "scripts may use the kernel's figures only"
)

// effectOf returns the effect of a mistake in a setting.
func effectOf(key string) Effect {
	switch near := shorttext.Nearest(key, bundleKeys[:]); {
	case key == "": // the whole file: nobody knows what it says of them
		return RenewalStops
	case near == scriptsKey:
		return ScriptsFigures
	case near == "upgrade_signers":
		return UpgradeStops
	case near == "upgrade":
		return AutoUpgradeStops
	case near != "":
		return RenewalStops
	}
	return ""
}

// bundleKeys are the settings of scripts and bundles.
var bundleKeys = [...]string{"bundles", "bundle_signers", "upgrade", "upgrade_signers", "bundle_name", "bundle_channel", scriptsKey}

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
	m := Mistake{Key: key, Err: err, Decides: decides(key)}
	if key == "" || !m.Decides {
		m.Effect = effectOf(key)
	}
	c.Mistakes = append(c.Mistakes, m)
}

// decides reports whether a setting decides whom the agent trusts. A key that is not known does if it
// resembles one that does.
func decides(key string) bool {
	if slices.Contains(adjusting[:], key) || slices.Contains(bundleKeys[:], key) || strings.HasPrefix(key, "spool.") || strings.HasPrefix(key, "alarm.") {
		return false
	}
	known := make([]string, 0, len(settings))
	for i := range settings {
		if !slices.Contains(bundleKeys[:], settings[i].key) {
			known = append(known, settings[i].key)
		}
	}
	known = append(known, remoteKey, secretsKey)
	if key == "" || slices.Contains(known, key) {
		return true
	}
	if near := shorttext.Nearest(key, known); near != "" {
		return !slices.Contains(adjusting[:], near)
	}
	return hasTrustWord(key)
}

func hasTrustWord(key string) bool {
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
	"VIRGO_CONFIG", "VIRGO_STATE", "VIRGO_PLUGINS", "VIRGO_SCRIPTS", "VIRGO_VERBOSE", "VIRGO_JSON", "VIRGO_CHECKS_PROGRAM",
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
		if name := settings[i].variable(); name != "" {
			known = append(known, name)
		}
	}
	var unknown []string
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		if value == "" || !strings.HasPrefix(name, "VIRGO_") || slices.Contains(known, name) || name == c.TokenVariable() {
			continue
		}
		text := shorttext.Truncate(name, maxVariableBytes)
		if strings.HasPrefix(name, "VIRGO_BUNDLE_SIGNER") {
			text += ", which only virgo.yaml can set"
		} else if strings.HasPrefix(name, "VIRGO_REMOTE") || strings.HasPrefix(name, "VIRGO_SECRET") {
			text += ", which only virgo.yaml can set (remote, secrets)"
		} else if near := shorttext.Nearest(name, known); near != "" {
			text += ", did you mean " + near + "?"
		}
		unknown = append(unknown, text)
	}
	slices.Sort(unknown)
	return unknown
}
