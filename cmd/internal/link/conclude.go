package link

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"virgo/schedule/shorttext"
	"virgo/spool"
	"virgo/transport"
)

// offsetChange is the change of the clock offset above which the new offset is stored, which needs
// a transaction.
const offsetChange = time.Second

func (s *Session) setOffset(offset time.Duration) {
	ms := offset.Milliseconds()
	old := s.state.OffsetMS
	if old == nil || (offset-time.Duration(*old)*time.Millisecond).Abs() > offsetChange {
		s.unsaved = true
	}
	s.state.OffsetMS = &ms
}

// NoteAcknowledged stores that results were delivered, in the transaction that settles them. Errors
// are those of tx.
func (s *Session) NoteAcknowledged(tx *spool.Tx) error {
	now, st := s.cfg.Now(), &s.state.Status
	st.LastMS, st.TookMS = now.UnixMilli(), now.Sub(s.started).Milliseconds()
	st.Endpoint = s.endpoint
	s.unsaved = false
	if err := deleteTickets(tx); err != nil {
		return err
	}
	return s.state.put(tx)
}

// MayReportLoss reports whether a report of losses may be sent to the endpoint of this session. An
// endpoint that refused one gets none for transport.LossReportPause, unless the clock was set back.
func (s *Session) MayReportLoss() bool {
	since := s.cfg.Now().Sub(time.UnixMilli(s.state.LossRefusedMS))
	return s.state.LossRefusedBy != s.endpoint || since < 0 || since >= transport.LossReportPause
}

// NoteLossRefused records that this session's endpoint refused a report of losses. The next
// NoteAcknowledged stores it.
func (s *Session) NoteLossRefused() {
	s.state.LossRefusedMS, s.state.LossRefusedBy = s.cfg.Now().UnixMilli(), s.endpoint
}

// Conclude prints one notice when delivery begins to fail, or fails for a further reason, and one
// when it works again, and stores the state for the next run. err is the result of the delivery
// (nil: it succeeded), delivered the number of delivered results. inMemory means that the other
// results are not on the disk either.
func (s *Session) Conclude(ctx context.Context, err error, delivered int, inMemory bool) {
	switch {
	case err == nil && s.state.FailingSinceMS != 0:
		s.concludeRecovery(delivered)
	case err != nil && !Interrupted(ctx):
		s.concludeFailure(err, delivered, inMemory)
	}
	if err := s.save(ctx); err != nil {
		s.cfg.Verbose("state: %v", err)
	}
}

// countResults returns a number of results with its noun.
func countResults(n int) string {
	if n == 1 {
		return "1 result"
	}
	return fmt.Sprintf("%d results", n)
}

func (s *Session) concludeRecovery(delivered int) {
	st := &s.state.Status
	if st.Reported != "" {
		failing := s.cfg.Now().Sub(time.UnixMilli(st.FailingSinceMS))
		s.cfg.Notice("delivery works again after %s: %s delivered", roundSpan(failing), countResults(delivered))
	}
	st.FailingSinceMS, st.Error, st.Reported, st.Backoff = 0, "", "", transport.Backoff{}
	s.unsaved = true
}

func (s *Session) concludeFailure(err error, delivered int, inMemory bool) {
	now, st := s.cfg.Now(), &s.state.Status
	if st.FailingSinceMS == 0 {
		st.FailingSinceMS = now.UnixMilli()
		s.unsaved = true
	}
	reason := s.startBackoff(now, err, delivered > 0)
	var configError *ConfigError
	word := cmp.Or(transport.KeyRefusal(err), string(reason))
	if errors.As(err, &configError) {
		word = "configuration"
	}
	if !s.isQuiet(err) && st.noteReported(word) {
		s.unsaved, s.noticed = true, true
		next := "results are kept and go out with a later run"
		switch {
		case inMemory:
			next = "and this host's disk does not take them either"
		case reason != "":
			next = "results are kept; the next try is at " + clockTime(st.Backoff.UntilMS) +
				" or later, or at once with virgo flush"
		}
		s.cfg.Notice("not delivered: %v; %s", err, next)
	}
	if text := shorttext.Truncate(err.Error(), maxErrorBytes); text != st.Error {
		st.Error = text
		s.unsaved = true
	}
}

// noteReported records that a failure with this reason, empty for any other, was printed, and reports
// whether it is new. A rate limit after a day without a network is new; the same rate limit an hour
// later is not.
func (st *Status) noteReported(reason string) bool {
	words := strings.Fields(st.Reported)
	word := cmp.Or(reason, "delivery")
	if slices.Contains(words, word) || reason == "" && len(words) > 0 {
		return false
	}
	st.Reported = strings.Join(append(words, word), " ")
	return true
}

// maxErrorBytes bounds the stored error, because a hostile endpoint can choose its text.
const maxErrorBytes = 1 << 10

// save stores the status if it has changed, and the number of a session that nobody has reserved.
func (s *Session) save(ctx context.Context) error {
	if !s.unsaved && s.state.numbers.last <= s.state.numbers.stored {
		return nil
	}
	ctx, cancel := FinalContext(ctx)
	defer cancel()
	err := s.cfg.Spool.Update(ctx, func(tx *spool.Tx) error { return s.state.put(tx) })
	s.unsaved = err != nil
	return err
}

// roundSpan rounds a duration for people, to at most two units.
func roundSpan(d time.Duration) time.Duration {
	if d > time.Hour {
		return d.Round(time.Minute)
	}
	return d.Round(time.Second)
}

func clockTime(ms int64) string { return time.UnixMilli(ms).Local().Format("15:04:05") }
