package transport

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// A Frame is one line of the protocol: a request where Method is set, a response where it is empty.
type Frame struct {
	// V is the protocol's version; empty is written as [Version].
	V string
	// ID of the request, and of the response to it.
	ID ID
	// HasID is false only in a response that reports an error and names no request. A reader sets it;
	// a writer leaves the id out where it is false and Error is set.
	HasID bool
	// Source and Target name the two ends ("endpoint", an agent's guid); empty where absent.
	Source, Target string
	// Method makes the frame a request.
	Method string
	// Params of a request and Result of a response, opaque JSON; nil where absent, and null is absent.
	Params, Result json.RawMessage
	// Error of a response; nil where all went well.
	Error *Error
}

// IsRequest says whether the frame asks for something.
func (f *Frame) IsRequest() bool { return f.Method != "" }

// A FrameError is returned when a line is no frame. It is [ErrProtocol] to errors.Is. Unless the line
// was too long, the reader stands at the start of the next one.
type FrameError struct {
	// Reason in one sentence; names the byte or the field.
	Reason string
}

// Error gives the reason.
func (e *FrameError) Error() string { return "bad frame: " + e.Reason }

// Unwrap gives ErrProtocol.
func (e *FrameError) Unwrap() error { return ErrProtocol }

// names remembers the last text of each field, so that a session's frames do not allocate them anew.
type names struct{ v, source, target, method string }

// parseFrame reads a line. The frame's Params and Result are within it; commas too many are mended in
// place.
func parseFrame(line []byte, seen *names) (Frame, error) {
	var f Frame
	if first := bytes.TrimLeft(line, " \t\r"); len(first) == 0 || first[0] != '{' {
		return f, &FrameError{Reason: fmt.Sprintf("not a JSON object but %.40q", line)}
	}
	var have fields
	_, err := scan(line, MaxDepth, true, func(key, value []byte) error {
		return f.set(&have, seen, key, value)
	})
	if err == nil {
		err = f.complete(&have)
	}
	if err != nil {
		return Frame{}, &FrameError{Reason: err.Error()}
	}
	return f, nil
}

// fields is the set of those that a line has, null or not.
type fields uint16

const (
	fieldV fields = 1 << iota
	fieldID
	fieldSource
	fieldTarget
	fieldMethod
	fieldParams
	fieldResult
	fieldError
)

// fieldOf gives a key's field, 0 for one that is unknown.
func fieldOf(key []byte) fields {
	name := key[1 : len(key)-1]
	if bytes.IndexByte(name, '\\') >= 0 { // "id" may be written "\u0069d"
		s, err := text(key, "")
		if err != nil {
			return 0
		}
		name = []byte(s)
	}
	switch string(name) {
	case "v":
		return fieldV
	case "id":
		return fieldID
	case "source":
		return fieldSource
	case "target":
		return fieldTarget
	case "method":
		return fieldMethod
	case "params":
		return fieldParams
	case "result":
		return fieldResult
	case "error":
		return fieldError
	}
	return 0
}

func (f *Frame) set(have *fields, seen *names, key, value []byte) (err error) {
	field := fieldOf(key)
	if field == 0 {
		return nil
	}
	if *have&field != 0 {
		return fmt.Errorf("field %s stands twice", key)
	}
	*have |= field
	if isNull(value) {
		return nil
	}
	switch field {
	case fieldV:
		f.V, err = nameOf(value, &seen.v)
	case fieldID:
		f.ID, err = parseID(value)
		f.HasID = err == nil
	case fieldSource:
		f.Source, err = nameOf(value, &seen.source)
	case fieldTarget:
		f.Target, err = nameOf(value, &seen.target)
	case fieldMethod:
		f.Method, err = nameOf(value, &seen.method)
		if err == nil && f.Method == "" {
			err = errors.New("empty")
		}
	case fieldParams:
		f.Params = value
	case fieldResult:
		f.Result = value
	case fieldError:
		f.Error, err = parseError(value)
	}
	if err != nil {
		return fmt.Errorf("field %s: %w", key, err)
	}
	return nil
}

func (f *Frame) complete(have *fields) error {
	switch {
	case f.V == "":
		return errors.New(`field "v" is missing`)
	case !f.HasID && (f.IsRequest() || f.Error == nil):
		return errors.New(`field "id" is missing`)
	case f.IsRequest() && *have&(fieldResult|fieldError) != 0 && (f.Result != nil || f.Error != nil):
		return errors.New("a request with a result")
	}
	return nil
}

func isNull(value []byte) bool { return string(value) == "null" }

var errNotText = errors.New("not a string")

// text decodes a JSON string. Where it equals last, that is given and nothing is allocated. Bytes that
// are no UTF-8 become U+FFFD.
func text(raw []byte, last string) (string, error) {
	if len(raw) < 2 || raw[0] != '"' {
		return "", errNotText
	}
	inner := raw[1 : len(raw)-1]
	if string(inner) == last {
		return last, nil
	}
	if bytes.IndexByte(inner, '\\') < 0 {
		return strings.ToValidUTF8(string(inner), "\uFFFD"), nil
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return "", errNotText
	}
	return s, nil
}

// nameOf decodes a name, which is bounded by what it comes to: an escape is shorter then, and U+FFFD in the place of a
// byte longer.
func nameOf(raw []byte, last *string) (string, error) {
	const escaped = len(`\u0000`)
	if len(raw) <= escaped*MaxNameBytes+2 {
		s, err := text(raw, *last)
		if err == nil && len(s) <= MaxNameBytes && bytes.IndexByte(raw, '\\') < 0 {
			*last = s
		}
		if err != nil || len(s) <= MaxNameBytes {
			return s, err
		}
	}
	return "", fmt.Errorf("longer than %d bytes", MaxNameBytes)
}

// words makes a foreign text fit to be shown: at most limit bytes, cut between runes, nothing that a terminal
// obeys (control characters, line separators, and what turns the direction of the text after it: UAX #9).
func words(s string, limit int) string {
	if len(s) > limit {
		for limit > 0 && !utf8.RuneStart(s[limit]) {
			limit--
		}
		s = s[:limit]
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || 0x7f <= r && r < 0xa0 || 0x2028 <= r && r <= 0x202e || 0x2066 <= r && r <= 0x2069 {
			return ' '
		}
		return r
	}, s)
}
