package watchtest

import (
	"fmt"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/watch"
)

func person(name string) watch.Person {
	return watch.Person{Name: name, Role: watch.Operate, Password: "$argon2id$…", Created: Now()}
}

func putPerson(t *testing.T, s Store, p watch.Person) watch.Person {
	t.Helper()
	return must[watch.Person](t)(s.People().Put(t.Context(), p))
}

func testPeople(t *testing.T, open Opener) {
	s, again := open(t), open(t)
	_, err := s.People().Person(t.Context(), "ann")
	wantErr(t, "nobody", err, watch.ErrNoSuchPerson)
	bob, ann := putPerson(t, s, person("bob")), putPerson(t, again, person("ann"))
	want(t, "version", ann.Version, int64(1))
	want(t, "all", must[[]watch.Person](t)(s.People().All(t.Context())), []watch.Person{ann, bob})
	want(t, "ann", must[watch.Person](t)(s.People().Person(t.Context(), "ann")), ann)
	_, err = s.People().Person(t.Context(), "Ann")
	wantErr(t, "another name", err, watch.ErrNoSuchPerson)
	_, err = again.People().Put(t.Context(), person("ann"))
	wantErr(t, "a second ann", err, watch.ErrPersonExists)
	changed := ann
	changed.Role, changed.Disabled, changed.Created = watch.Admin, Now(), Now().Add(time.Hour)
	changed = putPerson(t, s, changed)
	if changed.Version != 2 || !changed.Created.Equal(Now()) {
		t.Errorf("changed: %+v", changed)
	}
	want(t, "ann", must[watch.Person](t)(again.People().Person(t.Context(), "ann")), changed)
	_, err = again.People().Put(t.Context(), ann)
	wantErr(t, "an old version", err, watch.ErrChanged)
	unknown := person("eve")
	unknown.Version = 1
	_, err = again.People().Put(t.Context(), unknown)
	wantErr(t, "a change of nobody", err, watch.ErrNoSuchPerson)
	do(t, again.People().Remove(t.Context(), "ann"))
	wantErr(t, "a second removal", s.People().Remove(t.Context(), "ann"), watch.ErrNoSuchPerson)
	want(t, "all", must[[]watch.Person](t)(s.People().All(t.Context())), []watch.Person{bob})
}

func hash(n byte) [32]byte { return [32]byte{n} }

func begin(t *testing.T, s Store, name string, n byte, used time.Duration) watch.Session {
	t.Helper()
	session := watch.Session{Hash: hash(n), Person: name, Created: Now(), Used: Now().Add(used), Remote: "192.0.2.1"}
	do(t, s.People().Begin(t.Context(), session))
	return session
}

// open reports whether a session counts.
func isOpen(t *testing.T, s Store, n byte) bool {
	t.Helper()
	_, p, err := s.People().Session(t.Context(), hash(n))
	if err != nil {
		wantErr(t, "a session", err, watch.ErrNoSession)
		want(t, "its person", p, watch.Person{})
	}
	return err == nil
}

func testSessions(t *testing.T, open Opener) {
	s, again := open(t), open(t)
	ann := putPerson(t, s, person("ann"))
	wantErr(t, "a session of nobody", s.People().Begin(t.Context(), watch.Session{Hash: hash(9), Person: "eve"}), watch.ErrNoSuchPerson)
	one := begin(t, s, "ann", 1, 0)
	session, p, err := again.People().Session(t.Context(), one.Hash)
	do(t, err)
	want(t, "session", session, one)
	want(t, "person", p, ann)
	do(t, again.People().Touch(t.Context(), one.Hash, Now().Add(time.Hour)))
	do(t, again.People().Touch(t.Context(), hash(9), Now()))
	session, _, err = s.People().Session(t.Context(), one.Hash)
	do(t, err)
	want(t, "used", session.Used, Now().Add(time.Hour))
	begin(t, s, "ann", 2, -time.Hour)
	do(t, s.People().End(t.Context(), hash(1), false))
	want(t, "open", []bool{isOpen(t, again, 1), isOpen(t, again, 2), isOpen(t, again, 9)}, []bool{false, true, false})
	putPerson(t, s, person("bob"))
	begin(t, s, "bob", 3, 0)
	begin(t, s, "ann", 4, 0)
	do(t, s.People().End(t.Context(), hash(4), true))
	do(t, s.People().End(t.Context(), hash(9), true))
	want(t, "open", []bool{isOpen(t, again, 2), isOpen(t, again, 3), isOpen(t, again, 4)}, []bool{false, true, false})
	begin(t, s, "ann", 5, -time.Hour)
	do(t, s.People().EndOld(t.Context(), Now(), Now().Add(-time.Hour)))
	want(t, "open", []bool{isOpen(t, again, 3), isOpen(t, again, 5)}, []bool{true, true})
	do(t, s.People().EndOld(t.Context(), Now(), Now()))
	want(t, "open", []bool{isOpen(t, again, 3), isOpen(t, again, 5)}, []bool{true, false})
	do(t, s.People().EndOld(t.Context(), Now().Add(time.Second), Now()))
	want(t, "open", isOpen(t, again, 3), false)
}

func testSessionsBounded(t *testing.T, open Opener) {
	s := open(t)
	putPerson(t, s, person("ann"))
	putPerson(t, s, person("bob"))
	begin(t, s, "bob", 255, -time.Hour)
	for i := range watch.MaxSessions + 2 {
		begin(t, s, "ann", byte(i), time.Duration(i)*time.Second)
	}
	want(t, "open", []bool{isOpen(t, s, 0), isOpen(t, s, 1), isOpen(t, s, 2), isOpen(t, s, watch.MaxSessions+1), isOpen(t, s, 255)},
		[]bool{false, false, true, true, true})
	// The new one counts, however old its times are.
	begin(t, s, "ann", 200, -time.Hour)
	want(t, "open", []bool{isOpen(t, s, 200), isOpen(t, s, 2)}, []bool{true, false})
}

func testSessionsEnd(t *testing.T, open Opener) {
	s, again := open(t), open(t)
	for i, test := range []struct {
		name   string
		change func(p *watch.Person)
		ends   bool
	}{
		{"nothing", func(*watch.Person) {}, false},
		{"role", func(p *watch.Person) { p.Role = watch.Admin }, true},
		{"password", func(p *watch.Person) { p.Password = "another" }, true},
		{"disabled", func(p *watch.Person) { p.Disabled = Now() }, true},
	} {
		p := putPerson(t, s, person(fmt.Sprint("p", i)))
		begin(t, again, p.Name, byte(i), 0)
		test.change(&p)
		p = putPerson(t, s, p)
		want(t, test.name, isOpen(t, again, byte(i)), !test.ends)
		if !p.Disabled.IsZero() {
			wantErr(t, "a session of one who is disabled", s.People().Begin(t.Context(), watch.Session{Hash: hash(100), Person: p.Name}), watch.ErrNoSuchPerson)
			continue
		}
		begin(t, again, p.Name, byte(50+i), 0)
		do(t, s.People().Remove(t.Context(), p.Name))
		want(t, "removed", isOpen(t, again, byte(50+i)), false)
		// Who has the name later has none of the sessions.
		putPerson(t, s, person(p.Name))
		want(t, "added again", isOpen(t, again, byte(50+i)), false)
	}
}
