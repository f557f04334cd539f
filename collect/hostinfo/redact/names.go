package redact

import (
	"slices"
	"strings"
	"sync"
)

// nameCharacters make up a name.
const nameCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"

// A nameTable lists the names whose values are secrets. A name is split into parts where its writer
// split it: the parts of DB_PASSWORD, dbPassword and db-password are db and password.
type nameTable struct {
	// words mean a secret anywhere in a name, with nothing between their parts.
	words []string
	// endings mean a secret as the last part of a name.
	endings []string
	// keyEndings, as the last part of a name, mean a key: a secret, or no more than a column of a
	// table.
	keyEndings []string
	// publicKeys are parts of the names of keys that are no secrets.
	publicKeys []string
	// harmlessEndings are last parts of names that speak about a secret and are none:
	// password_file.
	harmlessEndings []string
	// proxies are the servers of directives that pass requests on: proxy_pass, fastcgi_pass.
	proxies []string
	// harmlessValues reveal nothing, whatever the name.
	harmlessValues []string
	// pathEndings are last parts of names whose value, if it is a path, names the file of the
	// secret.
	pathEndings []string
}

// names returns the table.
var names = sync.OnceValue(func() *nameTable {
	return &nameTable{
		words: []string{
			"password", "passwd", "passphrase", "passwort", "secret", "token", "apikey", "accesskey", "privatekey",
			"credential", "authkey", "sessionkey", "sharedkey", "accountkey", "masterkey", "encryptionkey",
			"signingkey", "cryptkey", "appkey", "loggedinkey", "noncekey", "masterauth", "rocommunity",
			"rwcommunity", "mysqlpwd", "jwt", "setcookie", "authorization", "mnemonic",
			"requirepass", "webhook",
		},
		endings: []string{
			"auth", "pwd", "pw", "psk", "salt", "passcode", "userpwd", "otp", "totp", "sig", "signature", "sas",
			"bindpw", "rootpw", "community", "cookie", "session", "dsn", "seed", "nonce",
		},
		keyEndings: []string{"key", "keys", "encrypt"},
		publicKeys: []string{
			"public", "pub", "host", "foreign", "primary", "sort", "partition", "index", "trusted", "user", "authorized",
		},
		harmlessEndings: []string{
			"dir", "directory", "folder", "authentication", "policy", "length", "len", "min", "max",
			"expiry", "expires", "expire", "expiration", "timeout", "ttl", "age", "days", "lifetime", "type", "url",
			"uri", "endpoint", "enabled", "disabled", "required", "count", "limit", "size", "rotation", "prompt",
			"prompts", "attempts", "retries", "algorithm", "alg", "method", "manager", "provider", "plugin", "prefix",
			"header", "field", "name", "version", "format", "encryption", "storage", "quality", "complexity", "so",
			"service", "conf", "py", "php", "sh", "html",
			// Words that merely end in "pass".
			"bypass", "compass", "trespass", "overpass", "underpass", "onepass", "multipass", "encompass", "surpass",
		},
		proxies: []string{"proxy", "fastcgi", "uwsgi", "scgi", "grpc", "memcached"},
		harmlessValues: []string{
			"", "yes", "no", "true", "false", "on", "off", "none", "null", "nil", "enabled", "disabled", "required",
			"optional", "ro", "rw", "*", "x", "!", "!!", "!*", "-", "undefined", strings.ToLower(Mark),
		},
		pathEndings: []string{"key", "keys", "credential", "credentials", "pwd", "cookie", "token", "secret"},
	}
})

// isSecret reports whether the value of a setting, a variable, a flag or a field of that name is a
// secret, unless the value is harmless.
func (t *nameTable) isSecret(name string) bool {
	const maxName = 256
	parts := nameParts(name)
	if len(parts) == 0 || len(name) > maxName {
		return false
	}
	last := parts[len(parts)-1]
	if slices.Contains(t.harmlessEndings, last) {
		return false
	}
	if flat := strings.Join(parts, ""); t.hasSecretWord(flat) {
		return !strings.HasSuffix(flat, "file") && !strings.HasSuffix(flat, "path") && flat != "servertokens"
	}
	return slices.Contains(t.endings, last) || t.isKey(parts) ||
		strings.HasSuffix(last, "pass") && !t.passesRequestsOn(parts)
}

// hasSecretWord reports whether a word that means a secret is in a name whose parts were joined.
func (t *nameTable) hasSecretWord(flat string) bool {
	return slices.ContainsFunc(t.words, func(word string) bool { return strings.Contains(flat, word) })
}

// passesRequestsOn recognises the directives of web servers that pass requests on: proxy_pass,
// ProxyPass.
func (t *nameTable) passesRequestsOn(parts []string) bool {
	before := strings.TrimSuffix(parts[len(parts)-1], "pass")
	if before == "" && len(parts) > 1 {
		before = parts[len(parts)-2]
	}
	return slices.Contains(t.proxies, before) || slices.Contains(parts, "proxy")
}

// isKey reports whether a name means a key that may be a secret.
func (t *nameTable) isKey(parts []string) bool {
	return slices.Contains(t.keyEndings, parts[len(parts)-1]) &&
		!slices.ContainsFunc(parts, func(part string) bool { return slices.Contains(t.publicKeys, part) })
}

// isHarmless reports whether the value of a secret's name reveals nothing: it is empty, says yes or
// no, is the path of a file, or is too short for a key where the name is no more than that.
func (t *nameTable) isHarmless(name, value string) bool {
	value = strings.Trim(value, `"' `)
	if slices.Contains(t.harmlessValues, strings.ToLower(strings.TrimRight(value, ",;"))) {
		return true
	}
	parts := nameParts(name)
	if len(parts) == 0 {
		return false
	}
	last := parts[len(parts)-1]
	switch {
	case isPath(value):
		return slices.Contains(t.pathEndings, last)
	case last == "tokens" && strings.Trim(value, "0123456789,;") == "": // max_tokens=4096
		return true
	case last == "auth": // a flag or a mode, unless it has the form user:password
		return !strings.Contains(value, ":")
	}
	const minKey = 16 // bytes
	return len(value) < minKey && len(parts) == 1 && t.isKey(parts)
}

// nameParts splits a name in lower case. Digits at the end of a part are left out.
func nameParts(name string) []string {
	var parts []string
	from := 0
	split := func(to int) {
		if p := strings.TrimRight(name[from:to], "0123456789"); p != "" {
			parts = append(parts, strings.ToLower(p))
		}
	}
	for i := range len(name) {
		switch c := name[i]; {
		case c == '_' || c == '-' || c == '.' || c == ' ':
			split(i)
			from = i + 1
		case c >= 'A' && c <= 'Z' && i > from && name[i-1] >= 'a' && name[i-1] <= 'z':
			split(i)
			from = i
		}
	}
	split(len(name))
	return parts
}

// isPath distinguishes /etc/ssl/private/site.key from a password that begins with a slash.
func isPath(value string) bool {
	value = strings.TrimRight(value, ",;")
	return len(value) > 2 && value[0] == '/' && strings.IndexByte(value[1:], '/') > 0 &&
		strings.Trim(value, nameCharacters+"/@%*+") == ""
}
