package transport

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// A Frame is one line of the protocol: a request where Method is set, a response where it is empty.
type Frame struct {
	// V is the protocol's version; empty is written as [Version].
	V string
	// ID of the request, and of the response to it.
	ID ID
	// HasID is false only in a response that names no request. A Writer leaves the id out where HasID
	// is false and Error is set.
	HasID bool
	// Source and Target are "endpoint" or an agent's id; empty where absent.
	Source, Target string
	// Method makes the frame a request.
	Method string
	// Params of a request and Result of a response, opaque JSON; nil where absent, and null is
	// absent.
	Params, Result json.RawMessage
	// Error of a response; nil where all went well.
	Error *Error
}

// IsRequest reports whether the frame is a request.
func (f *Frame) IsRequest() bool { return f.Method != "" }

// A FrameError is returned when a line is not a frame. errors.Is finds [ErrProtocol]. Unless the
// line was too long, the Reader can go on with the next one.
type FrameError struct {
	// Reason names the byte or the field.
	Reason string
}

// Error returns the reason.
func (e *FrameError) Error() string { return "invalid frame: " + e.Reason }

// Unwrap returns ErrProtocol.
func (e *FrameError) Unwrap() error { return ErrProtocol }

// A fieldCache has the last text of each field, so that a session's frames do not allocate it anew.
type fieldCache struct{ v, source, target, method string }

// parseFrame reads a line. The frame's Params and Result are slices of it; trailing commas in it
// are overwritten.
func parseFrame(line []byte, seen *fieldCache) (Frame, error) {
	var f Frame
	if first := bytes.TrimLeft(line, " \t\r"); len(first) == 0 || first[0] != '{' {
		return f, &FrameError{Reason: fmt.Sprintf("not a JSON object: %.40q", line)}
	}
	var p parsing
	_, err := scan(line, MaxDepth, true, func(key, value []byte) error {
		return f.set(&p, seen, key, value)
	})
	if err == nil {
		err = f.check(&p)
	}
	if err != nil {
		return Frame{}, &FrameError{Reason: err.Error()}
	}
	return f, nil
}

// A parsing is what is known of a line beside its frame.
type parsing struct {
	present fieldSet
	idErr   error // why its id could not be read
}

// A fieldSet is the set of fields that a line has, null or not.
type fieldSet uint16

const (
	fieldV fieldSet = 1 << iota
	fieldID
	fieldSource
	fieldTarget
	fieldMethod
	fieldParams
	fieldResult
	fieldError
)

// fieldOf returns the field of a quoted key, 0 for an unknown one.
func fieldOf(key []byte) fieldSet {
	name := key[1 : len(key)-1]
	if bytes.IndexByte(name, '\\') >= 0 { // "id" may be written "\u0069d"
		s, err := parseString(key, "")
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

func (f *Frame) set(p *parsing, seen *fieldCache, key, value []byte) (err error) {
	field := fieldOf(key)
	if field == 0 {
		return nil
	}
	if p.present&field != 0 {
		return fmt.Errorf("duplicate field %s", key)
	}
	p.present |= field
	if isNull(value) {
		return nil
	}
	switch field {
	case fieldV:
		f.V, err = parseName(value, &seen.v)
	case fieldID:
		if f.ID, p.idErr = parseID(value); p.idErr == nil {
			f.HasID = true
		}
	case fieldSource:
		f.Source, err = parseName(value, &seen.source)
	case fieldTarget:
		f.Target, err = parseName(value, &seen.target)
	case fieldMethod:
		f.Method, err = parseName(value, &seen.method)
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

func (f *Frame) check(p *parsing) error {
	switch {
	case !f.IsRequest() && !f.HasID && f.Error == nil:
		return nil // it says nothing to anybody
	case f.V == "":
		return errors.New(`field "v" is missing`)
	case p.idErr != nil && f.IsRequest():
		return fmt.Errorf(`field "id": %w`, p.idErr)
	case !f.HasID && f.IsRequest():
		return errors.New(`field "id" is missing`)
	case f.IsRequest() && p.present&(fieldResult|fieldError) != 0 && (f.Result != nil || f.Error != nil):
		return errors.New("a request with a result or an error")
	}
	return nil
}

func isNull(value []byte) bool { return string(value) == "null" }

var errNotText = errors.New("not a string")

// parseString decodes a JSON string. Where it equals last, it returns last and allocates nothing.
// Bytes that are not UTF-8 become U+FFFD.
func parseString(raw []byte, last string) (string, error) {
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

// parseName decodes a name of at most MaxNameBytes, counted after decoding: an escape becomes
// shorter then, an invalid byte longer.
func parseName(raw []byte, last *string) (string, error) {
	const escaped = len(`\u0000`)
	if len(raw) <= escaped*MaxNameBytes+2 {
		s, err := parseString(raw, *last)
		if err == nil && len(s) <= MaxNameBytes && bytes.IndexByte(raw, '\\') < 0 {
			*last = s
		}
		if err != nil || len(s) <= MaxNameBytes {
			return s, err
		}
	}
	return "", fmt.Errorf("longer than %d bytes", MaxNameBytes)
}
