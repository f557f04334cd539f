package plugin

import (
	"bytes"
	"io"
)

// Bounds of what is read of a plugin's output.
const (
	// MaxOutputBytes are looked at; what comes after is thrown away.
	MaxOutputBytes = 1 << 20
	// maxDrainBytes is how much is thrown away before a plugin is ended that does not stop.
	maxDrainBytes = 15 << 20
	// readBytes is how much is read at once, and firstBytes how much before there was as much: most
	// plugins say little, and a hundred may wait at the same time.
	readBytes  = 4 << 10
	firstBytes = 512
)

// An output reads what a plugin prints and hands its lines to a format.
type output struct {
	format format
	// flood is closed when the plugin has printed maxDrainBytes more than is looked at.
	flood chan struct{}
	// done is closed when nothing more will be read. The fields below are to be read after it only.
	done chan struct{}

	cut bool
}

func newOutput(f format) *output {
	return &output{format: f, flood: make(chan struct{}), done: make(chan struct{})}
}

// read reads r to its end, which is also an error of r: it is closed to end the reading.
func (o *output) read(r io.Reader) {
	defer close(o.done)
	var (
		buf   = make([]byte, 0, firstBytes)
		total int
	)
	for total <= MaxOutputBytes {
		if total >= firstBytes && cap(buf) < readBytes {
			buf = append(make([]byte, 0, readBytes), buf...)
		}
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := r.Read(buf[len(buf):min(cap(buf), len(buf)+MaxOutputBytes+1-total)])
		scanned := len(buf)
		buf = buf[:len(buf)+n]
		if total += n; total > MaxOutputBytes { // by one: that there is more is all it says
			buf = buf[:len(buf)-1]
		}
		buf = o.lines(buf, scanned)
		if err != nil && total <= MaxOutputBytes {
			if len(buf) > 0 {
				o.format.line(trimCR(buf))
			}
			return
		}
	}
	o.cut = true
	if len(buf) > 0 {
		o.format.partial(buf)
	}
	o.drain(r, buf[:cap(buf)])
}

// lines hands the whole lines of buf to the format and moves the rest to its beginning. The first
// scanned bytes hold no newline.
func (o *output) lines(buf []byte, scanned int) []byte {
	rest := buf
	for {
		i := bytes.IndexByte(rest[scanned:], '\n')
		if i < 0 {
			return buf[:copy(buf, rest)]
		}
		i += scanned
		o.format.line(trimCR(rest[:i]))
		rest, scanned = rest[i+1:], 0
	}
}

// drain reads on, so that the plugin can finish.
func (o *output) drain(r io.Reader, buf []byte) {
	if len(buf) < readBytes {
		buf = make([]byte, readBytes)
	}
	for total := 0; ; {
		n, err := r.Read(buf)
		if err != nil {
			return
		}
		if before := total; before <= maxDrainBytes {
			if total += n; total > maxDrainBytes {
				close(o.flood)
			}
		}
	}
}

func trimCR(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\r' {
		return line[:n-1]
	}
	return line
}
