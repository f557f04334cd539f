package alarm

import (
	"context"
	"path"
	"slices"
	"time"

	"virgo/cmd/virgo-endpoint/internal/watch"
	rule "virgo/schedule/alarm"
)

// silences are those that hold notifications back, as of the last look.
type silences struct {
	store   watch.Silences
	version int64
	read    bool
	all     []watch.Silence
	// holding are the numbers of those that may hold changes back.
	holding map[int64]bool
}

// refresh reads them again if they changed, and reports whether they did.
func (s *silences) refresh(ctx context.Context) (changed bool, err error) {
	if s.store == nil {
		return false, nil
	}
	version, err := s.store.Version(ctx)
	if err != nil || s.read && version == s.version {
		return false, err
	}
	all, err := s.store.All(ctx, true)
	if err != nil {
		return false, err
	}
	if !s.read {
		s.holding = map[int64]bool{}
		for i := range all { // one that ended while the endpoint was away may hold changes
			s.holding[all[i].ID] = true
		}
	}
	s.all, s.version, s.read = all, version, true
	return true, nil
}

// hold notes that a silence holds changes back.
func (s *silences) hold(id int64) { s.holding[id] = true }

// over returns those that hold changes back and are not active.
func (s *silences) over(now time.Time) []watch.Silence {
	var list []watch.Silence
	for i := range s.all {
		if !s.holding[s.all[i].ID] {
			continue
		}
		if _, active := Active(&s.all[i], now); !active {
			list = append(list, s.all[i])
		}
	}
	return list
}

// of returns the number of the silence that holds back what is told about a state; 0 if none does.
func (s *silences) of(st *watch.Standing, now time.Time) int64 { return HeldBy(s.all, st, now) }

// HeldBy returns the number of the silence that holds back what is told about a state at a time; 0 if none does.
func HeldBy(all []watch.Silence, st *watch.Standing, now time.Time) int64 {
	for i := range all {
		if one := &all[i]; Covers(one, st) && !(one.PassCritical && st.State == rule.Critical) {
			if _, active := Active(one, now); active {
				return one.ID
			}
		}
	}
	return 0
}

// Covers reports whether a silence is for a state: by its host or a tag of it, and by its rule.
func Covers(s *watch.Silence, st *watch.Standing) bool {
	host := len(s.Hosts)+len(s.Tags) == 0 || matchesAny(s.Hosts, st.AgentID) || matchesAny(s.Hosts, st.Host) ||
		slices.ContainsFunc(s.Tags, func(tag string) bool { return slices.Contains(st.Tags, tag) })
	return host && (len(s.Rules) == 0 || matchesAny(s.Rules, st.Rule))
}

func matchesAny(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, err := path.Match(p, name)
		return ok && err == nil || p == name
	})
}
