package hostinfo

import (
	"slices"
	"strings"
)

// nameLetters make up a name.
const nameLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"

func isNameLetter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '.' || c == '-'
}

// redactNamed takes out the values behind names that speak of a secret.
func redactNamed(s string) string {
	var b strings.Builder
	kept := 0 // everything before it is in b
	for i := 0; i < len(s); {
		if !isNameLetter(s[i]) {
			i++
			continue
		}
		end := i
		for end < len(s) && isNameLetter(s[end]) {
			end++
		}
		name := s[i:end]
		next := end
		if secretName(name) {
			if from, to := valueOf(s, i, end); from < to && !harmless(name, s[from:to]) {
				b.WriteString(s[kept:from])
				b.WriteString(Redacted)
				kept, next = to, to
			}
		}
		i = next
	}
	if kept == 0 {
		return s
	}
	b.WriteString(s[kept:])
	return b.String()
}

// valueOf finds the value that belongs to the name at s[start:end], without its quotes. from == to: none.
func valueOf(s string, start, end int) (from, to int) {
	i := end
	quoted := i < len(s) && (s[i] == '"' || s[i] == '\'')
	for i < len(s) && (s[i] == '"' || s[i] == '\'' || s[i] == '\\' || s[i] == ']' || s[i] == '>') {
		i++ // $conf['password'] = …, "password": …, \"password\":…, <password>…
	}
	tag := i > end && s[i-1] == '>'
	i = skipBlanks(s, i)
	switch {
	case tag && !strings.HasPrefix(s[i:], "="):
	case i < len(s) && (s[i] == '=' || s[i] == ':'):
		if s[i] == ':' && start > 0 && s[start-1] == '/' && i+1 < len(s) && (s[i+1] == ' ' || s[i+1] == '/') {
			return 0, 0 // "/etc/passwd: permission denied" and -v /run/secret:/run/secret name a file
		}
		for i < len(s) && (s[i] == '=' || s[i] == ':' || s[i] == '>') {
			i++
		}
	case quoted && i < len(s) && s[i] == ',': // define('DB_PASSWORD', '…')
		i++
	case i > end && !quoted && spaceGivesValue(s, start, end, i):
	default:
		return 0, 0
	}
	i = skipBlanks(s, i)
	if i+1 < len(s) && s[i] == '\\' && (s[i+1] == '"' || s[i+1] == '\'') { // in a quoted text
		if n := strings.Index(s[i+2:], s[i:i+2]); n >= 0 {
			return i + 2, i + 2 + n
		}
		return i + 2, len(s)
	}
	return valueAt(s, i)
}

func skipBlanks(s string, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\t') {
		i++
	}
	return i
}

// spaceGivesValue says whether a blank is enough between the name and what begins at value: behind a flag, behind
// a directive that has nothing else, and in a line of two words. In a sentence it is not.
func spaceGivesValue(s string, start, end, value int) bool {
	if s[start] == '-' {
		rest, _, _ := strings.Cut(s[value:], " ")
		return !isFlag(rest)
	}
	const nearby = 128
	line := s[max(0, start-nearby):start]
	line = line[strings.LastIndexByte(line, '\n')+1:]
	if strings.Contains(line, "login ") && strings.EqualFold(s[start:end], "password") { // netrc(5)
		return true
	}
	switch line = strings.ToLower(strings.Trim(line, " \t")); line {
	case "":
	case "setenv", "set", "export", "env", "fastcgi_param", "uwsgi_param", "proxy_set_header", "php_value", "php_admin_value", "option":
		return true
	default:
		return false
	}
	if slices.Contains(directives(), strings.ToLower(s[start:end])) {
		return true
	}
	behind := value
	for behind < len(s) && strings.IndexByte(" \t\r\n", s[behind]) < 0 {
		behind++
	}
	behind = skipBlanks(s, behind)
	return behind > value && (behind == len(s) || s[behind] == '\n' || s[behind] == '\r')
}

// directives take a secret as the first word behind them.
func directives() []string {
	return []string{"requirepass", "masterauth", "rocommunity", "rwcommunity", "rocommunity6", "rwcommunity6", "community", "secret", "psk"}
}

// valueAt gives the extent of the value that begins at i: what is in quotes, or up to a blank, or up to a
// comma, semicolon or ampersand that the next name=value follows.
func valueAt(s string, i int) (from, to int) {
	if i < len(s) && (s[i] == '"' || s[i] == '\'' || s[i] == '`') {
		quote := s[i]
		for j := i + 1; j < len(s); j++ {
			switch s[j] {
			case '\\':
				j++
			case quote:
				if j+1 == len(s) || strings.IndexByte(" \t\r\n,;)]}>&|", s[j+1]) >= 0 {
					return i + 1, j
				}
				// 'it'"'"'s' goes on behind its quote.
				_, to = bareValue(s, j+1)
				return i, to
			}
		}
		return i + 1, len(s)
	}
	return bareValue(s, i)
}

func bareValue(s string, i int) (from, to int) {
	j := i
	if strings.HasPrefix(s[i:], Redacted) {
		j += len(Redacted) // what stands there already is one, with its brackets
	}
	for ; j < len(s); j++ {
		switch s[j] {
		case ' ', '\t', '\r', '\n':
			return i, j
		case ',', ';', '&', '"', '\'', ')', '}', ']', '<', '|', '\\':
			ends, behind := endsValue(s, j)
			if ends {
				return i, j
			}
			j = max(j, behind-1) // the signs in a row say the same
		}
	}
	return i, len(s)
}

// endsValue says whether the sign at s[j] ends a value, because nothing or another name=value comes behind it and the
// signs that follow it up to behind.
func endsValue(s string, j int) (ends bool, behind int) {
	k := j
	for k < len(s) && strings.IndexByte(",;&\"')}]|\\", s[k]) >= 0 {
		k++
	}
	if k == len(s) || s[k] == ' ' || s[k] == '\t' || s[k] == '\r' || s[k] == '\n' || s[k] == '<' {
		return true, k
	}
	name := k
	for k < len(s) && k-name < 64 && isNameLetter(s[k]) {
		k++
	}
	return k > name && k < len(s) && (s[k] == '=' || s[k] == ':'), name
}
