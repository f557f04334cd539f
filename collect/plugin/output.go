package plugin

import (
	"bytes"
	"context"
	"io"
	"sync/atomic"
	"time"
)

// Limits of what is read of a plugin's output.
const (
	// MaxOutputBytes is how much is parsed; what follows is discarded.
	MaxOutputBytes = 1 << 20
	// maxDrainBytes is how much is discarded before the plugin is stopped.
	maxDrainBytes = 15 << 20
	// readBytes is the size of a read buffer, and firstBytes that of the first one: most plugins
	// print little, and a hundred may run at the same time.
	readBytes  = 4 << 10
	firstBytes = 512
	// pipeBytes is how much a plugin that has exited may have left in its pipe.
	pipeBytes = 128 << 10
)

// An output reads a plugin's output and passes its lines to a format.
type output struct {
	format format
	// flood is closed when more than maxDrainBytes were discarded.
	flood chan struct{}
	// done is closed when read returns. Only then may truncated be read.
	done      chan struct{}
	truncated bool

	large *largeOutputs // bounds long outputs; nil: this one is not bounded
	// quit is closed to end the wait for a slot of large.
	quit chan struct{}
	// Only when done is closed may these be read: slot means that one was taken, waited is for how long
	// the output was not read before.
	slot   bool
	waited time.Duration

	total   atomic.Int64 // bytes that were parsed
	waiting atomic.Bool  // for a slot
}

func newOutput(f format) *output {
	return &output{format: f, flood: make(chan struct{}), done: make(chan struct{}), quit: make(chan struct{})}
}

// read reads r up to its end or an error, which is how closing r ends it.
func (o *output) read(r io.Reader) {
	defer close(o.done)
	r = &utf16Reader{r: r}
	var (
		buf   = make([]byte, 0, firstBytes)
		total int
	)
	for total <= MaxOutputBytes {
		if total > smallOutputBytes && !o.slot && o.large != nil && !o.takeSlot() {
			return
		}
		if total >= firstBytes && cap(buf) < readBytes {
			buf = append(make([]byte, 0, readBytes), buf...)
		}
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := r.Read(buf[len(buf):min(cap(buf), len(buf)+MaxOutputBytes+1-total)])
		scanned := len(buf)
		buf = buf[:len(buf)+n]
		if total += n; total > MaxOutputBytes { // by one byte, which only shows that there is more
			buf = buf[:len(buf)-1]
		}
		buf = o.lines(buf, scanned)
		o.total.Store(int64(total))
		if err != nil && total <= MaxOutputBytes {
			if len(buf) > 0 {
				o.format.line(trimCR(buf))
			}
			return
		}
	}
	o.truncated = true
	if len(buf) > 0 {
		o.format.partial(buf)
	}
	o.drain(r, buf[:cap(buf)])
}

// takeSlot takes a slot for a long output; false: the output is not needed any more.
func (o *output) takeSlot() bool {
	o.waiting.Store(true)
	defer o.waiting.Store(false)
	o.waited, o.slot = o.large.take(o.quit)
	return o.slot
}

// awaitEnd waits until the output of a plugin that exited is read. A process that it left behind may keep
// the pipe open, so the wait ends when nothing was read for pipeWait, or more than can have been in the
// pipe. It is false if the output still waited for a slot when ctx ended.
func (o *output) awaitEnd(ctx context.Context) bool {
	atExit, waited := o.total.Load(), o.waiting.Load()
	for last := atExit; !waitClosed(o.done, pipeWait); {
		total, waiting := o.total.Load(), o.waiting.Load()
		switch {
		case waiting && ctx.Err() != nil:
			return false
		case waiting: // for its turn
		case total-atExit > pipeBytes, ctx.Err() != nil, total == last && !waited:
			return true
		}
		last, waited = total, waiting
	}
	return true
}

// lines passes the complete lines of buf to the format and moves the rest to its beginning. The
// first scanned bytes contain no newline.
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

// drain reads and discards, so that the plugin can finish.
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
