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

// maxJSONDepth is how deep lists and objects may be nested.
const maxJSONDepth = 64

// decodeJSON decodes a document, numbers as json.Number. Error: *protocolError.
func decodeJSON(data []byte) (any, error) {
	if isTooDeep(data) {
		return nil, newProtocolError(fmt.Sprintf("JSON of at most %d levels", maxJSONDepth), nil)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var document any
	if err := d.Decode(&document); err != nil {
		return nil, newProtocolError("JSON", data)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, newProtocolError("one document of JSON", data)
	}
	return document, nil
}

// isTooDeep checks the nesting before the decoder allocates anything.
func isTooDeep(data []byte) bool {
	depth, inString := 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
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

// splitPointer splits a JSON pointer into its unescaped tokens (RFC 6901). The empty pointer has
// none and means the whole document.
func splitPointer(pointer string) ([]string, error) {
	if pointer == "" {
		return nil, nil
	}
	if pointer[0] != '/' {
		return nil, fmt.Errorf("%.64q is not a JSON pointer: it does not begin with /", pointer)
	}
	tokens := strings.Split(pointer[1:], "/")
	for i, token := range tokens {
		rest := strings.NewReplacer("~0", "", "~1", "").Replace(token)
		if strings.Contains(rest, "~") {
			return nil, fmt.Errorf("%.64q is not a JSON pointer: ~ is written ~0", pointer)
		}
		tokens[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
	}
	return tokens, nil
}

// findPointer returns the value that a pointer names; not ok where there is none, or null.
func findPointer(document any, pointer string) (value any, ok bool) {
	tokens, err := splitPointer(pointer)
	if err != nil {
		return nil, false
	}
	value = document
	for _, token := range tokens {
		switch in := value.(type) {
		case map[string]any:
			value = in[token]
		case []any:
			n, err := strconv.Atoi(token)
			if err != nil || n < 0 || n >= len(in) || strconv.Itoa(n) != token {
				return nil, false
			}
			value = in[n]
		default:
			return nil, false
		}
	}
	return value, value != nil
}
