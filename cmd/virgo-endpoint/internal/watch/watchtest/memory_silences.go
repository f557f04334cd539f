package watchtest

import (
	"context"
	"slices"

	"virgo/cmd/virgo-endpoint/internal/watch"
)

type memorySilences struct{ m *Memory }

func (s memorySilences) All(ctx context.Context, ended bool) ([]watch.Silence, error) {
	defer s.m.lock()()
	var list []watch.Silence
	since := s.m.now().Add(-watch.SilencesKept)
	for _, one := range s.m.silences {
		if one.Ended.IsZero() || ended && !one.Ended.Before(since) {
			list = append(list, copiedSilence(one))
		}
	}
	return list, ctx.Err()
}

func (s memorySilences) Put(ctx context.Context, put watch.Silence) (watch.Silence, error) {
	if err := ctx.Err(); err != nil {
		return watch.Silence{}, err
	}
	defer s.m.lock()()
	put = copiedSilence(put)
	if put.ID == 0 {
		put.ID, put.Version = s.m.nextID(), 1
		s.m.silences = append(s.m.silences, copiedSilence(put))
	} else {
		i := slices.IndexFunc(s.m.silences, func(one watch.Silence) bool { return one.ID == put.ID })
		if i < 0 {
			return watch.Silence{}, watch.ErrNoSuchSilence
		}
		if s.m.silences[i].Version != put.Version {
			return watch.Silence{}, watch.ErrChanged
		}
		put.Version, put.Created = put.Version+1, s.m.silences[i].Created
		s.m.silences[i] = copiedSilence(put)
	}
	s.m.version++
	return put, nil
}

func (s memorySilences) Version(ctx context.Context) (int64, error) {
	defer s.m.lock()()
	return s.m.version, ctx.Err()
}

func copiedSilence(s watch.Silence) watch.Silence {
	s.Hosts, s.Tags, s.Rules = slices.Clone(s.Hosts), slices.Clone(s.Tags), slices.Clone(s.Rules)
	s.From, s.Until, s.Created, s.Ended = stored(s.From), stored(s.Until), stored(s.Created), stored(s.Ended)
	return s
}
