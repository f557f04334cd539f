package intaketest

import (
	"context"
	"maps"
	"slices"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// A memoryBundleKey is an intake.BundleID after which agents can be renamed.
type memoryBundleKey struct {
	courier, agent *memoryAgent
	bundle         string
}

type memoryBundle struct {
	intake.BundleState
	updated time.Time
	place   int // in the order of the last pieces
}

// Bundle implements [intake.Bundles].
func (m *Memory) Bundle(
	ctx context.Context, id intake.BundleID, now time.Time,
) (intake.BundleState, intake.Standing, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.bundle(id, now), m.standing(id.AgentID), ctx.Err()
}

func (m *Memory) bundle(id intake.BundleID, now time.Time) intake.BundleState {
	courier, agent := m.agents[id.Courier], m.agents[id.AgentID]
	b := m.bundles[memoryBundleKey{courier, agent, id.Bundle}]
	if courier == nil || agent == nil || b == nil || now.Sub(b.updated) >= intake.BundleTime {
		return intake.BundleState{}
	}
	st := b.BundleState
	st.Ranges = slices.Clone(st.Ranges)
	return st
}

// AddBundle implements [intake.Bundles].
func (m *Memory) AddBundle(ctx context.Context, p *intake.BundlePiece) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.open(p.Courier, p.Access, p.Received) {
		return p.Access.Withdrawn()
	}
	standing := m.standing(p.AgentID)
	if err := intake.DecideSeal(&standing, p.Key); err != nil {
		return err
	}
	if m.bundle(p.BundleID, p.Received).Offset != p.Before {
		return intake.ErrBundleMoved
	}
	m.add(intake.Arrival{AgentID: p.AgentID, Received: p.Received, Results: p.Results, Refusals: p.Refusals})
	if m.bundles == nil {
		m.bundles = map[memoryBundleKey]*memoryBundle{}
	}
	m.pieces++
	after := p.After
	after.Ranges = slices.Clone(after.Ranges)
	courier := m.agent(p.Courier, p.Received)
	m.bundles[memoryBundleKey{courier, m.agent(p.AgentID, p.Received), p.Bundle}] =
		&memoryBundle{after, p.Received, m.pieces}
	var places []int
	for key, b := range m.bundles {
		if key.courier == courier {
			places = append(places, b.place)
		}
	}
	slices.Sort(places)
	if len(places) > intake.MaxBundlesPerCourier {
		oldest := places[len(places)-intake.MaxBundlesPerCourier]
		maps.DeleteFunc(m.bundles, func(key memoryBundleKey, b *memoryBundle) bool {
			return key.courier == courier && b.place < oldest
		})
	}
	return nil
}
