package link

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"virgo/schedule"
	"virgo/schedule/shorttext"
	"virgo/spool"
)

// Merge returns the checks in force: the endpoint's and the local ones, or the built-in ones if
// there are neither. Local checks of which none can run do not replace the built-in ones. The problems
// are the checks of the endpoint that were left out.
func (st *State) Merge(local schedule.Schedule) (schedule.Schedule, []schedule.Problem) {
	if !st.HasCached && !local.HasValid() {
		return schedule.Merge(schedule.Builtin(), local)
	}
	return schedule.Merge(st.Cached.Schedule, local)
}

// Scheduled is [State.Merge] with the local checks of ChecksDir, and with a Fault in each check that
// cannot run. The problems are all mistakes in it. The error is that of [schedule.LoadDir].
func (c *Config) Scheduled(st State) (schedule.Schedule, []schedule.Problem, error) {
	local, problems, err := schedule.LoadDir(c.ChecksDir, c.ParseYAML)
	if err != nil {
		return schedule.Schedule{}, nil, err
	}
	if st.Cached.Policy != c.policyID(&st) || c.hasUndecided(&st) {
		st.Cached.Schedule.Checks = slices.Clone(st.Cached.Schedule.Checks) // the caller's stay
		c.Judge(&st)
	}
	merged, leftOut := st.Merge(local)
	problems = append(problems, leftOut...)
	for i := range merged.Checks {
		k := &merged.Checks[i]
		isLocal := k.File != "" || k.ID == schedule.FaultsID // whose problems are there
		if k.Fault == "" {
			c.ValidateValues(k)
			isLocal = false
		}
		if k.Fault != "" && !isLocal {
			problems = append(problems, schedule.Problem{
				CheckID: shorttext.Truncate(k.ID, 64), Err: errors.New(k.Fault),
			})
		}
	}
	return merged, problems, nil
}

// Validate sets the Fault of a check that this program cannot run.
func (c *Config) Validate(k *schedule.Check) {
	if k.Fault != "" || c.Registry == nil {
		return
	}
	if err := c.Registry.Validate(*k); err != nil {
		invalidate(k, err)
	}
}

// ValidateValues is Validate with the values of the details, which in a run the checks refuse.
func (c *Config) ValidateValues(k *schedule.Check) {
	if k.Fault != "" || c.Registry == nil {
		return
	}
	if wrong := c.Registry.Mistakes(*k); len(wrong) > 0 {
		invalidate(k, wrong...)
	}
}

func invalidate(k *schedule.Check, wrong ...error) {
	var text strings.Builder
	text.WriteString("the endpoint's schedule")
	if k.File != "" {
		text.Reset()
		text.WriteString(k.Where())
	}
	for i, err := range wrong {
		text.WriteString([]string{": ", "; "}[min(i, 1)] + err.Error())
	}
	k.Invalidate(text.String())
}

// FetchSchedule fetches and stores the schedule now, whatever the age of the cached one. The
// problems are the checks that were left out.
func FetchSchedule(ctx context.Context, cfg *Config) ([]schedule.Problem, error) {
	st, err := cfg.State(ctx)
	if err != nil {
		return nil, err
	}
	s := NewSession(cfg, st)
	defer s.Close()
	problems, err := s.fetchAlone(ctx)
	if s.triesAnew(err) {
		s.Close()
		problems, err = s.fetchAlone(ctx)
	}
	saved := s.save(ctx) // a session that failed has used its number, too
	if err != nil {
		return problems, err
	}
	return problems, saved
}

// fetchAlone is one session that fetches the schedule and nothing else.
func (s *Session) fetchAlone(ctx context.Context) ([]schedule.Problem, error) {
	if err := s.open(ctx, ctx); err != nil {
		return nil, err
	}
	problems, err := s.fetchSchedule(ctx, true)
	if err == nil {
		s.goodbye(ctx)
	}
	return problems, err
}

// Renew updates the cached schedule, unless there is a backoff, and leaves the session open for the
// delivery. If it fails, the last good schedule stays in use, and Deliver takes the error into
// account. The problems are the checks that were left out.
func (s *Session) Renew(ctx context.Context) []schedule.Problem {
	if s.Blocked() != nil {
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, renewTime(ctx))
	defer cancel()
	var problems []schedule.Problem
	err := s.open(limited, ctx)
	if err == nil {
		problems, err = s.fetchSchedule(limited, false)
	}
	var unsaved *unsavedError
	switch {
	case errors.As(err, &unsaved):
		s.cfg.Verbose("schedule: it serves this run: %v", err)
	case err != nil:
		s.cfg.Verbose("schedule: using the last good one: %v", err)
		s.Close()
		if !s.triesAnew(err) {
			s.renewErr = err
		}
	}
	return problems
}

// renewTime returns how long a run may wait for the schedule before its checks: a quarter of its
// time, at most ten seconds. An endpoint that is slow to send it does not stop the checks.
func renewTime(ctx context.Context) time.Duration {
	longest := 10 * time.Second
	if deadline, ok := ctx.Deadline(); ok {
		longest = min(longest, time.Until(deadline)/4)
	}
	return longest
}

// scheduleHash returns the hash of the cached schedule for hello; empty if the endpoint is to send
// the schedule in any case.
func (s *Session) scheduleHash() string {
	if !s.state.HasCached || s.state.Cached.Changed {
		return ""
	}
	return s.state.Cached.Hash
}

// fetchSchedule updates the cached schedule in the open session; only a complete schedule replaces
// it. If anew is set, the schedule is transferred even if its hash is unchanged.
func (s *Session) fetchSchedule(ctx context.Context, anew bool) ([]schedule.Problem, error) {
	w, err := s.welcome(ctx)
	if err != nil {
		return nil, err
	}
	cached := s.state.Cached
	var problems []schedule.Problem
	unchanged := w.ScheduleChanged != nil && !*w.ScheduleChanged
	if !anew && !s.changed && s.scheduleHash() != "" && unchanged {
		cached.Fetched = s.cfg.Now()
	} else {
		s.changed = false
		result, err := s.conn.Call(ctx, "check_schedule.get", []byte("{}"))
		if err != nil {
			return nil, fmt.Errorf("fetching the schedule from %s: %w", s.endpoint, err)
		}
		sch, hash, found, err := schedule.ParseEndpoint(result)
		if err != nil {
			return nil, fmt.Errorf("reading the schedule from %s: %w", s.endpoint, err)
		}
		problems = found
		cached = schedule.Cached{Schedule: sch, Fetched: s.cfg.Now(), Hash: hash}
	}
	s.cfg.Verbose("schedule: checks: %d, from %s", len(cached.Schedule.Checks), s.endpoint)
	before := refusedIDs(s.state.Cached.Schedule)
	s.state.Cached, s.state.HasCached = cached, true
	s.cfg.Judge(&s.state)
	s.cfg.noticeRefusals(before, s.state.Cached.Schedule)
	return problems, s.saveSchedule(ctx)
}

// markScheduleChanged marks the cached schedule as changed, so that the next run fetches one that
// was announced but not fetched in this session.
func (s *Session) markScheduleChanged(ctx context.Context) {
	if !s.changed {
		return
	}
	s.changed = false
	if !s.state.HasCached || s.state.Cached.Changed {
		return // it is fetched anyway
	}
	s.state.Cached.Changed = true
	ctx, cancel := FinalContext(ctx)
	defer cancel()
	if err := s.saveSchedule(ctx); err != nil {
		s.cfg.Verbose("schedule: %v", err)
	}
}

// saveSchedule stores the cached schedule and deletes the state of checks that are no longer
// scheduled.
func (s *Session) saveSchedule(ctx context.Context) error {
	b, err := s.state.Cached.Marshal()
	if err != nil {
		return fmt.Errorf("storing the schedule: %w", err)
	}
	local, _, err := schedule.LoadDir(s.cfg.ChecksDir, s.cfg.ParseYAML)
	if err != nil {
		return fmt.Errorf("storing the schedule: %w", err)
	}
	merged, _ := s.state.Merge(local)
	err = s.cfg.Spool.Update(ctx, func(tx *spool.Tx) error {
		if err := tx.Put(StateSpace, scheduleKey, b); err != nil {
			return err
		}
		return schedule.Prune(tx, merged)
	})
	if err != nil {
		return &unsavedError{err}
	}
	return nil
}

// JudgeStored is [Config.Judge], and stores the verdicts.
func (c *Config) JudgeStored(st *State, store schedule.Store) error {
	before := refusedIDs(st.Cached.Schedule)
	if !c.Judge(st) {
		return nil
	}
	c.noticeRefusals(before, st.Cached.Schedule)
	b, err := st.Cached.Marshal()
	if err != nil {
		return fmt.Errorf("storing the schedule: %w", err)
	}
	return store.Put(StateSpace, scheduleKey, b)
}

// An unsavedError is returned for a schedule that was fetched but could not be stored.
type unsavedError struct{ err error }

func (e *unsavedError) Error() string { return "storing the schedule: " + e.err.Error() }
func (e *unsavedError) Unwrap() error { return e.err }
