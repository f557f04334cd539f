package login

import (
	"context"
	"fmt"
	"math/bits"
	"sync"
	"time"

	"virgo/cmd/virgo-endpoint/internal/watch"
)

// Failures are summed by sumTime; those who fail from more addresses than maxRecords share one record. An attacker who never
// gives up leaves some thousand records a year.
const (
	sumTime    = time.Hour
	maxRecords = 32
)

// A recorder writes to the audit log who logged in, and sums the failures of an hour.
type recorder struct {
	mu   sync.Mutex
	from time.Time
	sums map[[2]string]*failureSum // by person and address
}

type failureSum struct {
	id    int64
	count uint
}

// succeeded records that a person logged in.
func (rec *recorder) succeeded(ctx context.Context, l *Login, name, remote string) error {
	return rec.done(ctx, l, watch.Actor{Kind: "person", Name: name, Remote: remote}, "log in", name)
}

// done records something that is done at once after that.
func (rec *recorder) done(ctx context.Context, l *Login, a watch.Actor, action, object string) error {
	if l.Audit == nil {
		return nil
	}
	_, err := l.Audit.Begin(ctx, watch.Entry{At: l.Now(), ActorKind: a.Kind, Actor: a.Name, Remote: a.Remote, Action: action,
		Object: object, Outcome: watch.Done})
	return err
}

// failed records that a password was wrong: with each doubling of their number, so that a flood costs few writes. name is
// empty for a name that nobody has.
func (rec *recorder) failed(ctx context.Context, l *Login, name, remote string) error {
	if l.Audit == nil {
		return nil
	}
	rec.mu.Lock()
	defer rec.mu.Unlock()
	now := l.Now()
	if from := now.Truncate(sumTime); !from.Equal(rec.from) {
		rec.from, rec.sums = from, map[[2]string]*failureSum{}
	}
	key := [2]string{name, remote}
	if rec.sums[key] == nil && len(rec.sums) >= maxRecords {
		key = [2]string{}
	}
	sum := rec.sums[key]
	if sum == nil {
		sum = &failureSum{count: 1}
		id, err := l.Audit.Begin(ctx, watch.Entry{At: now, ActorKind: "person", Actor: key[0], Remote: key[1], Action: "log in", Object: key[0],
			Outcome: "failed: wrong name or password"})
		if err != nil {
			return err
		}
		sum.id, rec.sums[key] = id, sum
		return nil
	}
	if sum.count++; bits.OnesCount(sum.count) != 1 {
		return nil
	}
	return l.Audit.End(ctx, sum.id, fmt.Sprintf("failed: wrong name or password, at least %d times within an hour", sum.count))
}
