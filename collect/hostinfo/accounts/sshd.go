package accounts

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"virgo/collect/hostinfo/redact"
	"virgo/collect/hostinfo/source"
)

// Bounds of what is read of sshd's configuration.
const (
	maxSSHDFiles = 200
	// maxSSHDDepth is sshd's own bound of files that include each other.
	maxSSHDDepth = 16
)

const sshdFile = "/etc/ssh/sshd_config"

// sshdSettings are those of sshd_config(5) by their names in lower case: texts, and match, a list
// of sshdSettings.
type sshdSettings map[string]any

func (sshdSettings) DescribeKeys() []source.Key {
	return []source.Key{
		{Name: "*", Kind: "text", Doc: "the value of the option of that name in lower case, for example " +
			"permitrootlogin; values of an option that may be repeated, with a blank between. Options that no file sets " +
			"are missing: they have sshd's defaults"},
		{Name: "match", Kind: "list", Doc: "what holds for some connections only"},
		{Name: "match.criteria", Kind: "text", Doc: "for which connections"},
		{Name: "match.*", Kind: "text", Doc: "the value of the option of that name for them"},
	}
}

func sshdType() source.Type {
	return source.Type{
		Name:    "sshd",
		Summary: "configuration of the SSH server, from its files",
		Systems: []string{"linux", "darwin", "freebsd"},
		Shape:   sshdSettings{},
		Read:    readSSHD,
	}
}

func readSSHD(_ context.Context, h *source.Host) (any, error) {
	c := sshdConfig{show: h.Arguments, glob: h.Glob, read: h.Read, global: make(sshdSettings)}
	b, err := h.Read(sshdFile)
	if err != nil {
		return nil, err
	}
	c.parse(b, 0)
	return c.settings(), c.problems.Err()
}

// An sshdConfig collects options as sshd does: the first of two with one name counts, and a Match
// block ends at the next one or at the end of its file.
type sshdConfig struct {
	show    redact.Arguments
	glob    func(pattern string) []string
	read    func(name string) ([]byte, error)
	global  sshdSettings
	matches []sshdSettings
	// block receives the options that follow; nil is global.
	block    sshdSettings
	files    int
	problems source.Problems
}

func (c *sshdConfig) parse(b []byte, depth int) {
	if c.files++; c.files > maxSSHDFiles || depth > maxSSHDDepth {
		c.problems.Add(fmt.Errorf("%s includes too many files", sshdFile))
		return
	}
	outer := c.block
	defer func() { c.block = outer }()
	for line := range strings.Lines(string(b)) {
		name, value := parseSSHDOption(line, c.show)
		switch name {
		case "":
		case "include":
			c.include(value, depth)
		case "match":
			c.block = nil
			if strings.EqualFold(value, "all") && outer == nil {
				continue
			}
			if len(c.matches) < source.MaxRows {
				c.matches = append(c.matches, sshdSettings{"criteria": value})
				c.block = c.matches[len(c.matches)-1]
			}
		default:
			c.set(name, value)
		}
	}
}

// include parses the files of an Include: patterns, relative to /etc/ssh.
func (c *sshdConfig) include(patterns string, depth int) {
	for pattern := range strings.FieldsSeq(patterns) {
		pattern = strings.Trim(pattern, `"`)
		if !path.IsAbs(pattern) {
			pattern = path.Join(path.Dir(sshdFile), pattern)
		}
		for _, name := range c.glob(pattern) {
			if c.files > maxSSHDFiles {
				break
			}
			b, err := c.read(name)
			c.problems.Add(err)
			c.parse(b, depth+1)
		}
	}
}

func (c *sshdConfig) set(name, value string) {
	to := c.block
	if to == nil {
		to = c.global
	}
	before, isSet := to[name].(string)
	switch {
	case !isSet:
		to[name] = value
	case isRepeatable(name) && len(before)+len(value) < redact.MaxExcerpt:
		to[name] = before + " " + value
	}
}

func (c *sshdConfig) settings() sshdSettings {
	c.global["match"] = source.NonNil(c.matches)
	return c.global
}

// isRepeatable reports whether every occurrence of an option adds a value.
func isRepeatable(name string) bool {
	return slices.Contains([]string{
		"port", "listenaddress", "hostkey", "hostcertificate", "acceptenv", "allowusers", "denyusers", "allowgroups",
		"denygroups", "subsystem", "setenv", "permitlisten", "permitopen", "persourcepenaltyexemptlist",
	}, name)
}

// parseSSHDOption splits a line: NAME value, NAME=value, "NAME" "value", and a comment. Of SetEnv and of
// commands only names are shown. Files of keys are named, not read.
func parseSSHDOption(line string, show redact.Arguments) (name, value string) {
	line = strings.TrimSpace(line)
	if line == "" || line[0] == '#' {
		return "", ""
	}
	end := strings.IndexAny(line, " \t=")
	if end < 0 {
		return "", ""
	}
	name = strings.ToLower(strings.Trim(line[:end], `"`))
	value = strings.TrimLeft(line[end:], " \t")
	value = strings.TrimSpace(strings.TrimPrefix(value, "="))
	if i := strings.Index(value, " #"); i >= 0 {
		value = strings.TrimSpace(value[:i])
	}
	if n := len(value); n > 1 && value[0] == '"' && strings.IndexByte(value[1:], '"') == n-2 {
		value = value[1 : n-1]
	}
	value = redact.Truncate(value, redact.MaxExcerpt)
	switch name {
	case "setenv":
		return name, show.Options(strings.Fields(value), " ", nil)
	case "include":
		return name, value // it is a pattern of files to read, and not shown
	case "forcecommand", "authorizedkeyscommand", "authorizedprincipalscommand", "proxycommand", "knownhostscommand":
		return name, show.Shell(value)
	case "subsystem": // its name, and a command
		subsystem, command, _ := strings.Cut(strings.ReplaceAll(value, "\t", " "), " ")
		return name, strings.TrimSpace(redact.Value("", subsystem) + " " + show.Shell(strings.TrimSpace(command)))
	case "passwordauthentication", "permitemptypasswords", "hostkey", "hostcertificate", "authorizedkeysfile":
		return name, redact.Value("", value)
	}
	return name, redact.Value(name, value)
}
