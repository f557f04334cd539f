package plugin

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"virgo/collect"
)

// bits reads a text in parts of one to seven bytes.
type bits struct{ left string }

func (b *bits) Read(p []byte) (int, error) {
	if b.left == "" {
		return 0, io.EOF
	}
	n := copy(p, b.left[:min(len(b.left), 1+len(b.left)%7)])
	b.left = b.left[n:]
	return n, nil
}

// recorder keeps what an output hands on.
type recorder struct {
	lines []string
	part  string
}

func (r *recorder) line(text []byte)    { r.lines = append(r.lines, string(text)) }
func (r *recorder) partial(text []byte) { r.part = string(text) }
func (r *recorder) report(exit, bool) (collect.Report, error) {
	return collect.Report{}, nil
}

func TestOutputLines(t *testing.T) {
	long := strings.Repeat("l", 3*readBytes)
	for _, in := range []string{"", "\n", "a", "a\n", "a\nb", "\n\n", "a\r\nb\r", long, long + "\n" + long + "\nx"} {
		want := strings.Split(in, "\n")
		if want[len(want)-1] == "" {
			want = want[:len(want)-1]
		}
		for _, r := range []io.Reader{strings.NewReader(in), &bits{in}} {
			var got recorder
			o := newOutput(&got)
			o.read(r)
			if o.cut || got.part != "" || len(got.lines) != len(want) {
				t.Fatalf("%.20q: lines %.60q, part %.20q, cut %v", in, got.lines, got.part, o.cut)
			}
			for i, l := range got.lines {
				if l != strings.TrimSuffix(want[i], "\r") {
					t.Errorf("%.20q: line %d is %.20q", in, i, l)
				}
			}
		}
	}
}

func TestOutputBound(t *testing.T) {
	text := strings.Repeat(strings.Repeat("x", 63)+"\n", MaxOutputBytes/64)
	for _, tt := range []struct {
		in    string
		lines int
		part  string
		cut   bool
	}{
		{text, MaxOutputBytes / 64, "", false},
		{text + "y", MaxOutputBytes / 64, "", true},
		{"z" + text, MaxOutputBytes/64 - 1, strings.Repeat("x", 63), true},
		{strings.Repeat("n", MaxOutputBytes), 1, "", false},
		{strings.Repeat("n", MaxOutputBytes+1), 0, strings.Repeat("n", MaxOutputBytes), true},
	} {
		var got recorder
		o := newOutput(&got)
		o.read(strings.NewReader(tt.in))
		if len(got.lines) != tt.lines || got.part != tt.part || o.cut != tt.cut {
			t.Errorf("%d bytes: %d lines, part of %d bytes, cut %v", len(tt.in), len(got.lines), len(got.part), o.cut)
		}
		if closed(o.flood) || !closed(o.done) {
			t.Errorf("%d bytes: flood %v, done %v", len(tt.in), closed(o.flood), closed(o.done))
		}
	}
}

// endless is a reader that never ends by itself.
type endless struct {
	until <-chan struct{}
	read  int
}

func (e *endless) Read(p []byte) (int, error) {
	select {
	case <-e.until:
		return 0, io.EOF
	default:
	}
	clear(p)
	e.read += len(p)
	return len(p), nil
}

func TestOutputFlood(t *testing.T) {
	o := newOutput(new(recorder))
	e := &endless{until: o.flood}
	o.read(e)
	if most := MaxOutputBytes + maxDrainBytes + 2*MaxOutputBytes; !o.cut || e.read > most {
		t.Errorf("read %d bytes before the flood was told, want %d at most", e.read, most)
	}
}

func TestPartialLine(t *testing.T) {
	for in, want := range map[string]string{
		"metric a string " + strings.Repeat("b", MaxOutputBytes): "",
		"status " + strings.Repeat("b", MaxOutputBytes):          "",
		strings.Repeat("y", MaxOutputBytes+1):                    `Unrecognized line "yyyyyyyy`,
		strings.Repeat("\x00", MaxOutputBytes+1):                 "Unrecognized line \"\ufffd\ufffd",
	} {
		r, err := parse(in, exit{})
		switch {
		case want == "" && (err != nil || r.Status != cutAtBytes):
			t.Errorf("%.20q: status %q, error %.40v", in, r.Status, err)
		case want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)):
			t.Errorf("%.20q: status %q, error %.40v, want %q", in, r.Status, err, want)
		}
	}
	if _, err := parse(strings.Repeat("y", MaxOutputBytes+1), exit{}); len(err.Error()) > 2<<10 {
		t.Errorf("an endless line makes an error of %d bytes", len(err.Error()))
	}
}

func BenchmarkOutput(b *testing.B) {
	text := bytes.Repeat([]byte("metric eth0.rx_bytes int64 123456789 bytes\n"), 1000)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		newOutput(new(virgoFormat)).read(bytes.NewReader(text))
	}
}
