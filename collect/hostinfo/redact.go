package hostinfo

import "regexp"

// Redacted stands where a secret stood.
const Redacted = "[redacted]"

// Redact takes what looks like a secret out of a text that may hold anything: the value behind a name that
// speaks of one (password=…, --token …, -psecret of mysql), the user's part of an address (user:pw@host),
// authorization headers, PEM blocks, hashes as crypt(5) writes them.
func Redact(s string) string {
	for _, p := range secretPatterns() {
		s = p.form.ReplaceAllString(s, p.with)
	}
	return s
}

type secretPattern struct {
	form *regexp.Regexp
	with string
}

// secretPatterns are compiled when they are first wanted: a program that asks for no host information does
// not pay for them.
func secretPatterns() []secretPattern {
	const name = `(?i)([\w.-]*(?:passw(?:or)?d|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential|auth[_-]?key|session[_-]?key|salt)[\w.-]*`
	return []secretPattern{
		{regexp.MustCompile(`(?s)-----BEGIN [A-Z0-9 ]*-----.*?(?:-----END [A-Z0-9 ]*-----|\z)`), Redacted},
		{regexp.MustCompile(`([a-zA-Z][a-zA-Z0-9+.-]*://)[^\s/@"']+@`), "${1}" + Redacted + "@"},
		{regexp.MustCompile(`(?i)((?:proxy-)?authorization["']?\s*[:=]\s*)[^\r\n"']+`), "${1}" + Redacted},
		{regexp.MustCompile(name + `["']?\s*(?:=>|[:=])\s*)(?:"[^"]*"|'[^']*'|[^\s,;"']+)`), "${1}" + Redacted},
		{regexp.MustCompile(name + `["']?\s+)(?:"[^"]*"|'[^']*'|[^\s,;"']+)`), "${1}" + Redacted},
		{regexp.MustCompile(`\$(?:[1-9a-z]{1,8}|y|gy|7)\$[./A-Za-z0-9$,=+-]{8,}`), Redacted},
	}
}
