package host

import (
	"context"
	"encoding/binary"
	"errors"
	"time"
)

const (
	// ProbeTimeout is how long a file system may take to answer.
	ProbeTimeout = 5 * time.Second
	// ProbeBackoff is how long a file system that did not answer is not probed again.
	ProbeBackoff = 10 * time.Minute
	// minProbeTimeout is the shortest wait that proves a hang; with less time left, none is probed.
	minProbeTimeout = 200 * time.Millisecond
)

// errHangs is returned when a file system did not answer in time.
var errHangs = errors.New("file system hangs")

// probeTimeout returns how long to wait for one file system: ProbeTimeout, or half of the remaining
// time if that is less, so that the answers of the others can still be reported.
func probeTimeout(ctx context.Context) (time.Duration, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	deadline, ok := ctx.Deadline()
	if !ok {
		return ProbeTimeout, nil
	}
	limit := min(ProbeTimeout, time.Until(deadline)/2)
	if limit < minProbeTimeout {
		return 0, context.DeadlineExceeded
	}
	return limit, nil
}

// A hang is a file system that did not answer. If it is mounted again it has another id, so it is
// probed.
type hang struct {
	id    uint64
	point string
	at    time.Time
}

// inBackoff returns the hang for which a file system is not to be probed now.
func inBackoff(hangs []hang, m mount, now time.Time) (hang, bool) {
	for _, h := range hangs {
		if h.id == m.id && h.point == m.point && !now.Before(h.at) && now.Before(h.at.Add(ProbeBackoff)) {
			return h, true
		}
	}
	return hang{}, false
}

const (
	hangSampleKind    = 'f'
	hangSampleVersion = 1
)

// encodeHangs is how many there are, and of each its id, mount point and time (ms since the Unix
// epoch). The boot's id is in the header, because mount ids count from boot.
func encodeHangs(hangs []hang, boot uint64) []byte {
	if len(hangs) == 0 {
		return nil
	}
	b := newSample(hangSampleKind, hangSampleVersion, boot)
	b = binary.AppendUvarint(b, uint64(len(hangs)))
	for _, h := range hangs {
		b = binary.AppendUvarint(b, h.id)
		b = appendText(b, h.point)
		b = binary.AppendUvarint(b, uint64(max(0, h.at.UnixMilli())))
	}
	return b
}

func parseHangs(b []byte, boot uint64) []hang {
	r, id := openSample(b, hangSampleKind, hangSampleVersion)
	hangs := make([]hang, r.count(3))
	for i := range hangs {
		hangs[i] = hang{id: r.uint(), point: string(r.text()), at: time.UnixMilli(int64(r.uint()))}
	}
	if !r.ok() || !sameBoot(id, boot) {
		return nil
	}
	return hangs
}
