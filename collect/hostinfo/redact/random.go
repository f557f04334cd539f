package redact

import (
	"strings"
	"unicode"
)

// Lengths from which a run of letters and digits is a secret by its looks alone.
const (
	minMixed     = 8  // letters of both cases, with digits among them
	minAlternate = 8  // letters and digits in turns, as in 6f3a1c5e; three turns have names: sntrup761x25519
	minUpper     = 16 // the same without lower case: models of devices have that (KXG60ZNV512G)
	minLong      = 20 // letters and digits
	minCases     = 16 // letters of both cases in turns
	minHuge      = 40 // letters of both cases
)

// looksRandom reports whether a part of a word looks like a password or a token. A word's parts are its
// runs of letters and digits.
func looksRandom(word string) bool {
	for part := range strings.FieldsFuncSeq(word, func(r rune) bool { return !isAlphanumeric(r) }) {
		if randomPart(part) {
			return true
		}
	}
	return false
}

func randomPart(s string) bool {
	lower, upper, digits, turns, cases := 0, 0, 0, 0, 0
	last := 'a'
	for i, r := range strings.TrimRight(s, "0123456789") {
		switch {
		case unicode.IsDigit(r):
			digits++
		case unicode.IsUpper(r):
			upper++
		default:
			lower++
		}
		if i > 0 {
			if unicode.IsDigit(r) != unicode.IsDigit(last) {
				turns++
			}
			if unicode.IsUpper(r) != unicode.IsUpper(last) {
				cases++
			}
		}
		last = r
	}
	trailing := len(s) - len(strings.TrimRight(s, "0123456789"))
	letters := lower + upper
	switch {
	case letters == 0:
		return false // a number
	case digits > 0 && lower > 0 && upper > 0 && len(s) >= minMixed:
		return true
	case digits > 0 && turns+min(trailing, 1) >= 4 && (lower > 0 && len(s) >= minAlternate || len(s) >= minUpper):
		return true
	case digits+trailing > 0 && len(s) >= minLong:
		return true
	}
	return cases >= 6 && len(s) >= minCases || upper > 0 && lower > 0 && len(s) >= minHuge
}

func isAlphanumeric(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// minPhrase is how many plain words of lower case in a row are a phrase that stands for a key (BIP 39 has
// 12 and more).
const minPhrase = 11

// isPhraseWord reports whether a word may be one of such a phrase: three to eight letters.
func isPhraseWord(w string) bool {
	if len(w) < 3 || len(w) > 8 {
		return false
	}
	for i := range len(w) {
		if w[i] < 'a' || w[i] > 'z' {
			return false
		}
	}
	return true
}
