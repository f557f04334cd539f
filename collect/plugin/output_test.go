package plugin

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"virgo/collect"
)

// smallReads is a reader that returns one to seven bytes at a time.
type smallReads struct{ rest string }

func (r *smallReads) Read(p []byte) (int, error) {
	if r.rest == "" {
		return 0, io.EOF
	}
	n := copy(p, r.rest[:min(len(r.rest), 1+len(r.rest)%7)])
	r.rest = r.rest[n:]
	return n, nil
}

// A lineRecorder is a format that keeps the lines.
type lineRecorder struct {
	lines []string
	part  string
}

func (r *lineRecorder) line(text []byte)    { r.lines = append(r.lines, string(text)) }
func (r *lineRecorder) partial(text []byte) { r.part = string(text) }
func (r *lineRecorder) report(exit, bool) (collect.Report, error) {
	return collect.Report{}, nil
}

func TestOutputLines(t *testing.T) {
	long := strings.Repeat("l", 3*readBytes)
	for _, in := range []string{"", "\n", "a", "a\n", "a\nb", "\n\n", "a\r\nb\r", long, long + "\n" + long + "\nx"} {
		want := strings.Split(in, "\n")
		if want[len(want)-1] == "" {
			want = want[:len(want)-1]
		}
		for _, r := range []io.Reader{strings.NewReader(in), &smallReads{in}} {
			var got lineRecorder
			o := newOutput(&got)
			o.read(r)
			if o.truncated || got.part != "" || len(got.lines) != len(want) {
				t.Fatalf("%.20q: lines %.60q, part %.20q, cut %v", in, got.lines, got.part, o.truncated)
			}
			for i, l := range got.lines {
				if l != strings.TrimSuffix(want[i], "\r") {
					t.Errorf("%.20q: line %d is %.20q", in, i, l)
				}
			}
		}
	}
}

func TestOutputLimit(t *testing.T) {
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
		var got lineRecorder
		o := newOutput(&got)
		o.read(strings.NewReader(tt.in))
		if len(got.lines) != tt.lines || got.part != tt.part || o.truncated != tt.cut {
			t.Errorf("%d bytes: %d lines, part of %d bytes, cut %v", len(tt.in), len(got.lines), len(got.part), o.truncated)
		}
		if isClosed(o.flood) || !isClosed(o.done) {
			t.Errorf("%d bytes: flood %v, done %v", len(tt.in), isClosed(o.flood), isClosed(o.done))
		}
	}
}

// An endlessReader returns zeros until a channel is closed.
type endlessReader struct {
	until <-chan struct{}
	read  int
}

func (e *endlessReader) Read(p []byte) (int, error) {
	select {
	case <-e.until:
		return 0, io.EOF
	default:
	}
	clear(p)
	e.read += len(p)
	return len(p), nil
}

func TestFloodIsReported(t *testing.T) {
	o := newOutput(new(lineRecorder))
	e := &endlessReader{until: o.flood}
	o.read(e)
	if most := MaxOutputBytes + maxDrainBytes + 2*MaxOutputBytes; !o.truncated || e.read > most {
		t.Errorf("read %d bytes before the flood was reported, want %d at most", e.read, most)
	}
}

func TestIncompleteLastLine(t *testing.T) {
	for in, want := range map[string]string{
		"metric a string " + strings.Repeat("b", MaxOutputBytes): "",
		"status " + strings.Repeat("b", MaxOutputBytes):          "",
		strings.Repeat("y", MaxOutputBytes+1):                    `Unrecognized line "yyyyyyyy`,
		strings.Repeat("\x00", MaxOutputBytes+1):                 "Unrecognized line \"\ufffd\ufffd",
	} {
		r, err := parseVirgo(in, exit{})
		switch {
		case want == "" && (err != nil || r.Status != noteBytesCut):
			t.Errorf("%.20q: status %q, error %.40v", in, r.Status, err)
		case want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)):
			t.Errorf("%.20q: status %q, error %.40v, want %q", in, r.Status, err, want)
		}
	}
	if _, err := parseVirgo(strings.Repeat("y", MaxOutputBytes+1), exit{}); len(err.Error()) > 2<<10 {
		t.Errorf("a line without an end makes an error of %d bytes", len(err.Error()))
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
