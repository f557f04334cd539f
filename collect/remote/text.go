package remote

import (
	"strings"
	"unicode/utf8"
)

// cut is the beginning of text, at most n bytes, as valid UTF-8 that ends where a character does. What is not
// UTF-8 in it is the replacement character.
func cut(text string, n int) string {
	if len(text) > n {
		for n > 0 && !utf8.RuneStart(text[n]) {
			n--
		}
		text = text[:n]
	}
	text = strings.ToValidUTF8(text, string(utf8.RuneError))
	if len(text) > n { // a stray byte became three
		return cut(text, n)
	}
	return text
}
