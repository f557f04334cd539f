package link

import (
	"context"
	"fmt"

	"virgo/transport"
)

// Deliver runs sessions until the queue is empty, another attempt would be useless, or there is no
// time left. If the endpoint announces a new schedule meanwhile, this session or the next run
// fetches it. It waits for an endpoint that is busy and says for how long, if that is within the run. The
// error is that of the last attempt, or of a permanent failure of Renew.
func (s *Session) Deliver(ctx context.Context, q transport.Queue) error {
	s.started = s.cfg.Now()
	defer s.markScheduleChanged(ctx) // it was announced, and then the session broke
	_, busy := transport.RequestedPause(s.renewErr)
	if s.renewErr != nil && !busy && !transport.Temporary(s.renewErr) {
		return s.renewErr
	}
	attempts := transport.Attempts{Most: transport.DeliveryAttempts, Busy: s.noteBusy}
	if s.state.FailingSinceMS != 0 && !s.wasBusy() || s.renewErr != nil && !busy {
		attempts.Most = transport.DeliveryAttemptsFailing
	}
	return attempts.Retry(ctx, func(ctx context.Context) error {
		if busy { // Renew was the first attempt
			busy = false
			return s.renewErr
		}
		err := s.deliverOnce(ctx, q)
		if s.triesAnew(err) {
			s.endFailed(err, q)
			err = s.deliverOnce(ctx, q)
		}
		if err != nil {
			s.endFailed(err, q)
		}
		return err
	})
}

// endFailed ends a session that failed.
func (s *Session) endFailed(err error, q transport.Queue) {
	s.cfg.Verbose("delivery: %v", err)
	s.Close()
	q.Rewind()
}

// deliverOnce is one session from hello to goodbye.
func (s *Session) deliverOnce(ctx context.Context, q transport.Queue) error {
	if err := s.open(ctx, ctx); err != nil {
		return err
	}
	if _, err := s.conn.Deliver(ctx, q); err != nil {
		if w, ok := s.conn.Greeted(); ok {
			s.noteWelcome(&w) // the next session may begin with it
		}
		return fmt.Errorf("delivering to %s: %w", s.endpoint, err)
	}
	w, err := s.welcome(ctx)
	if err != nil {
		return err
	}
	if s.changed || (w.ScheduleChanged != nil && *w.ScheduleChanged) {
		if _, err := s.fetchSchedule(ctx, true); err != nil {
			// The results are delivered; the next run begins with the schedule.
			s.cfg.Verbose("schedule: the next run asks for it again: %v", err)
			s.changed = true
			s.markScheduleChanged(ctx)
		}
	}
	s.goodbye(ctx)
	return nil
}
