package admin

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/intake/intaketest"
	"virgo/cmd/virgo-endpoint/internal/watch"
)

const secretPassword = "correct horse battery"

// A changeCase is one kind of change, in the order in which they can be made one after the other.
type changeCase struct {
	name   string
	scopes []watch.Scope
	do     func(*site, watch.Actor) error
}

func changeCases() []changeCase {
	one := func(s ...watch.Scope) []watch.Scope { return s }
	latest := Match{Any: true}
	return []changeCase{
		{"put schedule", one(watch.SchedulesScope), func(s *site, by watch.Actor) error {
			_, err := s.PutSchedule(s.t.Context(), by, "web1", []byte("- {id: db, type: agent.mysql, details: {password: "+secretPassword+"}}\n"), Match{New: true})
			return err
		}},
		{"delete schedule", one(watch.SchedulesScope), func(s *site, by watch.Actor) error {
			return s.DeleteSchedule(s.t.Context(), by, "web1", latest)
		}},
		{"put rules", one(watch.AlarmsScope), func(s *site, by watch.Actor) error {
			_, err := s.PutRules(s.t.Context(), by, "page", []byte("[]"), Match{New: true})
			return err
		}},
		{"delete rules", one(watch.AlarmsScope), func(s *site, by watch.Actor) error { return s.DeleteRules(s.t.Context(), by, "page", latest) }},
		{"add silence", one(watch.SilencesScope), func(s *site, by watch.Actor) error {
			_, err := s.AddSilence(s.t.Context(), by, watch.Silence{Kind: watch.OneTime, Hosts: []string{"web*"}, Until: s.now().Add(time.Hour)})
			return err
		}},
		{"change silence", one(watch.SilencesScope), func(s *site, by watch.Actor) error {
			_, err := s.PutSilence(s.t.Context(), by, watch.Silence{ID: s.silence(), Kind: watch.OneTime, Until: s.now().Add(2 * time.Hour)}, latest)
			return err
		}},
		{"end silence", one(watch.SilencesScope), func(s *site, by watch.Actor) error {
			_, err := s.EndSilence(s.t.Context(), by, s.silence(), latest)
			return err
		}},
		{"acknowledge alarm", one(watch.AlarmsScope, watch.SilencesScope), func(s *site, by watch.Actor) error {
			return s.Acknowledge(s.t.Context(), by, aKey())
		}},
		{"take back acknowledgement", one(watch.AlarmsScope, watch.SilencesScope), func(s *site, by watch.Actor) error {
			return s.TakeBack(s.t.Context(), by, aKey())
		}},
		{"tag agent", one(watch.TagsScope), func(s *site, by watch.Actor) error {
			_, err := s.PutTags(s.t.Context(), by, "web1", []string{"web", "eu"}, Match{ETag: TagsETag(nil)})
			return err
		}},
		{"ask host", one(watch.AgentsScope), func(s *site, by watch.Actor) error { return s.AskHost(s.t.Context(), by, "web1", "cpu") }},
		{"rename agent", one(watch.AgentsScope), func(s *site, by watch.Actor) error {
			return s.RenameAgent(s.t.Context(), by, "web2", "web3", latest)
		}},
		{"revoke agent", one(watch.AgentsScope), func(s *site, by watch.Actor) error { return s.RevokeAgent(s.t.Context(), by, "web3", latest) }},
		{"reset agent", one(watch.AgentsScope), func(s *site, by watch.Actor) error { return s.ResetAgent(s.t.Context(), by, "web3", latest) }},
		{"remove agent", one(watch.AgentsScope), func(s *site, by watch.Actor) error { return s.RemoveAgent(s.t.Context(), by, "web3", latest) }},
		{"register key", one(watch.AgentsScope), func(s *site, by watch.Actor) error {
			return s.AddKey(s.t.Context(), by, "web9", intaketest.Key(9))
		}},
		{"add token", one(watch.TokensScope), func(s *site, by watch.Actor) error {
			secret, _, err := s.AddToken(s.t.Context(), by, intake.TokenSpec{Kinds: intake.Enrol, Uses: 1, Expires: s.now().Add(time.Hour)})
			if err == nil && secret == "" {
				return errors.New("no secret")
			}
			return err
		}},
		{"revoke token", one(watch.TokensScope), func(s *site, by watch.Actor) error {
			list, err := s.Keys.Tokens(s.t.Context())
			if err == nil {
				_, err = s.RevokeToken(s.t.Context(), by, list[0].ID)
			}
			return err
		}},
		{"add person", one(watch.PeopleScope), func(s *site, by watch.Actor) error {
			_, err := s.AddPerson(s.t.Context(), by, "bob", watch.View, secretPassword)
			return err
		}},
		{"change person", one(watch.PeopleScope), func(s *site, by watch.Actor) error {
			_, err := s.PutPerson(s.t.Context(), by, "bob", watch.View, true, latest)
			return err
		}},
		{"set password", one(watch.PeopleScope), func(s *site, by watch.Actor) error {
			_, err := s.SetPassword(s.t.Context(), by, "bob", secretPassword+"2", latest)
			return err
		}},
		{"remove person", one(watch.PeopleScope), func(s *site, by watch.Actor) error {
			return s.RemovePerson(s.t.Context(), by, "bob", latest)
		}},
		{"change page", one(watch.PeopleScope), func(s *site, by watch.Actor) error {
			_, err := s.PutPage(s.t.Context(), by, Page{PublicTags: []string{"web"}}, latest)
			return err
		}},
	}
}

func (s *site) silence() int64 {
	s.t.Helper()
	all, err := s.control.Silences().All(s.t.Context(), true)
	if err != nil {
		s.t.Fatal(err)
	}
	if len(all) == 0 {
		return 0
	}
	return all[0].ID
}

// Every change needs its scope, and leaves one record that says who, from where and what, and no secret.
func TestEachChangeIsRecordedOnce(t *testing.T) {
	s := newSite(t)
	for _, c := range changeCases() {
		s.pass()
		var others []watch.Scope
		for _, scope := range watch.AllScopes() {
			if !(&watch.Actor{Scopes: c.scopes}).May(scope) {
				others = append(others, scope)
			}
		}
		before := len(s.log())
		var scope *ScopeError
		if err := c.do(s, actor(others...)); !errors.As(err, &scope) || fmt.Sprint(scope.Scopes) != fmt.Sprint(c.scopes) {
			t.Errorf("%s with all other scopes: %v", c.name, err)
		}
		if n := len(s.log()); n != before {
			t.Errorf("%s: what was refused is recorded", c.name)
		}
		if err := c.do(s, actor(append(c.scopes, watch.ReadScope)...)); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		list := s.log()
		if len(list) != before+1 {
			t.Fatalf("%s: %d records", c.name, len(list)-before)
		}
		e := list[before]
		if e.Action != c.name || e.ActorKind != "person" || e.Actor != "ann" || e.Remote != "192.0.2.7" || e.Object == "" ||
			e.Outcome != "done" || !e.At.Equal(s.now()) {
			t.Errorf("%s: %+v", c.name, e)
		}
		if all := bytes.Join([][]byte{e.Before, e.After, []byte(e.Object)}, nil); bytes.Contains(all, []byte("correct horse")) || bytes.Contains(all, []byte("virgo_")) {
			t.Errorf("%s: a secret in the record: %s", c.name, all)
		}
	}
}

// What fails is recorded with why.
func TestFailedChangeIsRecorded(t *testing.T) {
	s := newSite(t)
	err := s.AddKey(t.Context(), actor(watch.AgentsScope), "web1", intaketest.Key(7))
	if !errors.Is(err, intake.ErrOtherKey) {
		t.Fatal(err)
	}
	if list := s.log(); len(list) != 1 || !strings.HasPrefix(list[0].Outcome, "failed: ") || !strings.Contains(list[0].Outcome, intake.ErrOtherKey.Error()) {
		t.Errorf("%+v", list)
	}
}

// No change without a record.
func TestNothingChangesWithoutTheLog(t *testing.T) {
	s := newSite(t)
	s.Audit = brokenAudit{s.Audit}
	for _, c := range changeCases()[:1] {
		if err := c.do(s, actor(watch.AllScopes()...)); err == nil {
			t.Error(c.name)
		}
	}
	if _, err := s.Schedule(actor(watch.SchedulesScope), "web1"); !errors.Is(err, ErrNotFound) {
		t.Errorf("it was written: %v", err)
	}
}

func TestTooManyChanges(t *testing.T) {
	s := newSite(t)
	by := actor(watch.TagsScope)
	for i := range changesPerSecond + 1 {
		_, err := s.Tag(t.Context(), by, "web1", []string{"x"}, nil)
		if want := i == changesPerSecond; errors.Is(err, ErrTooMany) != want {
			t.Fatalf("change %d: %v", i, err)
		}
	}
	other := by
	other.Name = "bob"
	if _, err := s.Tag(t.Context(), other, "web1", nil, []string{"x"}); err != nil {
		t.Errorf("somebody else: %v", err)
	}
	for range 3 * changesPerSecond { // the owner's commands
		if _, err := s.Tag(t.Context(), Command("root"), "web1", nil, []string{"x"}); err != nil {
			t.Fatal(err)
		}
	}
	s.pass()
	if _, err := s.Tag(t.Context(), by, "web1", []string{"x"}, nil); err != nil {
		t.Errorf("later: %v", err)
	}
}

// Actors that come and go take no memory for good.
func TestRatesAreBounded(t *testing.T) {
	var r rates
	for i := range 3 * maxRates {
		if !r.take(fmt.Sprint(i), epoch) {
			t.Fatal("a first change was refused")
		}
	}
	if len(r.actors) > maxRates {
		t.Errorf("%d actors are remembered", len(r.actors))
	}
}
