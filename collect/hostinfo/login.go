package hostinfo

import (
	"context"
	"strings"
)

// loginSettings are those of login.defs(5), by name.
type loginSettings map[string]string

func (loginSettings) describe() []Key {
	return []Key{{"*", "text", "the value of the setting of that name, for example PASS_MAX_DAYS (days), UMASK, ENCRYPT_METHOD"}}
}

func loginType() Type {
	return Type{
		Name:    "login",
		Summary: "settings of logins and passwords, from /etc/login.defs",
		Systems: []string{"linux"},
		Shape:   loginSettings{},
		Read: func(_ context.Context, h *Host) (any, error) {
			b, err := h.read("/etc/login.defs")
			if absent(err) { // openSUSE ships its own there
				b, err = h.read("/usr/etc/login.defs")
			}
			if err != nil {
				return nil, err
			}
			return parseLoginDefs(b), nil
		},
	}
}

// parseLoginDefs parses login.defs(5): a name and a value a line; of a name that comes twice the last one counts.
func parseLoginDefs(b []byte) loginSettings {
	all := make(loginSettings)
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		end := strings.IndexAny(line, " \t")
		if end < 0 || line[0] == '#' || len(all) >= MaxRows {
			continue
		}
		name := line[:end]
		all[name] = redactSetting(name, strings.Trim(strings.TrimSpace(line[end:]), `"`))
	}
	return all
}
