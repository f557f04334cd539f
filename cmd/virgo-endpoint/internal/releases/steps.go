package releases

import (
	"errors"
	"fmt"
	"slices"
)

// Errors of steps that change nothing.
var (
	// ErrNoTarget is returned where no version is being rolled out.
	ErrNoTarget = errors.New("no version is offered")
	// ErrPaused is returned by Resume where nothing is paused, and by Pause where all is.
	ErrPaused = errors.New("nothing changes")
)

// SetPercent offers the target to another part of the agents.
func (r *Rollout) SetPercent(percent int) error {
	if percent < 0 || percent > 100 {
		return fmt.Errorf("%d percent is not from 0 to 100", percent)
	}
	if r.Target == "" {
		return ErrNoTarget
	}
	r.Percent = percent
	return nil
}

// SetTags offers the target to the agents with one of these tags; without any, to all.
func (r *Rollout) SetTags(tags []string) error {
	if r.Target == "" {
		return ErrNoTarget
	}
	r.Tags = slices.Clone(tags)
	return nil
}

// Pause offers the target to nobody until Resume.
func (r *Rollout) Pause() error { return r.pause(true) }

// Resume goes on after Pause.
func (r *Rollout) Resume() error { return r.pause(false) }

func (r *Rollout) pause(paused bool) error {
	if r.Target == "" {
		return ErrNoTarget
	}
	if r.Paused == paused {
		state := "offered"
		if paused {
			state = "paused"
		}
		return fmt.Errorf("%w: version %s is %s already", ErrPaused, r.Target, state)
	}
	r.Paused = paused
	return nil
}

// Stop makes the version before the target that of all. The version that was the target may
// be published again.
func (r *Rollout) Stop() error {
	if r.Target == "" {
		return ErrNoTarget
	}
	r.Target, r.Before = r.Before, ""
	r.Percent, r.Tags, r.Paused = 100, nil, false
	return nil
}

// Back is Stop, and withdraws the version for good: it is not served any more, and not published again.
func (r *Rollout) Back() error {
	bad := r.Target
	if err := r.Stop(); err != nil {
		return err
	}
	r.release(bad).Withdrawn = true
	return nil
}
