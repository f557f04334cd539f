package transport

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzReadFrame(f *testing.F) {
	files, err := filepath.Glob("testdata/frames/*.json")
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add([]byte(oneLine(b) + "\n"))
	}
	f.Add([]byte("{\"v\":\"1\",\"id\":\"7\",\"error\":{\"code\":400,\"type\":null}}\n{}\n\n[]\n"))
	f.Add([]byte(`{"v":"1","id":1,"result":` + strings.Repeat("[", 70)))
	f.Fuzz(func(t *testing.T, stream []byte) {
		r := NewReader(bytes.NewReader(stream))
		for range 1 + len(stream) {
			frame, err := r.ReadFrame()
			if err == io.EOF || err == io.ErrUnexpectedEOF {
				return
			}
			if err != nil {
				var bad *FrameError
				if !errors.As(err, &bad) || len(err.Error()) > 2*MaxNameBytes {
					t.Fatalf("%.200v", err)
				}
				continue
			}
			if !frame.IsRequest() && !frame.HasID && frame.Error == nil {
				continue // to nobody
			}
			if frame.V == "" || frame.IsRequest() && !frame.HasID {
				t.Fatalf("%+v is no frame", frame)
			}
			for _, raw := range []json.RawMessage{frame.Params, frame.Result} {
				if raw != nil && !json.Valid(raw) {
					t.Fatalf("%q is no JSON", raw)
				}
			}
			parseWelcome(frame.Result)
			// What was read can be written, and reads back the same.
			var out bytes.Buffer
			w := NewWriter(&out)
			if err := w.WriteFrame(&frame); err != nil {
				t.Fatal(err)
			}
			w.Flush()
			again, err := NewReader(&out).ReadFrame()
			if err != nil || again.ID != frame.ID || again.HasID != frame.HasID || again.Method != frame.Method || again.Source != frame.Source {
				t.Fatalf("%+v became %+v, %v", frame, again, err)
			}
		}
		t.Fatal("the stream does not end")
	})
}

// scan accepts what encoding/json accepts, except for depth.
func FuzzScan(f *testing.F) {
	for _, s := range []string{
		`{"a":[1,-0.5e+3,true,false,null,"\u00e9\n"]}`, `[]`, `{}`, `0`, `01`, `-`, `1.`, `"\x"`, "\"\x01\"", `[1,]`, `{"a":1,}`, `{,}`, `[,]`, `{"a"}`, `{"a":}`, ` 1 `, `1 2`, `}`, `tru`, "\"\xff\"", `[[[]]]`, `{"a":{"b":[]}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		given := bytes.Clone(b)
		members := 0
		_, err := scan(b, MaxDepth, false, func(key, value []byte) error {
			members++
			if !json.Valid(value) || key != nil && !json.Valid(key) {
				t.Fatalf("member %q: %q", key, value)
			}
			return nil
		})
		if !bytes.Equal(b, given) {
			t.Fatal("changed without being asked to")
		}
		deep := err != nil && strings.Contains(err.Error(), "deep")
		if valid := json.Valid(b); valid != (err == nil) && !(valid && deep) {
			t.Fatalf("%q: encoding/json says %v, scan %v", b, valid, err)
		}
		if err == nil && (given[0] == '[' || given[0] == '{') {
			n := 0
			var list []json.RawMessage
			if json.Unmarshal(b, &list) == nil {
				if n = len(list); n != members {
					t.Fatalf("%q has %d members, not %d", b, n, members)
				}
			}
		}
		// With trailing commas overwritten, it is JSON of the same length.
		if _, err := scan(b, MaxDepth, true, nil); err == nil && (!json.Valid(b) || len(b) != len(given)) {
			t.Fatalf("%q was corrected to %q", given, b)
		}
	})
}

func FuzzText(f *testing.F) {
	f.Add("a\"\\\n\x00é\u2028\xff\u202e")
	f.Fuzz(func(t *testing.T, s string) {
		raw := appendString(nil, s)
		got, err := parseString(raw, "")
		if err != nil || got != strings.ToValidUTF8(s, "\uFFFD") && utf8.ValidString(s) {
			t.Fatalf("%q became %q, %v", s, got, err)
		}
		if w := sanitize(got, 100); len(w) > 200 || !utf8.ValidString(w) || strings.ContainsAny(w, "\n\x1b\x00\u202e\u2066") {
			t.Fatalf("%q is shown as %q", got, w)
		}
	})
}

func FuzzParsePin(f *testing.F) {
	f.Add("sha256:" + strings.Repeat("Ab", 32))
	f.Add("sha256//" + strings.Repeat("A", 43) + "=")
	f.Add(strings.Repeat("ab:", 31) + "ab")
	f.Fuzz(func(t *testing.T, s string) {
		pin, err := ParsePin(s)
		if err != nil {
			return
		}
		if again, err := ParsePin(pin.String()); err != nil || again != pin {
			t.Fatalf("%q: %v, %v", s, again, err)
		}
	})
}
