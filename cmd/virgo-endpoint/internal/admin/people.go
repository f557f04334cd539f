package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"virgo/cmd/virgo-endpoint/internal/login"
	"virgo/cmd/virgo-endpoint/internal/watch"
)

// PersonETag is that of a person.
func PersonETag(p *watch.Person) string { return strconv.FormatInt(p.Version, 10) }

// Persons returns everybody who may log in.
func (a *Admin) Persons(ctx context.Context, by watch.Actor) ([]watch.Person, error) {
	if !by.May(watch.PeopleScope) {
		return nil, &ScopeError{[]watch.Scope{watch.PeopleScope}}
	}
	return a.People.All(ctx)
}

// AddPerson adds somebody who may log in; without a password only by a proxy. Errors: watch.ErrPersonExists, ErrWider,
// *Invalid.
func (a *Admin) AddPerson(ctx context.Context, by watch.Actor, name string, role watch.Role, password string) (watch.Person, error) {
	p := watch.Person{Name: name, Role: role, Created: a.Now()}
	if err := login.CheckName(name); err != nil {
		return p, invalid("%w", err)
	}
	return a.putPerson(ctx, by, "add person", nil, p, password)
}

// PutPerson changes a person's role, and whether the person may log in. Errors: watch.ErrNoSuchPerson, *Changed,
// ErrWider, *Invalid.
func (a *Admin) PutPerson(ctx context.Context, by watch.Actor, name string, role watch.Role, disabled bool, m Match) (watch.Person, error) {
	return a.changePerson(ctx, by, "change person", name, "", m, func(p *watch.Person) {
		p.Role = role
		switch {
		case !disabled:
			p.Disabled = watch.Person{}.Disabled
		case p.Disabled.IsZero():
			p.Disabled = a.Now()
		}
	})
}

// SetPassword sets another password; all sessions of the person end. Errors: as of PutPerson.
func (a *Admin) SetPassword(ctx context.Context, by watch.Actor, name, password string, m Match) (watch.Person, error) {
	if password == "" {
		return watch.Person{}, invalid("a password is needed")
	}
	return a.changePerson(ctx, by, "set password", name, password, m, func(*watch.Person) {})
}

func (a *Admin) changePerson(ctx context.Context, by watch.Actor, action, name, password string, m Match, change func(*watch.Person)) (watch.Person, error) {
	if err := a.personScope(by); err != nil {
		return watch.Person{}, err
	}
	was, err := a.People.Person(ctx, name)
	if err != nil {
		return watch.Person{}, err
	}
	if err := m.check(PersonETag(&was)); err != nil {
		return watch.Person{}, err
	}
	p := was
	change(&p)
	return a.putPerson(ctx, by, action, &was, p, password)
}

func (a *Admin) personScope(by watch.Actor) error {
	if !by.May(watch.PeopleScope) {
		return &ScopeError{[]watch.Scope{watch.PeopleScope}}
	}
	return nil
}

// putPerson stores a person. Whoever was there before is compared once more by the version, with which the store refuses
// what was changed meanwhile.
func (a *Admin) putPerson(ctx context.Context, by watch.Actor, action string, was *watch.Person, p watch.Person, password string) (watch.Person, error) {
	if err := a.mayHave(by, was, &p); err != nil {
		return p, err
	}
	if password != "" {
		if err := login.CheckPassword(p.Name, password); err != nil {
			return p, invalid("%w", err)
		}
	}
	if by.Kind == watch.TokenActor && (was == nil || password != "" || !was.Disabled.IsZero() && p.Disabled.IsZero()) {
		return p, fmt.Errorf("%w: a token ends, and whom it lets in would stay; do it on the page, or with virgo-endpoint user", ErrWider)
	}
	if password != "" {
		if a.Hash == nil {
			return p, errors.New("no passwords can be set here")
		}
		// Before the lock: it takes a while, and others may go on.
		hash, err := a.Hash(ctx, password)
		if err != nil {
			return p, err
		}
		p.Password = hash
	}
	unlock, err := a.begin(by, watch.PeopleScope)
	if err != nil {
		return p, err
	}
	defer unlock()
	if now, err := a.People.Person(ctx, p.Name); err == nil && now.Version != p.Version {
		if was == nil {
			return p, fmt.Errorf("%q: %w", p.Name, watch.ErrPersonExists)
		}
		return p, &Changed{PersonETag(&now)}
	}
	r := record{action: action, object: p.Name, after: personSummary(&p)}
	if was != nil {
		r.before = personSummary(was)
	}
	err = a.do(ctx, by, r, func() error {
		p, err = a.People.Put(ctx, p)
		return err
	})
	return p, err
}

// mayHave refuses a person who may do more than who makes or changes them, before or after.
func (a *Admin) mayHave(by watch.Actor, was, p *watch.Person) error {
	if err := a.personScope(by); err != nil {
		return err
	}
	if p.Role.Scopes() == nil {
		return invalid("there is no role %q: view, operate or admin", p.Role)
	}
	for _, one := range []*watch.Person{was, p} {
		if one == nil {
			continue
		}
		for _, scope := range one.Role.Scopes() {
			if !by.May(scope) {
				return fmt.Errorf("%w: the role %s has the scope %s", ErrWider, one.Role, scope)
			}
		}
	}
	return nil
}

// RemovePerson removes a person; all sessions end. Errors: watch.ErrNoSuchPerson, *Changed, ErrWider.
func (a *Admin) RemovePerson(ctx context.Context, by watch.Actor, name string, m Match) error {
	unlock, err := a.begin(by, watch.PeopleScope)
	if err != nil {
		return err
	}
	defer unlock()
	was, err := a.People.Person(ctx, name)
	if err != nil {
		return err
	}
	if err := a.mayHave(by, &was, &was); err != nil {
		return err
	}
	if err := m.check(PersonETag(&was)); err != nil {
		return err
	}
	return a.do(ctx, by, record{action: "remove person", object: name, before: personSummary(&was)},
		func() error { return a.People.Remove(ctx, name) })
}

func personSummary(p *watch.Person) []byte {
	var out struct {
		Role     watch.Role `json:"role"`
		Password bool       `json:"has_password"`
		Disabled bool       `json:"disabled,omitempty"`
	}
	out.Role, out.Password, out.Disabled = p.Role, p.Password != "", !p.Disabled.IsZero()
	data, err := json.Marshal(out)
	if err != nil {
		return nil
	}
	return data
}
