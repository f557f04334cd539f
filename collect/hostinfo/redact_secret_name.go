package hostinfo

import (
	"slices"
	"strings"
)

// secretName says whether the value of a setting, a variable, a flag or a field of that name is a secret.
func secretName(name string) bool {
	parts := nameParts(name)
	if len(parts) == 0 || len(name) > 256 {
		return false
	}
	flat, last := strings.Join(parts, ""), parts[len(parts)-1]
	switch last {
	case "file", "path", "dir", "directory", "folder", "authentication", "policy", "length", "len", "min", "max", "expiry",
		"expires", "expire", "expiration", "timeout", "ttl", "age", "days", "lifetime", "type", "url", "uri", "endpoint",
		"enabled", "disabled", "required", "count", "limit", "size", "rotation", "prompt", "prompts", "attempts", "retries",
		"algorithm", "alg", "method", "manager", "provider", "plugin", "prefix", "header", "field", "name", "version",
		"format", "encryption", "storage", "quality", "complexity", "so", "service", "conf", "py", "php", "sh", "html":
		return false
	case "bypass", "compass", "trespass", "overpass", "underpass", "onepass", "multipass", "encompass", "surpass":
		return false
	case "auth":
		return true // harmless where no user's name stands before a colon
	case "pass", "pwd", "pw", "psk", "salt", "passcode", "userpwd", "userpass", "dbpass", "otp", "totp":
		return !passesOn(parts)
	case "sig", "signature", "sas", "bindpw", "rootpw":
		return true
	}
	for _, word := range secretWords() {
		if strings.Contains(flat, word) {
			return !strings.HasSuffix(flat, "file") && !strings.HasSuffix(flat, "path") && flat != "servertokens"
		}
	}
	return strings.HasSuffix(last, "pass") && !passesOn(parts) || keyName(parts) || last == "community" || last == "cookie" || name == "_auth" || strings.HasSuffix(name, "._auth")
}

// secretWords stand in the names of secrets, without what parts their words.
func secretWords() []string {
	return []string{
		"password", "passwd", "passphrase", "passwort", "secret", "token", "apikey", "accesskey", "privatekey", "credential",
		"authkey", "sessionkey", "sharedkey", "accountkey", "masterkey", "encryptionkey", "signingkey", "cryptkey", "appkey",
		"loggedinkey", "noncekey", "requirepass", "masterauth", "rocommunity", "rwcommunity", "mysqlpwd", "jwt", "setcookie",
	}
}

// passesOn tells the directives of web servers that pass requests on: proxy_pass, ProxyPass, fastcgi_pass.
func passesOn(parts []string) bool {
	last := parts[len(parts)-1]
	before := strings.TrimSuffix(last, "pass")
	if before == "" && len(parts) > 1 {
		before = parts[len(parts)-2]
	}
	return slices.Contains([]string{"proxy", "fastcgi", "uwsgi", "scgi", "grpc", "memcached"}, before) || slices.Contains(parts, "proxy")
}

// keyName says whether a name speaks of a key, which may be a secret or no more than a column of a table.
func keyName(parts []string) bool {
	last := parts[len(parts)-1]
	if last != "key" && last != "keys" && last != "encrypt" {
		return false
	}
	for _, p := range parts {
		switch p {
		case "public", "pub", "host", "foreign", "primary", "sort", "partition", "index", "trusted", "user", "authorized":
			return false
		}
	}
	return true
}

// nameParts splits a name where its writer did, in small letters: DB_PASSWORD, dbPassword, db-password.
// Digits at the end of a part do not count.
func nameParts(name string) []string {
	var parts []string
	from := 0
	cut := func(to int) {
		if p := strings.TrimRight(name[from:to], "0123456789"); p != "" {
			parts = append(parts, strings.ToLower(p))
		}
	}
	for i := range len(name) {
		switch c := name[i]; {
		case c == '_' || c == '-' || c == '.' || c == ' ':
			cut(i)
			from = i + 1
		case c >= 'A' && c <= 'Z' && i > from && name[i-1] >= 'a' && name[i-1] <= 'z':
			cut(i)
			from = i
		}
	}
	cut(len(name))
	return parts
}

// harmless says whether a value of a secret's name tells nothing: it is empty, says yes or no, is the path of
// a file, or belongs to a name that may be a secret's and is too short for a key.
func harmless(name, value string) bool {
	value = strings.Trim(value, `"' `)
	switch strings.ToLower(strings.TrimRight(value, ",;")) {
	case "", "yes", "no", "true", "false", "on", "off", "none", "null", "nil", "enabled", "disabled", "required", "optional",
		"ro", "rw", "*", "x", "!", "!!", "!*", "-", "undefined", strings.ToLower(Redacted):
		return true
	}
	parts := nameParts(name)
	last := ""
	if len(parts) > 0 {
		last = parts[len(parts)-1]
	}
	if isPath(value) {
		return slices.ContainsFunc([]string{"key", "keys", "credential", "credentials", "pwd", "oldpwd", "cookie", "token", "secret"},
			func(s string) bool { return s == last })
	}
	if last == "tokens" && strings.Trim(value, "0123456789,;") == "" {
		return true
	}
	if last == "auth" {
		return !strings.Contains(value, ":")
	}
	flat := strings.Join(parts, "")
	return keyName(parts) && len(value) < 16 && !slices.ContainsFunc(secretWords(), func(s string) bool { return strings.Contains(flat, s) })
}

// isPath tells /etc/ssl/private/site.key from a password that begins with a stroke.
func isPath(value string) bool {
	value = strings.TrimRight(value, ",;")
	return len(value) > 2 && value[0] == '/' && strings.IndexByte(value[1:], '/') > 0 && strings.Trim(value, nameLetters+"/@%*+") == ""
}
