package plugin

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"virgo/schedule"
)

// Bounds of what a plugin is told in its environment. Windows takes 32,767 characters a variable,
// Linux 128 KiB; a check's details, twice, stay far below what Linux takes in all.
const (
	maxVariableBytes = 32_000   // name and value
	maxDetailsBytes  = 64 << 10 // of all details together
)

// ownPrefix begins the agent's own variables. Settings and the token are among them, so a plugin
// inherits none; it gets its check under this prefix instead.
const ownPrefix = "VIRGO_"

// oldPrefix begins the variables of the existing agent.
const oldPrefix = "RAX_"

// runVariable is set to a value that no other run of a plugin has, so that its processes are found
// again whatever they did to their parentage.
const runVariable = ownPrefix + "PLUGIN_RUN"

// environment is what a plugin finds: base without the agent's secrets, then the check. mark is the one
// variable, as it stands in the environment, that tells this run's processes from all others.
//
// A detail's key is in upper case, with "_" for everything but letters A to Z, digits and "_"; of two
// that become one name the later in byte order stands. A list or an object is JSON.
func environment(base []string, c schedule.Check) (env []string, mark string, err error) {
	env = make([]string, 0, len(base)+8+2*len(c.Details))
	for _, kv := range base {
		if !secret(kv) && strings.IndexByte(kv, 0) < 0 {
			env = append(env, kv)
		}
	}
	add := func(name, value string) {
		env = append(env, oldPrefix+name+"="+value, ownPrefix+name+"="+value)
	}
	add("CHECK_ID", c.ID)
	add("CHECK_PERIOD", strconv.FormatInt(int64(c.Period/time.Second), 10))
	add("CHECK_TYPE", c.Type)
	total, names := 0, make(map[string]int)
	for _, key := range c.Details.Keys() {
		value, err := detailText(c.Details, key)
		if err != nil {
			return nil, "", err
		}
		name := variableName(key)
		total += len(name) + len(value)
		if len(name)+len(value) > maxVariableBytes || total > maxDetailsBytes {
			return nil, "", failed("detail %.64q: %d bytes are too long for a plugin's environment", key, len(key)+len(value))
		}
		if at, double := names[name]; double {
			env[at], env[at+1] = oldPrefix+name+"="+value, ownPrefix+name+"="+value
			continue
		}
		names[name] = len(env)
		add(name, value)
	}
	var random [8]byte
	rand.Read(random[:]) // never fails
	mark = runVariable + "=" + hex.EncodeToString(random[:])
	return append(env, mark), mark, nil
}

// secret reports whether a variable may carry what is the agent's alone, or stands for a check that is
// not this one. Windows does not tell names by case.
func secret(kv string) bool {
	name, _, _ := strings.Cut(kv, "=")
	name = strings.ToUpper(name)
	return strings.HasPrefix(name, ownPrefix) ||
		strings.HasPrefix(name, oldPrefix+"CHECK_") ||
		strings.HasPrefix(name, oldPrefix+"DETAILS_") ||
		name == "CREDENTIALS_DIRECTORY" // systemd.exec(5), where the token may lie
}

// variableName is the environment's name for a detail, without its prefix.
func variableName(key string) string {
	b := []byte("DETAILS_" + key)
	for i, c := range b {
		switch {
		case 'a' <= c && c <= 'z':
			b[i] = c - 'a' + 'A'
		case 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_':
		default:
			b[i] = '_'
		}
	}
	return string(b)
}

func detailText(d schedule.Details, key string) (string, error) {
	text, ok := d.Text(key)
	if !ok && d[key] != nil {
		b, err := json.Marshal(d[key])
		if err != nil {
			return "", failed("detail %.64q: it cannot be written as JSON", key)
		}
		text = string(b)
	}
	if strings.IndexByte(text, 0) >= 0 {
		return "", failed("detail %.64q: it holds a NUL byte", key)
	}
	return text, nil
}
