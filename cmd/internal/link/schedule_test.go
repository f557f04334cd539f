package link

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"virgo/schedule"
	"virgo/spool"
	"virgo/transport/transporttest"
)

// The renewal of the schedule leaves most of a run's time to its checks.
func TestRenewTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for left, want := range map[time.Duration]time.Duration{
			20 * time.Second: 5 * time.Second, time.Hour: 10 * time.Second,
		} {
			ctx, cancel := context.WithTimeout(t.Context(), left)
			if got := renewTime(ctx); got != want {
				t.Errorf("of %v: %v, want %v", left, got, want)
			}
			cancel()
		}
		if got := renewTime(t.Context()); got != 10*time.Second {
			t.Errorf("without a deadline: %v", got)
		}
	})
}

// The state of a check that is no longer scheduled is deleted with the schedule that had it.
func TestNewScheduleDeletesTheStateOfOtherChecks(t *testing.T) {
	cfg, _ := newTestConfig(t, transporttest.Script{Schedule: []byte(`[{"id":"a","type":"x"}]`)})
	ids := []string{"a", "b"}
	err := cfg.Spool.Update(t.Context(), func(tx *spool.Tx) error {
		for _, id := range ids {
			b, err := schedule.Last{Ran: cfg.Now()}.AppendBinary(nil)
			if err != nil {
				return err
			}
			if err := tx.Put(schedule.CheckSpace, id, b); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := FetchSchedule(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	err = cfg.Spool.View(t.Context(), func(tx *spool.Tx) error {
		for i, id := range ids {
			if ran := !schedule.ReadLast(tx, id).Ran.IsZero(); ran != (i == 0) {
				t.Errorf("check %s has state: %v", id, ran)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
