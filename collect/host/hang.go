package host

import (
	"context"
	"encoding/binary"
	"errors"
	"time"
)

const (
	// HangLimit is how long a file system may take to answer.
	HangLimit = 5 * time.Second
	// HangRest is how long one that did not answer is left alone.
	HangRest = 10 * time.Minute
	// minPatience is the least time that says something about a file system; with less left, none is asked.
	minPatience = 200 * time.Millisecond
)

// errHangs is returned when a file system did not answer within its limit.
var errHangs = errors.New("file system hangs")

// patience is how long to wait for one file system: HangLimit, or half of the time that is left, so
// that what the others say can still be told.
func patience(ctx context.Context) (time.Duration, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	deadline, ok := ctx.Deadline()
	if !ok {
		return HangLimit, nil
	}
	limit := min(HangLimit, time.Until(deadline)/2)
	if limit < minPatience {
		return 0, context.DeadlineExceeded
	}
	return limit, nil
}

// A hang is a file system that did not answer. One that is mounted anew has another id and is asked.
type hang struct {
	id    uint64
	point string
	at    time.Time
}

// resting returns the hang for which a file system is left alone at this time.
func resting(hangs []hang, m mount, now time.Time) (hang, bool) {
	for _, h := range hangs {
		if h.id == m.id && h.point == m.point && !now.Before(h.at) && now.Before(h.at.Add(HangRest)) {
			return h, true
		}
	}
	return hang{}, false
}

const (
	hangSampleKind    = 'f'
	hangSampleVersion = 1
)

// encodeHangs is how many there are, and of each its id, mount point and time (ms since the Unix epoch).
// The boot's mark is in the header: mount ids count from the boot on.
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
	r, mark := openSample(b, hangSampleKind, hangSampleVersion)
	hangs := make([]hang, r.count(3))
	for i := range hangs {
		hangs[i] = hang{id: r.uint(), point: string(r.text()), at: time.UnixMilli(int64(r.uint()))}
	}
	if !r.ok() || !sameBoot(mark, boot) {
		return nil
	}
	return hangs
}
