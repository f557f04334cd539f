package server

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"virgo/schedule/shorttext"
)

const (
	// sumTime is the time within which log lines of one kind are counted.
	sumTime = time.Minute
	// sumFirst is how many of them are written; the others are summed in one line.
	sumFirst = 10
	// maxKinds bounds the kinds that are told apart; the others count as one.
	maxKinds = 256
	// maxLogRunes bounds a text in the log.
	maxLogRunes = 500
)

// summing is a slog.Handler before another one. Peers can cause log lines as often as they like: of those
// with the same message and level it passes on the first ones of a minute, then one line that says how
// many more there were. Debug messages are not summed. Texts are without what a terminal would obey.
type summing struct {
	next slog.Handler
	*sums
}

// sums are shared by the handlers that With made.
type sums struct {
	root slog.Handler // for the sums

	mu     sync.Mutex
	kinds  map[kind]*sum
	closed bool
}

// A kind is what lines of one kind have in common.
type kind struct {
	level   slog.Level
	message string
}

// A sum is the lines of a kind in the minute that began with the first.
type sum struct {
	written, more int
	timer         *time.Timer
}

func newSumming(next slog.Handler) *summing {
	return &summing{next, &sums{root: next, kinds: map[kind]*sum{}}}
}

// Enabled implements [slog.Handler].
func (s *summing) Enabled(ctx context.Context, level slog.Level) bool {
	return s.next.Enabled(ctx, level)
}

// WithAttrs implements [slog.Handler].
func (s *summing) WithAttrs(attrs []slog.Attr) slog.Handler {
	safe := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		safe[i] = sanitized(a)
	}
	return &summing{s.next.WithAttrs(safe), s.sums}
}

// WithGroup implements [slog.Handler].
func (s *summing) WithGroup(name string) slog.Handler {
	return &summing{s.next.WithGroup(name), s.sums}
}

// Handle implements [slog.Handler].
func (s *summing) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelInfo && !s.first(r) {
		return nil
	}
	out := slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
	r.Attrs(func(a slog.Attr) bool {
		out.AddAttrs(sanitized(a))
		return true
	})
	return s.next.Handle(ctx, out)
}

// first reports whether a line is written, and counts it.
func (s *summing) first(r slog.Record) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return true
	}
	k := kind{r.Level, r.Message}
	one := s.kinds[k]
	if one == nil {
		if len(s.kinds) >= maxKinds {
			k.message = ""
		}
		if one = s.kinds[k]; one == nil {
			one = &sum{}
			one.timer = time.AfterFunc(sumTime, func() { s.end(k) })
			s.kinds[k] = one
		}
	}
	if one.written < sumFirst {
		one.written++
		return true
	}
	one.more++
	return false
}

// end writes the sum of a minute.
func (s *sums) end(k kind) {
	s.mu.Lock()
	one := s.kinds[k]
	delete(s.kinds, k)
	s.mu.Unlock()
	if one != nil {
		s.write(k, one)
	}
}

func (s *sums) write(k kind, one *sum) {
	if one.more == 0 {
		return
	}
	message := fmt.Sprintf("… and %d more in the last minute: %s", one.more, k.message)
	s.root.Handle(context.Background(), slog.NewRecord(time.Now(), k.level, message, 0))
}

// flush writes all sums. Later lines are not summed.
func (s *sums) flush() {
	s.mu.Lock()
	kinds := s.kinds
	s.kinds, s.closed = map[kind]*sum{}, true
	s.mu.Unlock()
	for k, one := range kinds {
		one.timer.Stop()
		s.write(k, one)
	}
}

// sanitized returns an attribute whose text can be shown. A stack is ours, and has lines.
func sanitized(a slog.Attr) slog.Attr {
	if a.Key == "stack" {
		return a
	}
	v := a.Value.Resolve()
	switch v.Kind() {
	case slog.KindString:
		return slog.String(a.Key, shownText(v.String()))
	case slog.KindAny:
		return slog.String(a.Key, shownText(fmt.Sprint(v.Any())))
	}
	return slog.Attr{Key: a.Key, Value: v}
}

func shownText(s string) string { return shorttext.Shorten(shorttext.Sanitize(s), maxLogRunes) }
