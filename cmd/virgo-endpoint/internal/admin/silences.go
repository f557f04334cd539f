package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strconv"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/watch"
)

// Bounds of a silence.
const (
	maxSelectors = 64
	maxSelector  = 256 // bytes
	maxReason    = 400 // bytes
	// maxSilence bounds one that is not recurring: longer, and an alarm is better disabled.
	maxSilence = 366 * 24 * time.Hour
	// maxOccurrence bounds one time of a recurring one.
	maxOccurrence = 7 * 24 * time.Hour
	minutesOfDay  = 24 * 60
	allDays       = 1<<7 - 1
)

// SilenceETag is that of a silence.
func SilenceETag(s *watch.Silence) string { return strconv.FormatInt(s.Version, 10) }

// AllSilences returns the silences that count, and with ended those of the last 90 days too.
func (a *Admin) AllSilences(ctx context.Context, by watch.Actor, ended bool) ([]watch.Silence, error) {
	if !by.May(watch.SilencesScope, watch.ReadScope) {
		return nil, &ScopeError{[]watch.Scope{watch.SilencesScope, watch.ReadScope}}
	}
	return a.Silences.All(ctx, ended)
}

// Silence returns one silence. Error: watch.ErrNoSuchSilence.
func (a *Admin) Silence(ctx context.Context, by watch.Actor, id int64) (watch.Silence, error) {
	all, err := a.AllSilences(ctx, by, true)
	if err != nil {
		return watch.Silence{}, err
	}
	i := slices.IndexFunc(all, func(s watch.Silence) bool { return s.ID == id })
	if i < 0 {
		return watch.Silence{}, fmt.Errorf("%w: %d", watch.ErrNoSuchSilence, id)
	}
	return all[i], nil
}

// AddSilence adds a silence; one without a beginning begins now. Error: *Invalid.
func (a *Admin) AddSilence(ctx context.Context, by watch.Actor, s watch.Silence) (watch.Silence, error) {
	unlock, err := a.begin(by, watch.SilencesScope)
	if err != nil {
		return s, err
	}
	defer unlock()
	now := a.Now()
	s.ID, s.Version, s.By, s.Created, s.Ended = 0, 0, by.Name, now, time.Time{}
	if s.From.IsZero() {
		s.From = now
	}
	if err := checkSilence(&s, now); err != nil {
		return s, err
	}
	return a.storeSilence(ctx, by, "add silence", nil, s)
}

// PutSilence changes a silence that counts. Errors: watch.ErrNoSuchSilence, *Changed, *Invalid.
func (a *Admin) PutSilence(ctx context.Context, by watch.Actor, s watch.Silence, m Match) (watch.Silence, error) {
	return a.changeSilence(ctx, by, "change silence", s.ID, m, func(was watch.Silence, now time.Time) (watch.Silence, error) {
		s.Version, s.By, s.Created, s.Ended = was.Version, was.By, was.Created, time.Time{}
		if s.From.IsZero() {
			s.From = was.From
		}
		return s, checkSilence(&s, now)
	})
}

// EndSilence ends a silence now. Errors: watch.ErrNoSuchSilence, *Changed, *Invalid.
func (a *Admin) EndSilence(ctx context.Context, by watch.Actor, id int64, m Match) (watch.Silence, error) {
	return a.changeSilence(ctx, by, "end silence", id, m, func(s watch.Silence, now time.Time) (watch.Silence, error) {
		s.Ended = now
		return s, nil
	})
}

func (a *Admin) changeSilence(ctx context.Context, by watch.Actor, action string, id int64, m Match,
	change func(watch.Silence, time.Time) (watch.Silence, error)) (watch.Silence, error) {
	unlock, err := a.begin(by, watch.SilencesScope)
	if err != nil {
		return watch.Silence{}, err
	}
	defer unlock()
	was, err := a.Silence(ctx, by, id)
	if err != nil {
		return was, err
	}
	if err := m.check(SilenceETag(&was)); err != nil {
		return was, err
	}
	if !was.Ended.IsZero() {
		return was, invalid("the silence is over")
	}
	s, err := change(was, a.Now())
	if err != nil {
		return was, err
	}
	return a.storeSilence(ctx, by, action, &was, s)
}

func (a *Admin) storeSilence(ctx context.Context, by watch.Actor, action string, was *watch.Silence, s watch.Silence) (watch.Silence, error) {
	r := record{action: action, object: "new", after: silenceSummary(&s)}
	if was != nil {
		r.object, r.before = strconv.FormatInt(was.ID, 10), silenceSummary(was)
	}
	err := a.do(ctx, by, r, func() (err error) {
		s, err = a.Silences.Put(ctx, s)
		return err
	})
	return s, err
}

// checkSilence returns an *Invalid for a silence that could never hold anything back.
func checkSilence(s *watch.Silence, now time.Time) error {
	for _, list := range [][]string{s.Hosts, s.Rules} {
		for _, pattern := range list {
			if _, err := path.Match(pattern, ""); err != nil || pattern == "" || len(pattern) > maxSelector || !intake.ValidID(pattern) {
				return invalid("%q is no name and no pattern of one", pattern)
			}
		}
	}
	for _, tag := range s.Tags {
		if err := intake.CheckTag(tag); err != nil {
			return invalid("%w", err)
		}
	}
	if len(s.Reason) > 0 && (len(s.Reason) > maxReason || intake.CheckLabel(s.Reason) != nil) {
		return invalid("the reason is one line of at most %d characters", intake.MaxLabelRunes)
	}
	switch {
	case max(len(s.Hosts), len(s.Tags), len(s.Rules)) > maxSelectors:
		return invalid("more than %d hosts, tags or rules", maxSelectors)
	case !s.Until.IsZero() && !s.Until.After(s.From):
		return invalid("it ends before it begins")
	case !s.Until.IsZero() && !s.Until.After(now):
		return invalid("it would be over already")
	case s.Kind == watch.OneTime:
		return checkOneTime(s)
	case s.Kind == watch.Quiet, s.Kind == watch.Maintenance:
		return checkRecurring(s)
	}
	return invalid("there is no kind %q: silence, quiet or maintenance", s.Kind)
}

func checkOneTime(s *watch.Silence) error {
	switch {
	case s.Until.IsZero():
		return invalid("a silence needs an end")
	case s.Until.Sub(s.From) > maxSilence:
		return invalid("a silence lasts at most %d days", int(maxSilence/(24*time.Hour)))
	case s.Days != 0 || s.Start != 0 || s.Length != 0 || s.Zone != "":
		return invalid("only quiet hours and maintenance have days, a start, a length and a time zone")
	}
	return nil
}

func checkRecurring(s *watch.Silence) error {
	switch {
	case s.Days == 0 || s.Days > allDays:
		return invalid("quiet hours and maintenance need days")
	case s.Start < 0 || s.Start >= minutesOfDay:
		return invalid("the start is a time of the day")
	case s.Length < time.Minute || s.Length > maxOccurrence:
		return invalid("the length is from 1 minute to 7 days")
	}
	if s.Zone == "" || s.Zone == "Local" {
		return invalid("a time zone is needed, for example Europe/Berlin")
	}
	if _, err := time.LoadLocation(s.Zone); err != nil {
		return invalid("there is no time zone %q", s.Zone)
	}
	return nil
}

func silenceSummary(s *watch.Silence) []byte {
	data, err := json.Marshal(s)
	if err != nil {
		return nil
	}
	return data
}

// Acknowledge notes that somebody looks after an alarm, until it is OK. Error: watch.ErrNoSuchState.
func (a *Admin) Acknowledge(ctx context.Context, by watch.Actor, k watch.Key) error {
	return a.acknowledge(ctx, by, "acknowledge alarm", k, by.Name)
}

// TakeBack takes an acknowledgement back. Error: watch.ErrNoSuchState.
func (a *Admin) TakeBack(ctx context.Context, by watch.Actor, k watch.Key) error {
	return a.acknowledge(ctx, by, "take back acknowledgement", k, "")
}

func (a *Admin) acknowledge(ctx context.Context, by watch.Actor, action string, k watch.Key, name string) error {
	unlock, err := a.begin(by, watch.AlarmsScope, watch.SilencesScope)
	if err != nil {
		return err
	}
	defer unlock()
	var was string
	_, states, err := a.Alarms.Load(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(states, func(s watch.Saved) bool { return s.Key == k })
	if i < 0 {
		return fmt.Errorf("%w: rule %q", watch.ErrNoSuchState, k.Rule)
	}
	was = states[i].AckedBy
	object := fmt.Sprintf("%s of %s", k.Rule, states[i].AgentID)
	if k.CheckID != "" {
		object += " " + k.CheckID
	}
	if k.Dimension != "" {
		object += " " + k.Dimension
	}
	return a.do(ctx, by, record{action, object, []byte(was), []byte(name)},
		func() error { return a.Alarms.Acknowledge(ctx, k, name, a.Now()) })
}
