package server

import "time"

const (
	// paceAim is how long a batch of backlogs should take: fresh results wait for one at most.
	paceAim = 20 * time.Millisecond
	// minPace and maxPace bound a batch's bytes: below minPace the sync takes most of the time.
	minPace, firstPace, maxPace = 256 << 10, 1 << 20, maxBatchBytes
)

// A pace is the number of bytes after which a batch of backlogs ends. It follows from how long the batches
// before took, because processors and disks differ a hundredfold.
type pace struct{ bytes int }

func newPace() pace { return pace{firstPace} }

// note learns from a batch. One that was not full says nothing about more bytes.
func (p *pace) note(bytes int, took time.Duration) {
	switch {
	case took > 2*paceAim:
		p.bytes = max(minPace, min(bytes, p.bytes)/2)
	case took < paceAim && bytes >= p.bytes:
		p.bytes = min(maxPace, p.bytes*3/2)
	}
}
