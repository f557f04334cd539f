package intake

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// MaxSurplusBytes bounds the bytes of a result's params that no field of this protocol accounts for:
// unknown fields, repeated ones, and white space. They are stored with the result.
const MaxSurplusBytes = 64 << 10

// checkSurplus returns an error if params, which are valid JSON, have more than MaxSurplusBytes of
// surplus. Params that are not larger than that are not read.
func checkSurplus(params json.RawMessage) error {
	if len(params) <= MaxSurplusBytes {
		return nil
	}
	if n := surplusOf(params); n > MaxSurplusBytes {
		return fmt.Errorf("%d bytes are unknown or repeated fields or white space, more than %d", n, MaxSurplusBytes)
	}
	return nil
}

// surplusOf returns the number of bytes in params that are not a known field, its value or punctuation.
func surplusOf(params []byte) int {
	s := surplus{params: params, dec: json.NewDecoder(bytes.NewReader(params))}
	s.dec.UseNumber()
	s.object(func(name string) func() {
		switch name {
		case "metrics":
			return s.metrics
		case "result_id", "check_id", "check_type", "state", "status", "timestamp", "min_check_period",
			"order", "late", "age_ms", "refused":
			return s.scalar
		}
		return nil
	})
	return len(params) - s.known
}

// A surplus reads params token by token and counts the known bytes. Each of its methods reads one value;
// one of another type than the method expects is not counted. After an error of the decoder they do
// nothing.
type surplus struct {
	params []byte
	dec    *json.Decoder
	known  int
	failed bool
}

// token reads a token and returns its length as it is written, without what is around it.
func (s *surplus) token() (t json.Token, size int) {
	from := s.dec.InputOffset()
	t, err := s.dec.Token()
	if err != nil {
		s.failed = true
		return nil, 0
	}
	return t, len(bytes.TrimLeft(s.params[from:s.dec.InputOffset()], " \t\r\n,:"))
}

// scalar counts a value that is neither an object nor a list.
func (s *surplus) scalar() {
	t, n := s.token()
	if d, ok := t.(json.Delim); ok {
		s.skip(d)
		return
	}
	s.known += n
}

// skip reads to the end of an object or a list that began with d.
func (s *surplus) skip(d json.Delim) {
	for depth := 1; depth > 0 && !s.failed; {
		switch t, _ := s.token(); t {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
	}
}

// object counts an object. field returns the method that reads the value of a field; nil for a field that
// is not known. A field counts once.
func (s *surplus) object(field func(name string) func()) {
	if !s.begin('{') {
		return
	}
	seen := map[string]bool{}
	for s.more() {
		name, n := s.token()
		text, _ := name.(string)
		read := field(text)
		if read == nil || seen[text] {
			s.unknown()
			continue
		}
		s.comma(len(seen))
		seen[text] = true
		s.known += n + len(":")
		read()
	}
	s.end()
}

// list counts a list whose values each reads.
func (s *surplus) list(each func(i int)) {
	if !s.begin('[') {
		return
	}
	for i := 0; s.more(); i++ {
		s.comma(i)
		each(i)
	}
	s.end()
}

// comma counts the comma before a value that has others before it.
func (s *surplus) comma(before int) {
	if before > 0 {
		s.known += len(",")
	}
}

func (s *surplus) begin(want json.Delim) bool {
	t, _ := s.token()
	d, ok := t.(json.Delim)
	switch {
	case ok && d == want:
		s.known++
		return true
	case ok:
		s.skip(d)
	}
	return false
}

func (s *surplus) more() bool { return !s.failed && s.dec.More() }

func (s *surplus) end() {
	s.token()
	s.known++
}

// unknown reads a value without counting it.
func (s *surplus) unknown() {
	t, _ := s.token()
	if d, ok := t.(json.Delim); ok {
		s.skip(d)
	}
}

// metrics counts [[dimension, {name: {t, v, u}}], …].
func (s *surplus) metrics() {
	s.list(func(int) {
		s.list(func(i int) {
			if i == 0 {
				s.scalar()
				return
			}
			s.object(func(string) func() { return s.metric })
		})
	})
}

func (s *surplus) metric() {
	s.object(func(name string) func() {
		if name == "t" || name == "v" || name == "u" {
			return s.scalar
		}
		return nil
	})
}
