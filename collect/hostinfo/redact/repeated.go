package redact

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
)

const (
	// maxHidden bounds the secrets of one text whose repetitions are searched, and so the time.
	maxHidden = 16
	// minWord is from how many bytes on a repetition is removed where it is a word of its own, and
	// minPart where it is a part of one. A shorter secret may be anything.
	minWord, minPart = 5, 8
)

// hide notes a secret that was removed from a text.
func (r *redactor) hide(secret string) {
	if r.hidden == nil {
		return
	}
	for _, s := range secretsIn(secret) {
		if len(s) >= minWord && len(*r.hidden) < maxHidden && !slices.Contains(*r.hidden, s) {
			*r.hidden = append(*r.hidden, s)
		}
	}
}

// secretsIn returns what may be repeated of a text that was removed: the text, the password of
// user:password, the credentials of an HTTP header, and what they are without their encoding.
func secretsIn(text string) []string {
	text = strings.Trim(text, "\"'` ,;")
	if text == "" || strings.Contains(text, Mark) {
		return nil
	}
	all := []string{text}
	if scheme, credentials, ok := strings.Cut(text, " "); ok && isAuthScheme(scheme) {
		text = strings.TrimSpace(credentials)
		all = append(all, text)
	}
	if decoded, err := base64.StdEncoding.DecodeString(text); err == nil && isPrintable(decoded) {
		text = string(decoded)
	}
	if _, password, ok := strings.Cut(text, ":"); ok && !strings.HasPrefix(password, "//") {
		all = append(all, password)
	} else if ok || strings.Contains(text, "@") { // a user alone, or an address, is no secret
		return all
	}
	for _, s := range all {
		if decoded, err := url.QueryUnescape(s); err == nil && decoded != s {
			all = append(all, decoded)
		}
	}
	return all
}

// isAuthScheme reports whether a header's value begins with the word before credentials.
func isAuthScheme(word string) bool {
	return slices.Contains([]string{"basic", "bearer", "token"}, strings.ToLower(word))
}

func isPrintable(b []byte) bool {
	return len(b) > 0 && !slices.ContainsFunc(b, func(c byte) bool { return c < ' ' || c > '~' })
}

// redactRepeated removes the secrets that were hidden in a text where they are in it again: without
// a name before them, or in another encoding.
func (r *redactor) redactRepeated(s string) string {
	if r.hidden == nil {
		return s
	}
	// A secret must not be removed within a longer one.
	var forms []string
	for _, secret := range *r.hidden {
		forms = append(forms, secret, url.QueryEscape(secret), url.PathEscape(secret),
			base64.StdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret)))
	}
	slices.SortStableFunc(forms, func(a, b string) int { return len(b) - len(a) })
	for _, form := range slices.Compact(forms) {
		s = replaceWord(s, form)
	}
	return s
}

// replaceWord replaces a secret by Mark, unless it is short and a part of a word.
func replaceWord(s, secret string) string {
	if !strings.Contains(s, secret) {
		return s
	}
	var b strings.Builder
	for {
		i := strings.Index(s, secret)
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		end := i + len(secret)
		part := i > 0 && isWordCharacter(s[i-1]) && isWordCharacter(secret[0]) ||
			end < len(s) && isWordCharacter(s[end]) && isWordCharacter(secret[len(secret)-1])
		inMark := strings.Contains(Mark, secret) && strings.Contains(s[max(0, i-len(Mark)):min(len(s), end+len(Mark))], Mark)
		b.WriteString(s[:i])
		if inMark || part && len(secret) < minPart {
			b.WriteString(secret)
		} else {
			b.WriteString(Mark)
		}
		s = s[end:]
	}
}

func isWordCharacter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}
