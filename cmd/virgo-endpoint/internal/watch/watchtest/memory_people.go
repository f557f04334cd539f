package watchtest

import (
	"cmp"
	"context"
	"slices"
	"time"

	"virgo/cmd/virgo-endpoint/internal/watch"
)

type memoryPeople struct{ m *Memory }

func (p memoryPeople) Person(ctx context.Context, name string) (watch.Person, error) {
	if err := ctx.Err(); err != nil {
		return watch.Person{}, err
	}
	defer p.m.lock()()
	one, ok := p.m.people[name]
	if !ok {
		return watch.Person{}, watch.ErrNoSuchPerson
	}
	return one, nil
}

func (p memoryPeople) All(ctx context.Context) ([]watch.Person, error) {
	defer p.m.lock()()
	return byKey(p.m.people), ctx.Err()
}

func (p memoryPeople) Put(ctx context.Context, one watch.Person) (watch.Person, error) {
	if err := ctx.Err(); err != nil {
		return watch.Person{}, err
	}
	defer p.m.lock()()
	before, ok := p.m.people[one.Name]
	one.Created, one.Disabled = stored(one.Created), stored(one.Disabled)
	switch {
	case one.Version == 0 && ok:
		return watch.Person{}, watch.ErrPersonExists
	case one.Version != 0 && !ok:
		return watch.Person{}, watch.ErrNoSuchPerson
	case one.Version != before.Version:
		return watch.Person{}, watch.ErrChanged
	case ok:
		one.Created = before.Created
		if one.Role != before.Role || one.Password != before.Password || !one.Disabled.Equal(before.Disabled) {
			p.end(one.Name)
		}
	}
	one.Version++
	put(&p.m.people, one.Name, one)
	return one, nil
}

// end ends the sessions of a person.
func (p memoryPeople) end(name string) {
	for hash, s := range p.m.sessions {
		if s.Person == name {
			delete(p.m.sessions, hash)
		}
	}
}

func (p memoryPeople) Remove(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	defer p.m.lock()()
	if _, ok := p.m.people[name]; !ok {
		return watch.ErrNoSuchPerson
	}
	delete(p.m.people, name)
	p.end(name)
	return nil
}

func (p memoryPeople) Session(ctx context.Context, hash [32]byte) (watch.Session, watch.Person, error) {
	if err := ctx.Err(); err != nil {
		return watch.Session{}, watch.Person{}, err
	}
	defer p.m.lock()()
	s, ok := p.m.sessions[hash]
	one, known := p.m.people[s.Person]
	if !ok || !known || !one.Disabled.IsZero() {
		return watch.Session{}, watch.Person{}, watch.ErrNoSession
	}
	return s, one, nil
}

func (p memoryPeople) Begin(ctx context.Context, s watch.Session) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	defer p.m.lock()()
	if one, ok := p.m.people[s.Person]; !ok || !one.Disabled.IsZero() {
		return watch.ErrNoSuchPerson
	}
	s.Created, s.Used = stored(s.Created), stored(s.Used)
	var others []watch.Session
	for _, other := range p.m.sessions {
		if other.Person == s.Person {
			others = append(others, other)
		}
	}
	slices.SortFunc(others, func(a, b watch.Session) int { return cmp.Or(b.Used.Compare(a.Used), b.Created.Compare(a.Created)) })
	for i := watch.MaxSessions - 1; i < len(others); i++ {
		delete(p.m.sessions, others[i].Hash)
	}
	put(&p.m.sessions, s.Hash, s)
	return nil
}

func (p memoryPeople) Touch(ctx context.Context, hash [32]byte, at time.Time) error {
	defer p.m.lock()()
	if s, ok := p.m.sessions[hash]; ok {
		s.Used = stored(at)
		p.m.sessions[hash] = s
	}
	return ctx.Err()
}

func (p memoryPeople) End(ctx context.Context, hash [32]byte, all bool) error {
	defer p.m.lock()()
	if s, ok := p.m.sessions[hash]; ok && all {
		p.end(s.Person)
	}
	delete(p.m.sessions, hash)
	return ctx.Err()
}

func (p memoryPeople) EndOld(ctx context.Context, created, used time.Time) error {
	defer p.m.lock()()
	for hash, s := range p.m.sessions {
		if s.Created.Before(stored(created)) || s.Used.Before(stored(used)) {
			delete(p.m.sessions, hash)
		}
	}
	return ctx.Err()
}
