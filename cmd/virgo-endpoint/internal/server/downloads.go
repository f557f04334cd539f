package server

import (
	"errors"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"virgo/cmd/virgo-endpoint/internal/peer"
)

const (
	// downloadTime bounds a download, downloadPause its peer's time to read some of it. A slow link goes on with a range.
	downloadTime  = 10 * time.Minute
	downloadPause = 30 * time.Second
	// retryAfter is when a peer may come back that found too many others.
	retryAfter = 60 * time.Second
)

// downloads count those in progress, by the address of the peer.
type downloads struct {
	most, mostOfOne int

	mu   sync.Mutex
	all  int
	from map[netip.Prefix]int
}

func newDownloads(limits Limits) *downloads {
	return &downloads{most: limits.Downloads, mostOfOne: limits.DownloadsPerAddress, from: map[netip.Prefix]int{}}
}

// begin counts a download until the caller calls end; ok is false if there are too many.
func (d *downloads) begin(from netip.Prefix) (end func(), ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.all >= d.most || d.from[from] >= d.mostOfOne {
		return nil, false
	}
	d.all++
	d.from[from]++
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.all--
		if d.from[from]--; d.from[from] == 0 {
			delete(d.from, from)
		}
	}, true
}

// peerOf returns what a request counts as by its address.
func peerOf(r *http.Request) netip.Prefix {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Prefix{}
	}
	return peer.Of(at.Addr())
}

// A pacedWriter writes a download: its peer has downloadPause to read each part, and downloadTime for all. It hides what
// else the writer can do, so that every part passes Write.
type pacedWriter struct {
	http.ResponseWriter
	control *http.ResponseController
	until   time.Time

	mu    sync.Mutex
	ended bool
}

func newPacedWriter(w http.ResponseWriter) *pacedWriter {
	return &pacedWriter{ResponseWriter: w, control: http.NewResponseController(w), until: time.Now().Add(downloadTime)}
}

func (w *pacedWriter) Write(p []byte) (int, error) {
	if err := w.extend(); err != nil {
		return 0, err
	}
	return w.ResponseWriter.Write(p)
}

// extend sets the deadline of the next part.
func (w *pacedWriter) extend() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	deadline := now.Add(downloadPause)
	if deadline.After(w.until) {
		deadline = w.until
	}
	if w.ended || !now.Before(w.until) {
		return errDownloadEnded
	}
	return w.control.SetWriteDeadline(deadline)
}

// abort ends the download at once, whatever its peer reads.
func (w *pacedWriter) abort() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
	w.control.SetWriteDeadline(time.Unix(1, 0))
}

var errDownloadEnded = errors.New("the download takes too long, or the server shuts down")
