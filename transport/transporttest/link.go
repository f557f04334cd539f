package transporttest

import (
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// Link returns the two ends of a connection on which every byte takes latency to arrive, and on which
// a write blocks while capacity bytes are in transit or unread (0: no bound). In a synctest bubble
// the time between two events is exactly the latency times the one-way trips between them.
//
// After the other end was closed, reads return the bytes that it had sent and then io.EOF; writes
// return io.ErrClosedPipe. Deadlines work.
func Link(latency time.Duration, capacity int) (client, server net.Conn) {
	up, down := newFlow(latency, capacity), newFlow(latency, capacity)
	return &end{in: down, out: up}, &end{in: up, out: down}
}

type end struct {
	in, out *flow
}

func (e *end) Read(b []byte) (int, error)  { return e.in.read(b) }
func (e *end) Write(b []byte) (int, error) { return e.out.write(b) }

func (e *end) Close() error {
	e.out.close(false)
	e.in.close(true)
	return nil
}

// CloseWrite ends one direction.
func (e *end) CloseWrite() error {
	e.out.close(false)
	return nil
}

func (e *end) SetDeadline(t time.Time) error {
	e.in.setDeadline(&e.in.readBy, t)
	e.out.setDeadline(&e.out.writeBy, t)
	return nil
}

func (e *end) SetReadDeadline(t time.Time) error {
	e.in.setDeadline(&e.in.readBy, t)
	return nil
}

func (e *end) SetWriteDeadline(t time.Time) error {
	e.out.setDeadline(&e.out.writeBy, t)
	return nil
}

func (e *end) LocalAddr() net.Addr  { return address{} }
func (e *end) RemoteAddr() net.Addr { return address{} }

type address struct{}

func (address) Network() string { return "link" }
func (address) String() string  { return "link" }

// A flow is one direction.
type flow struct {
	latency  time.Duration
	capacity int

	mu           sync.Mutex
	changed      chan struct{} // closed and made anew whenever something changes
	segments     []segment
	bytes        int  // in segments
	ended        bool // by the writer, after the segments
	endedAt      time.Time
	readerClosed bool // closed by the reader
	readBy       time.Time
	writeBy      time.Time
}

// A segment is what one write sent.
type segment struct {
	data []byte
	at   time.Time // when it arrives
}

func newFlow(latency time.Duration, capacity int) *flow {
	return &flow{latency: latency, capacity: capacity, changed: make(chan struct{})}
}

func (f *flow) change() {
	close(f.changed)
	f.changed = make(chan struct{})
}

func (f *flow) setDeadline(which *time.Time, t time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	*which = t
	f.change()
}

func (f *flow) close(reader bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if reader {
		f.readerClosed = true
	} else if !f.ended {
		f.ended, f.endedAt = true, time.Now().Add(f.latency)
	}
	f.change()
}

// wait releases the lock until something changes or one of the nonzero times is reached.
func (f *flow) wait(times ...time.Time) {
	changed := f.changed
	var soonest time.Time
	for _, t := range times {
		if !t.IsZero() && (soonest.IsZero() || t.Before(soonest)) {
			soonest = t
		}
	}
	f.mu.Unlock()
	defer f.mu.Lock()
	if soonest.IsZero() {
		<-changed
		return
	}
	timer := time.NewTimer(time.Until(soonest))
	defer timer.Stop()
	select {
	case <-changed:
	case <-timer.C:
	}
}

func passed(t time.Time) bool { return !t.IsZero() && !time.Now().Before(t) }

func (f *flow) read(b []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for {
		switch {
		case f.readerClosed:
			return 0, net.ErrClosed
		case passed(f.readBy):
			return 0, os.ErrDeadlineExceeded
		case len(b) == 0:
			return 0, nil
		case len(f.segments) > 0 && passed(f.segments[0].at):
			n := copy(b, f.segments[0].data)
			if f.segments[0].data = f.segments[0].data[n:]; len(f.segments[0].data) == 0 {
				f.segments = f.segments[1:]
			}
			f.bytes -= n
			f.change()
			return n, nil
		case len(f.segments) > 0:
			f.wait(f.segments[0].at, f.readBy)
		case f.ended && passed(f.endedAt):
			return 0, io.EOF
		case f.ended:
			f.wait(f.endedAt, f.readBy)
		default:
			f.wait(f.readBy)
		}
	}
}

func (f *flow) write(b []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	written := 0
	for {
		room := len(b) - written
		if f.capacity > 0 {
			room = min(room, f.capacity-f.bytes)
		}
		switch {
		case f.ended:
			return written, net.ErrClosed
		case f.readerClosed:
			return written, io.ErrClosedPipe
		case passed(f.writeBy):
			return written, os.ErrDeadlineExceeded
		case written == len(b):
			return written, nil
		case room > 0:
			data := append([]byte(nil), b[written:written+room]...)
			f.segments = append(f.segments, segment{data, time.Now().Add(f.latency)})
			f.bytes += room
			written += room
			f.change()
		default:
			f.wait(f.writeBy)
		}
	}
}
