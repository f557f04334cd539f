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
	"testing/iotest"
)

func read(t *testing.T, line string) (Frame, error) {
	t.Helper()
	return NewReader(strings.NewReader(line + "\n")).ReadFrame()
}

// oneLine joins a sample frame, which is formatted over several lines.
func oneLine(b []byte) string {
	return string(bytes.ReplaceAll(bytes.TrimSpace(b), []byte("\n"), []byte(" ")))
}

func TestSampleFramesAreRead(t *testing.T) {
	folders := []string{"testdata/frames"}
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(folder, "*.json"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no frames in %s: %v", folder, err)
		}
		for _, file := range files {
			t.Run(filepath.ToSlash(file), func(t *testing.T) {
				b, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				f, err := read(t, oneLine(b))
				if err != nil {
					t.Fatal(err)
				}
				name := filepath.Base(file)
				request := strings.HasSuffix(name, ".request.json")
				if f.IsRequest() != request || !f.HasID || f.Source == "" || f.Target == "" {
					t.Fatalf("read as %+v", f)
				}
				if request && f.Method != strings.TrimSuffix(name, ".request.json") {
					t.Errorf("method is %q", f.Method)
				}
				if bad := strings.HasPrefix(name, "invalid-process") || strings.HasPrefix(name, "invalid-bundle") || strings.HasPrefix(name, "rate"); bad != (f.Error != nil) {
					t.Errorf("error is %v", f.Error)
				}
			})
		}
	}
}

func TestFrameFields(t *testing.T) {
	for _, c := range []struct{ name, line, want string }{
		{"id as number", `{"v":"1","id":4,"result":0}`, ""},
		{"id as digits", `{"v":"1","id":"4","result":0}`, ""},
		{"id with zeros", `{"v":"1","id":"004","result":0}`, ""},
		{"optional fields null", `{"v":"1","id":4,"source":null,"target":null,"method":null,"params":null,"result":null,"error":null}`, ""},
		{"unknown fields", `{"v":"1","id":4,"x":{"id":[]},"Id":9,"result":0}`, ""},
		{"escaped key", `{"v":"1","\u0069d":4,"result":0}`, ""},
		{"trailing comma", `{"v":"1","id":4,"result":{"a":[1,2, ],},}`, ""},
		{"carriage return", "{\"v\":\"1\",\"id\":4,\"result\":0}\r", ""},

		{"v missing", `{"id":4,"result":0}`, `field "v" is missing`},
		{"v null", `{"v":null,"id":4}`, `field "v" is missing`},
		{"v number", `{"v":1,"id":4}`, `field "v": not a string`},
		{"id missing in a request", `{"v":"1","method":"m"}`, `field "id" is missing`},
		{"id null in a request", `{"v":"1","id":null,"method":"m"}`, `field "id" is missing`},
		{"id negative", `{"v":"1","id":-4,"method":"m"}`, `field "id": neither`},
		{"id fraction", `{"v":"1","id":4.5,"method":"m"}`, `field "id": neither`},
		{"id word", `{"v":"1","id":"four","method":"m"}`, `field "id": neither`},
		{"id empty", `{"v":"1","id":"","method":"m"}`, `field "id": neither`},
		{"id past 64 bits", `{"v":"1","id":18446744073709551616,"method":"m"}`, `field "id": neither`},
		{"id list", `{"v":"1","id":[4],"method":"m"}`, `field "id": neither`},
		{"id twice", `{"v":"1","id":4,"id":5}`, `duplicate field "id"`},
		{"id twice, once escaped", `{"v":"1","id":4,"\u0069d":5}`, `duplicate field "\u0069d"`},
		{"id twice, once null", `{"v":"1","id":null,"id":5}`, `duplicate field "id"`},
		{"method number", `{"v":"1","id":4,"method":7}`, `field "method": not a string`},
		{"method empty", `{"v":"1","id":4,"method":""}`, `field "method": empty`},
		{"method too long", `{"v":"1","id":4,"method":"` + strings.Repeat("m", MaxNameBytes+1) + `"}`, `field "method": longer than`},
		{"source object", `{"v":"1","id":4,"source":{}}`, `field "source": not a string`},
		{"request with error", `{"v":"1","id":4,"method":"m","error":{"code":400}}`, "a request with a result or an error"},
		{"request with result", `{"v":"1","id":4,"method":"m","result":0}`, "a request with a result"},
		{"error text", `{"v":"1","id":4,"error":"no"}`, `field "error": not an object`},
		{"error without code", `{"v":"1","id":4,"error":{"message":"no"}}`, `field "error": "code" is missing`},
		{"error with code as text", `{"v":"1","id":4,"error":{"code":"400"}}`, `field "error": "code" is not a whole number`},
		{"error with message as number", `{"v":"1","id":4,"error":{"code":400,"message":4}}`, `field "error": "message" is not a string`},
		{"error with type as number", `{"v":"1","id":4,"error":{"code":400,"type":4}}`, `field "error": "type" is not a string`},

		{"empty line", ``, `not a JSON object: ""`},
		{"list", `[1]`, `not a JSON object: "[1]"`},
		{"another protocol", `HTTP/1.1 400 Bad Request`, `not a JSON object: "HTTP/1.1 400 Bad Request"`},
		{"two objects", `{"v":"1","id":1} {}`, "text after the value"},
		{"truncated", `{"v":"1","id":1`, "incomplete value"},
		{"two commas", `{"v":"1",,"id":1}`, "key is not a string"},
		{"comma alone", `{,}`, "key is not a string"},
		{"too deep", `{"v":"1","id":1,"result":` + strings.Repeat("[", 1<<20), "nested more than 64 deep"},
		{"bad escape", `{"v":"1","id":1,"result":"\x"}`, "invalid escape"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := read(t, c.line)
			if c.want == "" {
				if err != nil || f.V != "1" || f.ID != 4 || !f.HasID || f.IsRequest() {
					t.Fatalf("got %+v, %v", f, err)
				}
				if f.Result != nil && !json.Valid(f.Result) {
					t.Errorf("result is %s", f.Result)
				}
				return
			}
			var bad *FrameError
			if !errors.As(err, &bad) || !errors.Is(err, ErrProtocol) || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestErrorWithoutID(t *testing.T) {
	f, err := read(t, `{"v":"1","id":null,"error":{"code":500,"message":"no idea\u001b[31m","type":null}}`)
	if err != nil || f.HasID || f.Error == nil || f.Error.Message != "no idea [31m" {
		t.Fatalf("got %+v, %v", f, err)
	}
	if !f.Error.EndsSession() {
		t.Error("500 does not end the session")
	}
}

func TestErrorMessageIsTruncated(t *testing.T) {
	f, err := read(t, `{"v":"1","id":1,"error":{"code":400,"message":"`+strings.Repeat("ä", 1<<20)+`"}}`)
	if err != nil || len(f.Error.Message) > maxMessageBytes || strings.ContainsRune(f.Error.Message, '\uFFFD') {
		t.Fatalf("got %d bytes, %v", len(f.Error.Message), err)
	}
}

func TestReaderFrameSizes(t *testing.T) {
	frame := func(n int) string {
		const head, tail = `{"v":"1","id":1,"result":"`, `"}`
		return head + strings.Repeat("x", n-len(head)-len(tail)) + tail + "\n"
	}
	small := frame(100)
	for _, n := range []int{readBuffer - 1, readBuffer, readBuffer + 1, 3 * readBuffer, MaxFrameBytes} {
		r := NewReader(strings.NewReader(small + frame(n) + small + small))
		for i := range 4 {
			if _, err := r.ReadFrame(); err != nil {
				t.Fatalf("%d bytes, frame %d: %v", n, i, err)
			}
		}
		if _, err := r.ReadFrame(); err != io.EOF {
			t.Fatalf("%d bytes: %v at the end", n, err)
		}
		if len(r.buf) != readBuffer {
			t.Errorf("%d bytes: a buffer of %d is kept", n, len(r.buf))
		}
	}
	r := NewReader(strings.NewReader(small + frame(MaxFrameBytes+1) + small))
	if _, err := r.ReadFrame(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := r.ReadFrame(); !errors.Is(err, ErrProtocol) || !strings.Contains(err.Error(), "longer than 4194304 bytes") {
			t.Fatalf("too long: %v", err)
		}
	}
}

func TestReaderStopsReadingAtTheLimit(t *testing.T) {
	endless := &counted{r: zeros{}}
	if _, err := NewReader(endless).ReadFrame(); !errors.Is(err, ErrProtocol) {
		t.Fatal(err)
	}
	if endless.n > MaxFrameBytes+1 {
		t.Errorf("%d bytes read", endless.n)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

type counted struct {
	r io.Reader
	n int
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}

func TestReaderContinuesAfterAnInvalidLine(t *testing.T) {
	r := NewReader(iotest.OneByteReader(strings.NewReader("nonsense\n{\"v\":\"1\",\"id\":7}\n{\"v\"")))
	if _, err := r.ReadFrame(); !errors.Is(err, ErrProtocol) {
		t.Fatal(err)
	}
	if f, err := r.ReadFrame(); err != nil || f.ID != 7 {
		t.Fatalf("%+v, %v", f, err)
	}
	if _, err := r.ReadFrame(); err != io.ErrUnexpectedEOF {
		t.Fatal(err)
	}
}
