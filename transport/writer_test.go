package transport

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestWriteFrame(t *testing.T) {
	for _, c := range []struct {
		name string
		f    Frame
		want string
	}{
		{"request", Frame{ID: 4, Source: "a", Target: "endpoint", Method: "m", Params: []byte(`{"x":1}`)},
			`{"v":"1","id":4,"source":"a","target":"endpoint","method":"m","params":{"x":1}}`},
		{"request without params", Frame{Method: "m"},
			`{"v":"1","id":0,"source":"","target":"","method":"m"}`},
		{"response", Frame{ID: 4, Source: "endpoint", Target: "a", Result: []byte("0")},
			`{"v":"1","id":4,"source":"endpoint","target":"a","result":0,"error":null}`},
		{"response without result", Frame{ID: 18446744073709551615},
			`{"v":"1","id":18446744073709551615,"source":"","target":"","result":null,"error":null}`},
		{"error", Frame{ID: 4, HasID: true, Error: &Error{Code: 404, Message: "no \"x\"\n"}},
			`{"v":"1","id":4,"source":"","target":"","result":null,"error":{"code":404,"message":"no \"x\"\u000a"}}`},
		{"error without id", Frame{V: "2", Error: &Error{Code: 400, Type: TypeRateLimit}},
			`{"v":"2","source":"","target":"","result":null,"error":{"code":400,"message":"","type":"rateLimitReached"}}`},
		{"line breaks and bad bytes", Frame{Source: "\xff\x01é", Method: "m", Params: []byte("{\r\n\"a\": \"\xff\\n\"\n}")},
			`{"v":"1","id":0,"source":"` + "\uFFFD" + `\u0001é","target":"","method":"m","params":{  "a": "` + "\uFFFD" + `\n" }}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			w := NewWriter(&out)
			params := bytes.Clone(c.f.Params)
			if err := w.WriteFrame(&c.f); err != nil || out.Len() > 0 {
				t.Fatal(err, out.String())
			}
			if err := w.Flush(); err != nil || out.String() != c.want+"\n" {
				t.Fatalf("%v\n got %s\nwant %s", err, out.String(), c.want)
			}
			if !bytes.Equal(params, c.f.Params) {
				t.Error("the caller's params were changed")
			}
			f, err := NewReader(&out).ReadFrame()
			if err != nil || f.ID != c.f.ID || f.Method != c.f.Method {
				t.Errorf("read back as %+v, %v", f, err)
			}
		})
	}
}

func TestUnsendableFramesWriteNothing(t *testing.T) {
	var out bytes.Buffer
	w := NewWriter(&out)
	good := Frame{ID: 1, Method: "m"}
	long := func(n int) []byte { return []byte(`"` + strings.Repeat("x", n-2) + `"`) }
	head := len(`{"v":"1","id":1,"source":"","target":"","method":"m","params":}`)
	for _, params := range [][]byte{
		{}, []byte("{"), []byte("{} {}"), []byte(`{"a":1,}`), []byte("{}\n{}"), []byte("\"a\nb\""), []byte("nul"), []byte("\x00"),
		[]byte(strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth)),
		long(MaxFrameBytes - head + 1), long(MaxFrameBytes + 1),
	} {
		if err := w.WriteFrame(&good); err != nil {
			t.Fatal(err)
		}
		if err := w.WriteFrame(&Frame{ID: 1, Method: "m", Params: params}); !errors.Is(err, ErrUnsendable) {
			t.Fatalf("%.40q: %v", params, err)
		}
	}
	if err := w.WriteFrame(&Frame{ID: 1, Method: "m", Params: long(MaxFrameBytes - head)}); err != nil {
		t.Fatalf("the largest frame: %v", err)
	}
	w.Flush()
	r := NewReader(&out)
	n := 0
	for ; ; n++ {
		if _, err := r.ReadFrame(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if n != 12 {
		t.Errorf("%d frames", n)
	}
	if cap(w.buf) > 2*writeBuffer {
		t.Errorf("a buffer of %d is kept", cap(w.buf))
	}
}

func TestWriterReturnsItsErrorAgain(t *testing.T) {
	broken := errors.New("broken")
	w := NewWriter(failing{broken})
	f := Frame{Method: "m", Params: json.RawMessage(`"` + strings.Repeat("x", writeBuffer) + `"`)}
	for range 2 {
		if err := w.WriteFrame(&f); err != broken {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != broken {
		t.Fatal(err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// A session allocates almost nothing per result.
func TestFrameAllocations(t *testing.T) {
	w := NewWriter(io.Discard)
	f := Frame{ID: 7, Source: "agent-1", Target: "endpoint", Method: MethodPost, Params: []byte(`{"a":[1,2,{"b":null}]}`)}
	if n := testing.AllocsPerRun(100, func() { w.WriteFrame(&f) }); n > 1 {
		t.Errorf("%v allocations to write a frame", n)
	}
	line := strings.Repeat(`{"v":"1","id":4,"source":"endpoint","target":"agent-1","result":0,"error":null}`+"\n", 200)
	r := NewReader(strings.NewReader(line))
	r.ReadFrame()
	if n := testing.AllocsPerRun(100, func() { r.ReadFrame() }); n > 1 {
		t.Errorf("%v allocations to read a frame", n)
	}
}
