package service

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// maxJSONDepth bounds how deep lists and objects may lie in each other.
const maxJSONDepth = 64

// decodeJSON decodes a document; numbers keep their text. Error: *garbageError.
func decodeJSON(data []byte) (any, error) {
	if tooDeep(data) {
		return nil, newGarbage(fmt.Sprintf("JSON of at most %d levels", maxJSONDepth), nil)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var document any
	if err := d.Decode(&document); err != nil {
		return nil, newGarbage("JSON", data)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, newGarbage("one document of JSON", data)
	}
	return document, nil
}

// tooDeep counts the levels before anything is kept of them.
func tooDeep(data []byte) bool {
	depth, inText := 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case inText && c == '\\':
			i++
		case c == '"':
			inText = !inText
		case inText:
		case c == '[' || c == '{':
			if depth++; depth > maxJSONDepth {
				return true
			}
		case c == ']' || c == '}':
			depth--
		}
	}
	return false
}

// splitPointer splits a JSON pointer into its steps (RFC 6901); none is the whole document.
func splitPointer(pointer string) ([]string, error) {
	if pointer == "" {
		return nil, nil
	}
	if pointer[0] != '/' {
		return nil, fmt.Errorf("%.64q is no JSON pointer: it does not begin with /", pointer)
	}
	steps := strings.Split(pointer[1:], "/")
	for i, step := range steps {
		bare := strings.NewReplacer("~0", "", "~1", "").Replace(step)
		if strings.Contains(bare, "~") {
			return nil, fmt.Errorf("%.64q is no JSON pointer: ~ is written ~0", pointer)
		}
		steps[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
	}
	return steps, nil
}

// find is the value that a pointer names; not ok where there is none, or null.
func find(document any, pointer string) (value any, ok bool) {
	steps, err := splitPointer(pointer)
	if err != nil {
		return nil, false
	}
	value = document
	for _, step := range steps {
		switch in := value.(type) {
		case map[string]any:
			value = in[step]
		case []any:
			n, err := strconv.Atoi(step)
			if err != nil || n < 0 || n >= len(in) || strconv.Itoa(n) != step {
				return nil, false
			}
			value = in[n]
		default:
			return nil, false
		}
	}
	return value, value != nil
}
