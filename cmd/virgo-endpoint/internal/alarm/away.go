package alarm

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"virgo/cmd/virgo-endpoint/internal/watch"
	rule "virgo/schedule/alarm"
)

const (
	// markSetting is the time in ms when the engine was last at work, markEvery how often it is stored.
	markSetting = "alarms.at_work_ms"
	markEvery   = time.Minute
	// awayAfter is how long the engine must not have been at work for the endpoint to count as away.
	awayAfter = 2 * time.Minute
)

// awayRule is the rule in the changes of the endpoint itself.
const awayRule = "endpoint-away"

// beginAwake notes since when the engine is at work, and tells of the time before in which it was not.
func (e *Engine) beginAwake(ctx context.Context, now time.Time) error {
	e.awake, e.ticked = now, now
	if e.opt.Settings == nil {
		return nil
	}
	at, err := AtWork(ctx, e.opt.Settings)
	if err != nil {
		return err
	}
	if !at.IsZero() {
		e.wasAway(at, now)
	}
	return nil
}

// AtWork returns when results were judged last, as an engine stores it each minute; the zero time if none ever did.
func AtWork(ctx context.Context, s watch.Settings) (time.Time, error) {
	text, err := s.Setting(ctx, markSetting)
	if err != nil {
		return time.Time{}, fmt.Errorf("reading when alarms were judged last: %w", err)
	}
	ms, err := strconv.ParseInt(text, 10, 64)
	if err != nil { // the first start
		return time.Time{}, nil
	}
	return time.UnixMilli(ms), nil
}

// wasAway tells that the endpoint was away, if it was for long.
func (e *Engine) wasAway(from, now time.Time) {
	if now.Sub(from) < awayAfter {
		return
	}
	e.awake = now
	text := fmt.Sprintf("the endpoint was away from %s to %s: what hosts made meanwhile comes late and raises no alarm",
		clock(from, now), clock(now, now))
	standing := watch.Standing{Key: watch.Key{Rule: awayRule}, State: rule.OK, Since: now, Text: text, From: from, To: now}
	e.step.change(watch.Change{Key: standing.Key, At: now, Was: rule.Unknown, State: rule.OK, Text: text, Kind: watch.Fleet}, 0)
	e.send(watch.Event{Kind: watch.AwayEvent, Standing: standing, Was: rule.Unknown, At: now, Text: text}, nil)
}

// clock is a local time of day, with the day where that is not the one of now.
func clock(t, now time.Time) string {
	t, now = t.Local(), now.Local()
	if t.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return t.Format("15:04")
	}
	return t.Format("2006-01-02 15:04")
}

// mark stores that the engine is at work.
func (e *Engine) mark(ctx context.Context, now time.Time) error {
	if e.opt.Settings == nil || now.Sub(e.marked) < markEvery {
		return nil
	}
	if err := e.opt.Settings.SetSetting(ctx, markSetting, strconv.FormatInt(now.UnixMilli(), 10)); err != nil {
		return fmt.Errorf("storing that alarms are judged: %w", err)
	}
	e.marked = now
	return nil
}
