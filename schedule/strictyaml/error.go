package strictyaml

import (
	"strconv"
	"strings"
)

// An Error is something in a file that cannot be taken as it is.
type Error struct {
	// File as the caller named it.
	File string
	// Line from 1; 0 where the whole file is meant.
	Line int
	// Text says what is wrong, in one sentence without a full stop.
	Text string
	// Help is the next step; may be empty.
	Help string
	// Err is what lies below; may be nil.
	Err error
}

// Error is "file:line: text".
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Text
	}
	return e.File + ":" + strconv.Itoa(e.Line) + ": " + e.Text
}

// Hint is the next step; empty where there is none.
func (e *Error) Hint() string { return e.Help }

func (e *Error) Unwrap() error { return e.Err }

// UnknownKey is the error for a key that is none of known; its hint is the near one, or all of them.
func UnknownKey(file string, f Field, known []string) *Error {
	help := "the keys are " + strings.Join(known, ", ")
	if near := Nearest(f.Key, known); near != "" {
		help = "did you mean " + strconv.Quote(near) + "?"
	}
	return &Error{File: file, Line: f.Line, Text: "unknown key " + QuoteKey(f.Key), Help: help}
}

// maxQuotedKey bounds what an error repeats of a key.
const maxQuotedKey = 64

// QuoteKey quotes a key for an error. Of a key of several words only the first is shown: such a key is
// most often a line of another syntax, and the rest of it the value.
func QuoteKey(key string) string {
	short := key
	if i := strings.IndexAny(short, " \t\r\n"); i >= 0 {
		short = short[:i]
	}
	if len(short) > maxQuotedKey {
		short = strings.ToValidUTF8(short[:maxQuotedKey], "")
	}
	if short != key {
		short += "…"
	}
	return strconv.Quote(short)
}
