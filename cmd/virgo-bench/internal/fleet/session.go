package fleet

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// A Worker has the buffers of one session at a time.
type Worker struct {
	fleet *Fleet
	out   []byte
	batch []byte // of results that are to be compressed
	small []byte
	in    *bufio.Reader
	long  []byte // a line that does not fit in's buffer
	// pending is what was sent and has to be answered: hello (0), a number of results, or the heartbeat (0).
	pending []int
}

// NewWorker returns a worker, which is used by one goroutine at a time.
func (f *Fleet) NewWorker() *Worker { return &Worker{fleet: f, in: bufio.NewReaderSize(nil, 4<<10)} }

// Run is a session of a host with the results of one run. It returns the number of results that were
// acknowledged. Errors: *RefusedError, and any other for a session that failed.
func (w *Worker) Run(ctx context.Context, i int) (int, error) {
	h := &w.fleet.hosts[i]
	run := uint64(h.runs.Add(1))
	n, err := w.session(ctx, i, func() { w.appendRun(i, run, w.fleet.now()-w.fleet.since) })
	h.acknowledged.Add(uint32(n))
	return n, err
}

// Handshake connects, does the handshake of a session, and closes.
func (w *Worker) Handshake(ctx context.Context, i int) error {
	nc, err := w.fleet.dial(ctx, i)
	if err != nil {
		return err
	}
	defer nc.Close()
	if err := nc.SetDeadline(time.Now().Add(sessionTime)); err != nil {
		return err
	}
	conn := tls.Client(nc, w.fleet.config)
	if err := conn.HandshakeContext(ctx); err != nil {
		return err
	}
	return conn.Close()
}

// A Past says which runs a backlog has: Runs of them, Every apart, the last one Until before now.
type Past struct {
	Runs         int
	Every, Until time.Duration
}

// Backlog is a session of a host with the results of past runs.
func (w *Worker) Backlog(ctx context.Context, i int, p Past) (int, error) {
	h := &w.fleet.hosts[i]
	first := uint64(h.runs.Add(uint32(p.Runs))) - uint64(p.Runs) + 1
	n, err := w.runs(ctx, i, first, p)
	h.acknowledged.Add(uint32(n))
	return n, err
}

// runs is a session with the results of past runs, of which the first one has a number.
func (w *Worker) runs(ctx context.Context, i int, first uint64, p Past) (int, error) {
	return w.session(ctx, i, func() {
		w.fleet.building <- struct{}{}
		w.appendBacklog(i, first, p)
		<-w.fleet.building
	})
}

// session connects, says hello, sends what post appends, and reads all answers.
func (w *Worker) session(ctx context.Context, i int, post func()) (delivered int, err error) {
	nc, err := w.fleet.dial(ctx, i)
	if err != nil {
		return 0, err
	}
	defer nc.Close()
	if err := nc.SetDeadline(time.Now().Add(sessionTime)); err != nil {
		return 0, err
	}
	conn := tls.Client(nc, w.fleet.config)
	if err := conn.HandshakeContext(ctx); err != nil {
		return 0, err
	}
	w.out, w.pending = w.out[:0], w.pending[:0]
	if err := w.appendHello(i, conn.ConnectionState()); err != nil {
		return 0, err
	}
	post()
	w.begin(i, "heartbeat.post")
	w.out = strconv.AppendInt(append(w.out, `{"timestamp":`...), w.fleet.now(), 10)
	w.out = append(w.out, "}}\n"...)
	w.pending = append(w.pending, 0)
	written := make(chan error, 1)
	if len(w.out) < 64<<10 { // fits the socket's buffer, so that nobody has to read meanwhile
		if _, err := conn.Write(w.out); err != nil {
			return 0, w.orAnswer(conn, err)
		}
		written <- nil
	} else {
		go func(b []byte) {
			_, err := conn.Write(b)
			written <- err
		}(w.out)
		defer func() { // the buffer is used again
			if err != nil {
				nc.Close()
			}
			err = errors.Join(err, <-written)
		}()
	}
	w.in.Reset(conn)
	for n, results := range w.pending {
		line, err := next(w.in, w.long)
		if err != nil {
			return delivered, err
		}
		switch {
		case results == 1 && !w.fleet.accepts.Multi:
			delivered++
		case results > 0:
			accepted, err := countAccepted(line)
			if err == nil && accepted != results {
				err = fmt.Errorf("%d of %d results of request %d were accepted", accepted, results, n)
			}
			if err != nil {
				return delivered, err
			}
			delivered += results
		}
	}
	return delivered, conn.Close()
}

// orAnswer returns the endpoint's answer where it closed the connection after it: that says more than err.
func (w *Worker) orAnswer(conn *tls.Conn, err error) error {
	w.in.Reset(conn)
	if _, said := next(w.in, w.long); said != nil {
		var refused *RefusedError
		if errors.As(said, &refused) {
			return said
		}
	}
	return err
}
