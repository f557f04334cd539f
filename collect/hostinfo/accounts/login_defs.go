package accounts

import (
	"context"
	"strings"

	"virgo/collect/hostinfo/redact"
	"virgo/collect/hostinfo/source"
)

// loginSettings are those of login.defs(5), by name.
type loginSettings map[string]string

func (loginSettings) DescribeKeys() []source.Key {
	return []source.Key{{
		Name: "*", Kind: "text",
		Doc: "the value of the setting of that name, for example PASS_MAX_DAYS (days), UMASK, ENCRYPT_METHOD",
	}}
}

func loginType() source.Type {
	return source.Type{
		Name:    "login",
		Summary: "settings of logins and passwords, from /etc/login.defs",
		Systems: []string{"linux"},
		Shape:   loginSettings{},
		Read: func(_ context.Context, h *source.Host) (any, error) {
			b, err := h.Read("/etc/login.defs")
			if source.IsAbsent(err) { // openSUSE has its own there
				b, err = h.Read("/usr/etc/login.defs")
			}
			if err != nil {
				return nil, err
			}
			return parseLoginDefs(b), nil
		},
	}
}

// parseLoginDefs parses login.defs(5): a name and a value per line. The last setting of a name
// counts.
func parseLoginDefs(b []byte) loginSettings {
	all := make(loginSettings)
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		end := strings.IndexAny(line, " \t")
		if end < 0 || line[0] == '#' || len(all) >= source.MaxRows {
			continue
		}
		name := line[:end]
		all[name] = redact.Value(name, strings.Trim(strings.TrimSpace(line[end:]), `"`))
	}
	return all
}
