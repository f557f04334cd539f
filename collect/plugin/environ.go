package plugin

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"virgo/schedule"
)

// Limits of the variables that describe the check. A variable may have 32,767 characters on Windows,
// and 128 KiB on Linux. A check's details, passed twice, stay far below the total limit of Linux.
const (
	maxVariableBytes = 32_000   // of one variable
	maxDetailsBytes  = 64 << 10 // of all details
)

// ownPrefix begins the agent's own variables. They may include the token; the check's variables have
// this prefix instead.
const ownPrefix = "VIRGO_"

// legacyPrefix begins the original agent's variables.
const legacyPrefix = "RAX_"

// runVariable has a value that is unique to the run. By it the agent finds processes that left the
// plugin's process group and whose parents have died.
const runVariable = ownPrefix + "PLUGIN_RUN"

// named returns the variables of environ that plugins inherit, which are no secrets. Whatever else a
// session of root, a crontab or a unit sets is not theirs.
func named(environ []string) []string {
	names := inheritedNames()
	var env []string
	for _, kv := range environ {
		name, _, ok := strings.Cut(kv, "=")
		if ok && strings.IndexByte(kv, 0) < 0 && slices.ContainsFunc(names, func(n string) bool { return sameName(n, name) }) {
			env = append(env, kv)
		}
	}
	return env
}

// withVariables returns env with the owner's variables, in place of those of the same name.
func withVariables(env, variables []string) []string {
	env = slices.Clip(env)
	for _, kv := range variables {
		name, _, _ := strings.Cut(kv, "=")
		env = slices.DeleteFunc(slices.Clone(env), func(old string) bool {
			oldName, _, _ := strings.Cut(old, "=")
			return sameName(oldName, name)
		})
		env = append(env, kv)
	}
	return env
}

// environment returns the plugin's variables: base without the agent's secrets, then the check's.
// mark is the entry "NAME=value" that only this run's processes have.
//
// In a detail's key, a to z become capitals and all else but letters, digits and "_" becomes "_".
// Of two keys that become one name, the later in byte order wins. A list or an object is written as
// JSON.
func environment(base []string, c schedule.Check) (env []string, mark string, err error) {
	env = make([]string, 0, len(base)+8+2*len(c.Details))
	for _, kv := range base {
		if !isSecret(kv) && strings.IndexByte(kv, 0) < 0 {
			env = append(env, kv)
		}
	}
	add := func(name, value string) {
		env = append(env, legacyPrefix+name+"="+value, ownPrefix+name+"="+value)
	}
	add("CHECK_ID", c.ID)
	add("CHECK_PERIOD", strconv.FormatInt(int64(c.Period/time.Second), 10))
	add("CHECK_TYPE", c.Type)
	total, names := 0, make(map[string]int)
	for _, key := range c.Details.Keys() {
		value, err := detailValue(c.Details, key)
		if err != nil {
			return nil, "", err
		}
		name := variableName(key)
		total += len(name) + len(value)
		if len(name)+len(value) > maxVariableBytes || total > maxDetailsBytes {
			return nil, "", failuref("detail %.64q: %d bytes are too long for a plugin's environment",
				key, len(key)+len(value))
		}
		if at, duplicate := names[name]; duplicate {
			env[at], env[at+1] = legacyPrefix+name+"="+value, ownPrefix+name+"="+value
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

// isSecret reports whether a variable may contain the agent's secrets, or describes another check.
// Names are compared without case, as Windows does.
func isSecret(kv string) bool {
	name, _, _ := strings.Cut(kv, "=")
	name = strings.ToUpper(name)
	return strings.HasPrefix(name, ownPrefix) ||
		strings.HasPrefix(name, legacyPrefix+"CHECK_") ||
		strings.HasPrefix(name, legacyPrefix+"DETAILS_") ||
		name == "CREDENTIALS_DIRECTORY" // systemd.exec(5); the token may be there
}

// variableName returns the name of a detail's variable, without the prefix.
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

func detailValue(d schedule.Details, key string) (string, error) {
	text, ok := d.Text(key)
	if !ok && d[key] != nil {
		b, err := json.Marshal(d[key])
		if err != nil {
			return "", failuref("detail %.64q: not representable as JSON", key)
		}
		text = string(b)
	}
	if strings.IndexByte(text, 0) >= 0 {
		return "", failuref("detail %.64q: a NUL byte is not allowed", key)
	}
	return text, nil
}
