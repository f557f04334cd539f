package yaml

import (
	"strconv"
	"strings"

	"virgo/schedule/shorttext"
)

// An Error describes a mistake in a file.
type Error struct {
	// File is the name that the caller passed.
	File string
	// Line is the line number, from 1; 0 means the whole file.
	Line int
	// Column counts characters from 1; 0: unknown.
	Column int
	// Text describes the mistake in one sentence, without a full stop.
	Text string
	// Help is the next step; may be empty.
	Help string
	// Err is the wrapped error; may be nil.
	Err error
}

// Error returns "file:line: text".
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Text
	}
	return e.File + ":" + strconv.Itoa(e.Line) + ": " + e.Text
}

// Position returns "file:line:column: text", for people who go through all mistakes of a file.
func (e *Error) Position() string {
	if e.Line == 0 || e.Column == 0 {
		return e.Error()
	}
	return e.File + ":" + strconv.Itoa(e.Line) + ":" + strconv.Itoa(e.Column) + ": " + e.Text
}

// Hint returns the next step; empty where there is none.
func (e *Error) Hint() string { return e.Help }

func (e *Error) Unwrap() error { return e.Err }

// UnknownKey returns the error for a key that is not known; its hint is the nearest key, or all keys.
func UnknownKey(file string, f Field, known []string) *Error {
	help := "the keys are " + strings.Join(known, ", ")
	if near := shorttext.Nearest(f.Key, known); near != "" {
		help = "did you mean " + strconv.Quote(near) + "?"
	}
	return &Error{File: file, Line: f.Line, Text: "unknown key " + QuoteKey(f.Key), Help: help}
}

// maxQuotedKey bounds the bytes of a key in an error.
const maxQuotedKey = 64

// QuoteKey quotes a key for an error. If the key has several words, it quotes only the first: such
// a key is usually a line in another syntax, and the other words are its value.
func QuoteKey(key string) string {
	short := key
	if i := strings.IndexAny(short, " \t\r\n"); i >= 0 {
		short = short[:i]
	}
	if len(short) > maxQuotedKey {
		short = shorttext.Truncate(short, maxQuotedKey)
	}
	if short != key {
		short += "…"
	}
	return strconv.Quote(short)
}
