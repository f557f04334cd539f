package redact

import (
	"net/netip"
	"strings"
	"unicode"
)

// plainBytes are those of names of hosts, files and options.
const plainBytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+-"

// Value returns the value of a setting, of which only what says nothing secret is shown: numbers, plain
// words, paths, addresses of hosts. Other words are [Mark]. By the setting's name all of it may be.
func Value(name, value string) string {
	if IsSecret(name, value) {
		return Mark
	}
	value = Truncate(value, MaxExcerpt)
	if isPhrase(value) {
		return Mark
	}
	var b strings.Builder
	t := names()
	hide := false
	for value != "" {
		word, rest := cutWord(value)
		shown, secret := t.valueWord(word)
		if hide && !t.isHarmless("password", word) {
			shown = Mark
		}
		b.WriteString(shown)
		separator := len(rest) - len(strings.TrimLeft(rest, valueSeparators))
		b.WriteString(rest[:separator])
		value = rest[separator:]
		hide = secret && word != "" || hide && word == ""
	}
	return b.String()
}

// valueSeparators separate the words of a value.
const valueSeparators = " \t\r\n,;|&~!\"'`()[]{}<>"

func cutWord(s string) (word, rest string) {
	if i := strings.IndexAny(s, valueSeparators); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

// valueWord returns a word of a value; next means that the word after it is a secret.
func (t *nameTable) valueWord(w string) (shown string, next bool) {
	if scheme, rest, ok := urlAt(w); ok && scheme == 0 {
		return shortURL(w[:strings.IndexAny(w, ":%")], w[rest:]), false
	}
	if name, value, ok := strings.Cut(w, "="); ok && name != "" {
		switch {
		case strings.Trim(name, plainBytes+":/%@*?$") != "" || looksRandom(name):
			return Mark, false
		case t.isSecret(name) && !t.isHarmless(name, value):
			return name + "=" + Mark, value == ""
		}
		shown, _ := t.valueWord(value)
		return name + "=" + shown, false
	}
	if !isPlainValue(w) {
		return Mark, false
	}
	return w, t.isSecret(strings.Trim(w, ":-")) && (strings.HasSuffix(w, ":") || strings.HasPrefix(w, "-"))
}

// isPlainValue reports whether a word says nothing secret: a number with a unit, an address, a word, a
// path, name@host, type:path.
func isPlainValue(w string) bool {
	if w == "" || isAddress(w) {
		return true
	}
	if looksRandom(w) {
		return false
	}
	for _, r := range w {
		if !unicode.IsLetter(r) && !strings.ContainsRune(plainBytes+"/:%@*?$^#=\\", r) {
			return false
		}
	}
	// a:b is a host or a type, and what follows it a port, a path or a keyword; user:password@host is not.
	if host, module, ok := strings.Cut(w, "::"); ok && host != "" { // of rsync
		return !strings.ContainsAny(host+module, ":@")
	}
	before, after, ok := strings.Cut(w, ":")
	if !ok || after == "" || before == "" {
		return true
	}
	if strings.HasPrefix(w, "/") && strings.Count(w, ":") == strings.Count(w, ":/") { // paths
		return !strings.Contains(w, "@")
	}
	if strings.ContainsAny(after, ":@") && !isClock(w) {
		return false
	}
	return isNumber(after) || strings.HasPrefix(after, "/") || isNumber(before)
}

func isAddress(w string) bool {
	w = strings.Trim(w, "[]")
	if _, err := netip.ParseAddr(w); err == nil {
		return true
	}
	if _, err := netip.ParsePrefix(w); err == nil {
		return true
	}
	_, err := netip.ParseAddrPort(w)
	return err == nil
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789*-/") == "" }

// isClock reports whether a word is numbers with colons between: 12:30:00, a range of ports.
func isClock(s string) bool { return strings.Trim(s, "0123456789:") == "" }

// isPhrase reports whether a value is a phrase that stands for a key.
func isPhrase(value string) bool {
	n := 0
	for w := range strings.FieldsSeq(value) {
		if !isPhraseWord(strings.Trim(w, `"',`)) {
			n = 0
			continue
		}
		if n++; n >= minPhrase {
			return true
		}
	}
	return false
}
