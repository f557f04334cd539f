package redact

import "strings"

// Text returns a text for people (an error, a description) without what may be a secret:
//
//   - the value of a name that means a secret: password=…, "api_key": "…", --token …, requirepass …;
//   - the credentials after Bearer and Basic;
//   - of a URL all but its scheme and host;
//   - words that look random, blocks of PEM, hashes, phrases of many plain words.
//
// If in doubt it removes a word. Blanks stay as they are, and applying Text to its own result changes
// nothing.
func Text(s string) string {
	// What one pass removes may let another recognise what is around it.
	const maxPasses = 6
	for range maxPasses {
		shown := textOnce(s)
		if shown == s {
			break
		}
		s = shown
	}
	return s
}

func textOnce(s string) string {
	s = removePEM(s)
	var b strings.Builder
	for line := range strings.Lines(s) {
		end := len(strings.TrimRight(line, "\r\n"))
		b.WriteString(textLine(line[:end]))
		b.WriteString(line[end:])
	}
	return b.String()
}

// removePEM removes blocks of PEM, also one that is cut.
func removePEM(s string) string {
	const begin, end, dashes = "-----BEGIN ", "-----END ", "-----"
	if !strings.Contains(s, dashes) {
		return s
	}
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(s, begin)
		if i := strings.Index(before, end); i >= 0 { // its beginning was cut
			b.WriteString(Mark)
			before = before[i+len(end):]
			_, before, _ = strings.Cut(before, dashes)
		}
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		b.WriteString(Mark)
		_, rest, ok = strings.Cut(rest, end)
		if !ok {
			return b.String()
		}
		_, s, _ = strings.Cut(rest, dashes)
	}
}

// A lineReader hides secrets in one line, word by word.
type lineReader struct {
	names *nameTable
	words []string
	// hide: the next word is a secret, the value of name; quote: until the word that ends with it.
	hide  bool
	name  string
	quote string
}

func textLine(line string) string {
	if isPhrase(line) {
		return Mark
	}
	r := lineReader{names: names(), words: strings.FieldsFunc(line, isBlankRune)}
	var b strings.Builder
	at := 0
	for i, w := range r.words {
		from := at + strings.Index(line[at:], w)
		b.WriteString(line[at:from])
		b.WriteString(r.word(i, w))
		at = from + len(w)
	}
	b.WriteString(line[at:])
	return b.String()
}

func isBlankRune(r rune) bool { return r == ' ' || r == '\t' }

func (r *lineReader) word(i int, w string) string {
	switch {
	case r.quote != "":
		if strings.HasSuffix(strings.TrimRight(w, ",;)}]"), r.quote) {
			r.quote = ""
		}
		return Mark
	case r.hide && (w == "=" || w == "=>" || w == ":"):
		return w
	case r.hide:
		if r.hide = isScheme(w); r.hide {
			return w
		}
		return r.hidden(w)
	}
	if isScheme(strings.Trim(w, `"':=`)) && i+1 < len(r.words) {
		r.hide, r.name = looksLikeCredentials(r.words[i+1]), "password"
		return w
	}
	return r.inWord(i, w)
}

// hidden returns Mark in place of a value, with the quotes and the punctuation around it; a harmless
// value stays.
func (r *lineReader) hidden(value string) string {
	bare := strings.Trim(value, `\"'.,;()[]{}<>`)
	if bare == "" || bare == strings.Trim(Mark, "[]") || r.names.isHarmless(r.name, bare) {
		return value
	}
	if q := value[:1]; (q == `"` || q == `'`) && !strings.Contains(value[1:], q) {
		r.quote = q
	}
	return Mark
}

// inWord hides secrets within a word: the value of NAME=value, NAME:value, <NAME>value, a URL, what looks
// random.
func (r *lineReader) inWord(i int, w string) string {
	if scheme, rest, ok := urlAt(w); ok {
		head := w[:scheme]
		if at := strings.LastIndexAny(head, "=:"); at > 0 && r.names.isSecret(nameBefore(head[:at])) {
			return hideRandom(head[:at+1]) + Mark
		}
		tail := ""
		if end := strings.TrimRight(w, `"'.,;:)>]}`); len(end) > rest {
			tail = w[len(end):]
			w = end
		}
		return hideRandom(head) + shortURL(w[scheme:schemeEnd(w, scheme)], w[rest:]) + tail
	}
	for from := 0; from < len(w); {
		at := strings.IndexAny(w[from:], "=:>,%")
		if at < 0 {
			break
		}
		at += from
		name, value, separator := nameBefore(w[:at]), w[at+1:], w[at]
		if separator == '%' {
			if n := encodedSeparator(w[at:]); n > 0 {
				value = w[at+n:]
			} else {
				from = at + 1
				continue
			}
		}
		if name == "" || !r.names.isSecret(name) || separator == ',' && !strings.HasSuffix(w[:at], "'") && !strings.HasSuffix(w[:at], `"`) {
			from = at + 1
			continue
		}
		bare := strings.TrimLeft(value, "=:>")
		core := strings.Trim(bare, `\"'`)
		switch {
		case separator == ':' && strings.HasSuffix(strings.TrimSuffix(w[:at], name), "/"): // /etc/passwd:
			from = at + 1
			continue
		case core == "", isScheme(core):
			r.hide, r.name = true, name
			return w
		case r.names.isHarmless(name, strings.Trim(core, `.,;()`)):
			from = at + 1
			continue
		}
		if q := bare[:1]; (q == `"` || q == `'`) && !strings.Contains(bare[1:], q) {
			r.quote = q
		}
		return hideRandom(w[:len(w)-len(bare)]) + Mark
	}
	r.hide = r.takesNext(i, w)
	return hideRandom(w)
}

// hideRandom removes what looks random or is a hash from a word.
func hideRandom(w string) string {
	if w != Mark && (looksRandom(w) || isHash(w)) {
		return hideParts(w)
	}
	return w
}

// takesNext reports whether the word after this one is its value: --token, DB_PASSWORD, a line of two
// words, login bob password. In a sentence it is not.
func (r *lineReader) takesNext(i int, w string) bool {
	name := strings.Trim(w, `"'`)
	if i+1 >= len(r.words) || strings.Trim(name, plainBytes) != "" || !r.names.isSecret(name) || isFlag(r.words[i+1]) {
		return false
	}
	r.name = name
	return name[0] == '-' || strings.Contains(name, "_") || len(r.words) == 2 && i == 0 || i > 1 && r.words[i-2] == "login"
}

// isFlag distinguishes an option from a value, which may begin with a dash.
func isFlag(w string) bool { return strings.HasPrefix(w, "--") || len(w) == 2 && w[0] == '-' }

// nameBefore returns the name at the end of a text: before = or :, without quotes and brackets.
func nameBefore(s string) string {
	s = strings.TrimRight(s, "\"'\\]> ")
	return s[strings.LastIndexFunc(s, func(r rune) bool { return !strings.ContainsRune(plainBytes, r) })+1:]
}

// encodedSeparator returns the length of an encoded = or : at the beginning of s; else 0.
func encodedSeparator(s string) int {
	for _, encoded := range [...]string{"%3d", "%3a", "%253d", "%253a"} {
		if len(s) >= len(encoded) && strings.EqualFold(s[:len(encoded)], encoded) {
			return len(encoded)
		}
	}
	return 0
}

func schemeEnd(w string, from int) int { return from + strings.IndexAny(w[from:], ":%") }

// isScheme reports whether a word comes before the credentials of an HTTP header.
func isScheme(w string) bool { return strings.EqualFold(w, "Bearer") || strings.EqualFold(w, "Basic") }

// looksLikeCredentials distinguishes "Basic aGVsbG8=" from "basic authentication".
func looksLikeCredentials(w string) bool {
	return looksRandom(w) || strings.ContainsAny(w, "0123456789=:")
}

// isHash reports whether a word has the form of a hash of crypt(5), LDAP or MySQL.
func isHash(w string) bool {
	at := strings.IndexByte(w, '$')
	return at >= 0 && strings.Count(w[at:], "$") >= 3 || strings.HasPrefix(w, "{") && strings.Contains(w[1:], "}") && len(w) > 12
}

// hideParts removes the parts of a word that look random, with what joins them.
func hideParts(w string) string {
	if isHash(w) {
		if at := strings.IndexAny(w, "${"); at >= 0 {
			return w[:at] + Mark
		}
	}
	var b strings.Builder
	for w != "" {
		n := strings.IndexFunc(w, func(r rune) bool { return !isTokenRune(r) })
		if n < 0 {
			n = len(w)
		}
		if looksRandom(w[:n]) {
			b.WriteString(Mark)
		} else {
			b.WriteString(w[:n])
		}
		w = w[n:]
		if n = strings.IndexFunc(w, isTokenRune); n < 0 {
			n = len(w)
		}
		b.WriteString(w[:n])
		w = w[n:]
	}
	return b.String()
}

func isTokenRune(r rune) bool { return isAlphanumeric(r) || strings.ContainsRune("_-+=.", r) }
