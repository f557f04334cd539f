package hostinfo

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
)

// sshdSettings are those of sshd_config(5), by their names in small letters: texts, and match, a list of the like.
type sshdSettings map[string]any

func (sshdSettings) describe() []Key {
	return []Key{
		{"*", "text", "the value of the option of that name in small letters, for example permitrootlogin; those of an option that may stand several times with a blank between. Options that no file sets are not there: they have sshd's defaults"},
		{"match", "list", "what holds for some connections only"},
		{"match.criteria", "text", "for which"},
		{"match.*", "text", "the value of the option of that name for them"},
	}
}

// Bounds of what is read of sshd's configuration.
const (
	maxSSHDFiles = 200
	// maxSSHDDepth is sshd's own bound of files that include each other.
	maxSSHDDepth = 16
)

const sshdFile = "/etc/ssh/sshd_config"

func sshdType() Type {
	return Type{
		Name:    "sshd",
		Summary: "how the SSH server is set up, from its files",
		Systems: []string{"linux", "darwin", "freebsd"},
		Shape:   sshdSettings{},
		Read: func(_ context.Context, h *Host) (any, error) {
			c := sshdConfig{include: h.sshdInclude, read: h.read, global: make(sshdSettings)}
			b, err := h.read(sshdFile)
			if err != nil {
				return nil, err
			}
			c.parse(b, 0)
			return c.settings(), c.wrong.err()
		},
	}
}

// sshdInclude lists the files of an Include: a pattern, of /etc/ssh where it does not begin with a stroke.
func (h *Host) sshdInclude(pattern string) []string {
	if !path.IsAbs(pattern) {
		pattern = path.Join(path.Dir(sshdFile), pattern)
	}
	return h.glob(pattern)
}

// An sshdConfig gathers options as sshd does: of one that stands twice the first counts, a Match block ends at the
// next or at the end of its file.
type sshdConfig struct {
	include func(pattern string) []string
	read    func(name string) ([]byte, error)
	global  sshdSettings
	matches []sshdSettings
	// block is what options go into now; nil: global.
	block sshdSettings
	files int
	wrong faults
}

func (c *sshdConfig) parse(b []byte, depth int) {
	if c.files++; c.files > maxSSHDFiles || depth > maxSSHDDepth {
		c.wrong.add(fmt.Errorf("%s includes too many files", sshdFile))
		return
	}
	outer := c.block
	defer func() { c.block = outer }()
	for line := range strings.Lines(string(b)) {
		name, value := sshdOption(line)
		switch name {
		case "":
		case "include":
			for pattern := range strings.FieldsSeq(value) {
				for _, name := range c.include(strings.Trim(pattern, `"`)) {
					if c.files > maxSSHDFiles {
						break
					}
					b, err := c.read(name)
					c.wrong.add(err)
					c.parse(b, depth+1)
				}
			}
		case "match":
			c.block = nil
			if strings.EqualFold(value, "all") && outer == nil {
				continue
			}
			if len(c.matches) < MaxRows {
				c.matches = append(c.matches, sshdSettings{"criteria": value})
				c.block = c.matches[len(c.matches)-1]
			}
		default:
			c.set(name, value)
		}
	}
}

func (c *sshdConfig) set(name, value string) {
	to := c.block
	if to == nil {
		to = c.global
	}
	before, there := to[name].(string)
	switch {
	case !there:
		to[name] = value
	case sshdGathers(name) && len(before)+len(value) < maxText:
		to[name] = before + " " + value
	}
}

func (c *sshdConfig) settings() sshdSettings {
	if c.matches == nil {
		c.matches = []sshdSettings{}
	}
	c.global["match"] = c.matches
	return c.global
}

// sshdGathers names the options that may stand several times, each time for more.
func sshdGathers(name string) bool {
	return slices.Contains([]string{
		"port", "listenaddress", "hostkey", "hostcertificate", "acceptenv", "allowusers", "denyusers", "allowgroups", "denygroups",
		"subsystem", "setenv", "permitlisten", "permitopen", "persourcepenaltyexemptlist",
	}, name)
}

// sshdOption splits a line: NAME value, NAME=value, "NAME" "value" and a comment. Of SetEnv only the names
// are kept, because its values are anybody's; commands lose their secrets. Files of keys are named, not read.
func sshdOption(line string) (name, value string) {
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
	value = beginning(value, maxText)
	switch name {
	case "setenv":
		var all []string
		for f := range strings.FieldsSeq(value) {
			if variable, _, ok := strings.Cut(f, "="); ok {
				all = append(all, variable+"="+Redacted)
			}
		}
		return name, strings.Join(all, " ")
	case "match", "include", "hostkey", "hostcertificate", "passwordauthentication", "permitemptypasswords":
		return name, Redact(value)
	}
	return name, strings.Join(redactArgs(append([]string{name}, strings.Fields(value)...))[1:], " ")
}
