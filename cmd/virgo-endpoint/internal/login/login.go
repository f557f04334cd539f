package login

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"virgo/cmd/virgo-endpoint/internal/watch"
)

// Errors of logging in. A person may see their texts.
var (
	// ErrWrong is returned when nobody has this name and password.
	ErrWrong = errors.New("wrong name or password")
	// ErrBusy is returned when too many passwords wait to be compared.
	ErrBusy = errors.New("too many people log in at the moment: try again in a few seconds")
	// ErrNoPasswords is returned where a proxy says who people are.
	ErrNoPasswords = errors.New("a proxy logs people in here, not a password")
	// ErrBadCode is returned when the link of the first person is wrong, was used or is over.
	ErrBadCode = errors.New("this link was used or is over; \"virgo-endpoint user add\" makes a person too")
)

// TooManyError is returned after too many wrong passwords.
type TooManyError struct {
	// After is when the next attempt is let in.
	After time.Duration
}

func (e *TooManyError) Error() string {
	return fmt.Sprintf("too many wrong attempts: try again in %d s", max(1, int64((e.After+time.Second-1)/time.Second)))
}

// A RefusedError is returned when a proxy's header cannot be believed, or names somebody who may not come in.
type RefusedError struct {
	// Code is that of the answer: 400 or 403.
	Code   int
	Reason string
}

func (e *RefusedError) Error() string { return e.Reason }

// Options are what a login works with. Audit, Proxy and Now may be nil.
type Options struct {
	People watch.People
	// Audit gets who logged in, and how often it failed.
	Audit watch.Audit
	// Proxy says who people are; then there are no passwords.
	Proxy *Proxy
	// Host is the name by which people open the page, if it is known; see Proxy.
	Host string
	// Secure is true where requests come by TLS, also by that of a proxy: then the cookie is for https only.
	Secure bool
	Now    func() time.Time
}

// A Login is that of one listener: its cookies and headers count on no other. It is safe for concurrent use.
type Login struct {
	Options
	hashes gate
	wrong  failures
	first  firstCode
	record recorder
	cost   cost
}

// New returns a login.
func New(opt Options) *Login {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	return &Login{Options: opt, hashes: newGate(), wrong: newFailures(), cost: today}
}

// Who returns who a request is from. Errors: watch.ErrNoSession if nobody is logged in, a *RefusedError, and those of the
// store.
func (l *Login) Who(r *http.Request) (watch.Actor, error) {
	if l.Proxy != nil {
		return l.named(r)
	}
	s, p, err := l.session(r)
	if err != nil {
		return watch.Actor{}, err
	}
	return watch.Actor{Kind: "person", Name: p.Name, Remote: l.clientOf(r).String(), Scopes: p.Role.Scopes(), Session: s.Hash}, nil
}

// Passwords reports whether people log in by a password.
func (l *Login) Passwords() bool { return l.Proxy == nil }

// Begin logs a person in: it adds the cookie of a new session to the answer. Errors: ErrWrong, ErrBusy, ErrNoPasswords,
// *TooManyError, and those of the store.
func (l *Login) Begin(w http.ResponseWriter, r *http.Request, name, password string) error {
	p, err := l.verify(r, name, password)
	if err != nil {
		return err
	}
	if err := l.record.succeeded(r.Context(), l, p.Name, l.clientOf(r).String()); err != nil {
		return err
	}
	return l.begin(w, r, p.Name)
}

// End logs the person of a request out, with all in every browser, and removes the cookie.
func (l *Login) End(w http.ResponseWriter, r *http.Request, all bool) error {
	hash, ok := l.cookie(r)
	l.removeCookie(w)
	if !ok {
		return nil
	}
	return l.People.End(r.Context(), hash, all)
}

// ChangePassword changes the password of the person of a request, who gives the present one. All sessions end, and the
// request's browser gets a new one. Errors: watch.ErrNoSession, those of Begin and CheckPassword.
func (l *Login) ChangePassword(w http.ResponseWriter, r *http.Request, present, password string) error {
	if l.Proxy != nil {
		return ErrNoPasswords
	}
	_, p, err := l.session(r)
	if err != nil {
		return err
	}
	if err := CheckPassword(p.Name, password); err != nil {
		return err
	}
	if p, err = l.verify(r, p.Name, present); err != nil {
		return err
	}
	if p.Password, err = l.Hash(r.Context(), password); err != nil {
		return err
	}
	if err := l.record.done(r.Context(), l, watch.Actor{Kind: "person", Name: p.Name, Remote: l.clientOf(r).String()}, "change password", p.Name); err != nil {
		return err
	}
	if _, err := l.People.Put(r.Context(), p); err != nil {
		return err
	}
	return l.begin(w, r, p.Name)
}

// Hash returns the stored form of a password that CheckPassword accepts. Error: ErrBusy.
func (l *Login) Hash(ctx context.Context, password string) (string, error) {
	var hash string
	err := l.hashes.do(ctx, func() (err error) {
		hash, err = l.cost.hash(password)
		return err
	})
	return hash, err
}

// verify returns the person whose name and password these are.
func (l *Login) verify(r *http.Request, name, password string) (watch.Person, error) {
	if l.Proxy != nil {
		return watch.Person{}, ErrNoPasswords
	}
	ctx, from := r.Context(), l.clientOf(r)
	if len(name) > MaxName || len(password) > MaxPassword {
		return watch.Person{}, ErrWrong
	}
	attempt, err := l.wrong.begin(name, from.network(), l.Now())
	if err != nil {
		return watch.Person{}, err
	}
	p, err := l.People.Person(ctx, name)
	switch {
	case errors.Is(err, watch.ErrNoSuchPerson):
		p = watch.Person{}
	case err != nil:
		attempt.undo()
		return watch.Person{}, err
	}
	right := false
	if err := l.hashes.do(ctx, func() (err error) {
		right, err = l.cost.compare(password, p.Password)
		return err
	}); err != nil {
		attempt.undo()
		return watch.Person{}, err
	}
	if !right || !p.Disabled.IsZero() {
		if err := l.record.failed(ctx, l, p.Name, from.String()); err != nil {
			return watch.Person{}, err
		}
		return watch.Person{}, ErrWrong
	}
	attempt.undo()
	l.wrong.succeeded(name, from.network())
	if !l.cost.made(p.Password) {
		return l.upgrade(ctx, p, password)
	}
	return p, nil
}

// upgrade stores a password that was hashed with other parameters than today's anew.
func (l *Login) upgrade(ctx context.Context, p watch.Person, password string) (watch.Person, error) {
	hash, err := l.Hash(ctx, password)
	if err != nil {
		return watch.Person{}, err
	}
	p.Password = hash
	return l.People.Put(ctx, p)
}
