package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"virgo/schedule/policy"
	"virgo/schedule/yaml"
)

// The keys of the owner's policy. They have no environment variable: it would have to be the rules in one
// line, and whoever sets the environment of a timer's program is the owner of its file as well.
const (
	remoteKey  = "remote"
	secretsKey = "secrets"
)

// A CheckSecret is a secret of the owner that an endpoint's checks can name, and the checks that may have
// it.
type CheckSecret struct {
	Name  string
	Value Secret
	Allow []policy.Rule
}

// maxSecrets bounds the number of secrets.
const maxSecrets = 1000

// Policy returns what the owner lets an endpoint make this host do: nothing if the file says it in a way
// that cannot be read.
func (c Config) Policy() *policy.Policy {
	if slices.ContainsFunc(c.Mistakes, func(m Mistake) bool { return IsPolicy(m.Key) }) {
		return policy.Nothing()
	}
	p := policy.Default()
	if c.Checks != nil {
		p.Checks = c.Checks
	}
	p.Questions, p.HostInfoDeny = c.AllowRemote, c.HostInfoDeny
	if c.HostInfo != nil {
		p.HostInfo = c.HostInfo
	}
	for _, s := range c.Secrets {
		p.Secrets = append(p.Secrets, policy.SecretRules{Name: s.Name, Allow: s.Allow})
	}
	return p
}

// yamlRemote stores the value of remote.
func (c *Config) yamlRemote(name string, f yaml.Field) {
	p := policy.Policy{Checks: c.Checks, Questions: c.AllowRemote, HostInfo: c.HostInfo, HostInfoDeny: c.HostInfoDeny}
	err := p.ParseRemote(name, f.Value)
	if err == nil {
		err = checkHostInfo(name, f.Value, p)
	}
	if err != nil {
		c.addMistake(remoteKey, fileError(err))
		return
	}
	c.Checks, c.AllowRemote, c.HostInfo, c.HostInfoDeny = p.Checks, p.Questions, p.HostInfo, p.HostInfoDeny
}

// checkHostInfo rejects unknown types of host information.
func checkHostInfo(name string, n yaml.Node, p policy.Policy) error {
	for _, f := range n.Fields {
		values := p.HostInfoDeny
		switch f.Key {
		case "host_info":
			if values = p.HostInfo; len(values) == 1 && values[0] == "all" {
				continue
			}
		case "host_info_deny":
		default:
			continue
		}
		if err := checkHostInfoTypes(values); err != nil {
			out := &yaml.Error{File: name, Line: f.Line, Text: remoteKey + ": " + f.Key + ": " + err.Error()}
			var own *Error
			if errors.As(err, &own) {
				out.Help = own.Next
			}
			return out
		}
	}
	return nil
}

// yamlSecrets stores the value of secrets.
func (c *Config) yamlSecrets(name string, f yaml.Field) {
	secrets, err := parseSecrets(name, f.Value)
	if err != nil {
		c.addMistake(secretsKey, fileError(err))
		return
	}
	c.Secrets = secrets
}

func parseSecrets(file string, n yaml.Node) ([]CheckSecret, error) {
	mistake := func(line int, format string, args ...any) error {
		return &yaml.Error{
			File: file, Line: line, Text: secretsKey + ": " + fmt.Sprintf(format, args...),
			Help: "for example mysql: {value: 'file:/etc/virgo/mysql.pw', allow: [{type: agent.mysql, host: 127.0.0.1}]}",
		}
	}
	switch {
	case n.Kind == yaml.Null:
		return nil, nil
	case n.Kind != yaml.Map:
		return nil, mistake(n.Line, "expected names, found %s", n.Kind)
	case len(n.Fields) > maxSecrets:
		return nil, mistake(n.Line, "more than %d", maxSecrets)
	}
	var all []CheckSecret
	for _, f := range n.Fields {
		s := CheckSecret{Name: f.Key}
		if f.Value.Kind != yaml.Map || len(f.Key) > maxNameBytes {
			return nil, mistake(f.Line, "%s: expected value and allow, found %s", yaml.QuoteKey(f.Key), f.Value.Kind)
		}
		for _, below := range f.Value.Fields {
			var err error
			switch below.Key {
			case "value":
				if below.Value.Kind == yaml.Text || below.Value.Kind == yaml.Number {
					s.Value = secret(below.Value.Text)
				}
			case "allow":
				s.Allow, err = policy.ParseRules(file, below.Value)
			default:
				err = yaml.UnknownKey(file, below, []string{"value", "allow"})
			}
			if err != nil {
				return nil, err
			}
		}
		switch kind, _ := s.Value.split(); {
		case s.Value.ref == nil:
			return nil, mistake(f.Line, "%s has no value", yaml.QuoteKey(f.Key))
		case kind == fromEnv:
			return nil, mistake(f.Line, "%s: plugins inherit the environment; name a file or a credential", yaml.QuoteKey(f.Key))
		case checkToken(s.Value.reference()) != nil:
			return nil, mistake(f.Line, "%s: the value is not one line of text", yaml.QuoteKey(f.Key))
		case len(s.Allow) == 0:
			return nil, mistake(f.Line, "%s has no allow: no check may have it", yaml.QuoteKey(f.Key))
		}
		all = append(all, s)
	}
	return all, nil
}

// IsPolicy reports whether a setting is a part of the owner's policy.
func IsPolicy(key string) bool { return key == remoteKey || key == secretsKey }

// CheckSecret reads a secret of the owner. Errors name its source, never its value.
func (c Config) CheckSecret(name string) (string, error) {
	i := slices.IndexFunc(c.Secrets, func(s CheckSecret) bool { return s.Name == name })
	if i < 0 {
		return "", errorf("there is no such secret")
	}
	return c.readSecret("secret", c.Secrets[i].Value)
}

// hasPlainSecret reports whether the file itself has a secret.
func (c Config) hasPlainSecret() bool {
	return slices.ContainsFunc(c.Secrets, func(s CheckSecret) bool { return s.Value.isPlain() })
}

// resolveSecrets makes the paths of secrets absolute.
func (c *Config) resolveSecrets(dir string) {
	for i, s := range c.Secrets {
		if kind, rest := s.Value.split(); kind == fromFile && rest != "" && !filepath.IsAbs(rest) {
			c.Secrets[i].Value = secret(fromFile + ":" + filepath.Join(dir, rest))
		}
	}
}

// policy writes remote and secrets.
func (e *encoder) policy(c Config) {
	e.about("What the endpoint may make this host do: see virgo help policy. Without it, the figures that the kernel tells.",
		"Then the requests that it may send during a session, or none; the host information that it gets, and never gets.")
	// unless returns the sign of a line that would say what holds without it.
	unless := func(isSet bool) string {
		if isSet {
			return ""
		}
		return "#"
	}
	questions := c.allowRemote()
	e.line(unless(c.Checks != nil || c.HostInfo != nil || c.HostInfoDeny != nil || questions != nil), remoteKey, ":")
	rules, sign := c.Checks, unless(c.Checks != nil)
	if rules == nil {
		rules = policy.Default().Checks
	}
	if len(rules) == 0 {
		e.line(sign, "  checks: []")
	} else {
		e.line(sign, "  checks:")
		for i := range rules {
			e.line(sign, "    - ", rules[i].String())
		}
	}
	sign = unless(questions != nil)
	if questions == nil {
		questions = remoteRequests()
	}
	e.line(sign, "  questions: [", strings.Join(questions, ", "), "]")
	hostInfo := c.HostInfo
	if hostInfo == nil {
		hostInfo = policy.DefaultHostInfo()
	}
	e.line(unless(c.HostInfo != nil), "  host_info: [", strings.Join(hostInfo, ", "), "]")
	if len(c.HostInfoDeny) > 0 {
		e.line(sign, "  host_info_deny: [", strings.Join(c.HostInfoDeny, ", "), "]")
	}
	if len(c.Secrets) == 0 {
		return
	}
	e.about("Passwords that the endpoint's checks can name (password: 'secret:NAME'), and the checks that may have them.")
	e.line(secretsKey, ":")
	for _, s := range c.Secrets {
		e.line("  ", e.scalar(secretsKey, s.Name), ":")
		e.line("    value: ", e.scalar(secretsKey+": "+strconv.Quote(s.Name), s.Value.reference()))
		e.line("    allow:")
		for i := range s.Allow {
			e.line("      - ", s.Allow[i].String())
		}
	}
}
