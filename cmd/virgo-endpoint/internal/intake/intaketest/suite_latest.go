package intaketest

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/transport/receipt"
)

// A told is a result of a check as testLatest stores it.
type told struct {
	check, state string
	late         bool
	made         time.Duration // after epoch, by the agent's clock
	arrived      time.Duration // after epoch
}

func (c told) arrival(access intake.Access, agent, id string) intake.Arrival {
	a := arrival(access, agent, id)
	r := &a.Results[0]
	a.Received = epoch.Add(c.arrived)
	r.CheckID, r.State, r.Late, r.Time, r.Received = c.check, c.state, c.late, epoch.Add(c.made), a.Received
	r.Params = []byte(`{"min_check_period":60000}`)
	return a
}

// latest returns what s knows as "agent/check=state@received".
func latest(t *testing.T, s Store, agent string) string {
	t.Helper()
	list, err := s.Latest(t.Context(), agent)
	if err != nil {
		t.Fatal(err)
	}
	agents, err := s.Agents(t.Context(), agent)
	if err != nil {
		t.Fatal(err)
	}
	var checks []intake.CheckState
	for i := range agents {
		checks = append(checks, agents[i].Checks...)
	}
	if len(list)+len(checks) > 0 && !reflect.DeepEqual(checks, list) {
		t.Errorf("Agents says %+v, Latest %+v", checks, list)
	}
	var text []string
	for _, c := range list {
		text = append(text, fmt.Sprintf("%s/%s=%s@%s", c.AgentID, c.CheckID, c.State, c.Received.Sub(epoch)))
	}
	return strings.Join(text, " ")
}

// The latest result of a check is the last one that was not late, or one that was made after it.
func testLatest(t *testing.T, open Opener) {
	s := open(t)
	_, _, key := NewToken(t, s)
	if got := latest(t, s, ""); got != "" {
		t.Errorf("of an empty store: %s", got)
	}
	n := 0
	post := func(agent string, c told) {
		t.Helper()
		n++
		put(t, s, c.arrival(key, agent, fmt.Sprint(n)))
	}
	want := func(agent, states string) {
		t.Helper()
		for _, store := range []Store{s, open(t)} {
			if got := latest(t, store, agent); got != states {
				t.Errorf("%q, want %q", got, states)
			}
		}
	}
	post("b", told{"c1", "available", false, 0, 0})
	want("", "b/c1=available@0s")
	post("b", told{"c1", "unavailable", false, time.Minute, time.Minute})
	want("b", "b/c1=unavailable@1m0s")
	post("b", told{"c1", "available", true, time.Second, 2 * time.Minute}) // from before that
	want("b", "b/c1=unavailable@1m0s")
	post("b", told{"c1", "available", true, 2 * time.Minute, 3 * time.Minute}) // late, but later
	want("b", "b/c1=available@3m0s")
	post("b", told{"c1", "unavailable", false, -time.Hour, 4 * time.Minute}) // the clock was set back
	want("b", "b/c1=unavailable@4m0s")
	post("b", told{"c1", "available", true, time.Hour, 5 * time.Minute}) // from the future
	post("b", told{"c1", "unavailable", true, 6 * time.Minute, 6 * time.Minute})
	want("b", "b/c1=unavailable@6m0s")
	n--
	post("b", told{"c1", "available", false, 7 * time.Minute, 7 * time.Minute}) // a copy
	want("b", "b/c1=unavailable@6m0s")

	post("b", told{"c0", "available", false, 0, 7 * time.Minute})
	post("a", told{"c2", "available", false, 0, 0})
	want("b", "b/c0=available@7m0s b/c1=unavailable@6m0s")
	want("", "a/c2=available@0s b/c0=available@7m0s b/c1=unavailable@6m0s")
	want("nobody", "")
	want("%", "")

	// A check of which nothing came any more while the agent was seen is over.
	post("a", told{"c3", "available", false, 0, intake.RefusedFor})
	want("a", "a/c3=available@48h0m0s")

	if err := s.RenameAgent(t.Context(), "a", "A"); err != nil {
		t.Fatal(err)
	}
	want("a", "")
	want("A", "A/c3=available@48h0m0s")
	if err := s.ResetAgent(t.Context(), "A"); err != nil {
		t.Fatal(err)
	}
	want("A", "A/c3=available@48h0m0s")
	if err := s.RemoveAgent(t.Context(), "A", epoch); err != nil {
		t.Fatal(err)
	}
	want("A", "")
}

// What a state says besides.
func testLatestFields(t *testing.T, open Opener) {
	s := open(t)
	_, _, key := NewToken(t, s)
	plain, self := arrival(key, "a", "1"), arrival(key, "a", "2")
	r := &self.Results[0]
	r.CheckID, r.CheckType, r.State, r.Refused, r.Late = "self", "agent.virgo", "unavailable", true, true
	r.Params = []byte(`{"min_check_period":300000,"metrics":[["x",{"spool_results":{"t":"uint64","v":"1"}}],[null,{"spool_results":{"t":"uint64","v":"12"}}]]}`)
	put(t, s, plain, self)
	list, err := s.Latest(t.Context(), "a")
	if err != nil || len(list) != 2 {
		t.Fatalf("%+v, %v", list, err)
	}
	if c := list[0]; c.CheckID != "c" || c.CheckType != "agent.cpu" || c.State != "available" || c.Refused || c.Late || c.Period != 0 || c.Waiting != nil ||
		!c.Time.Equal(epoch.Add(-time.Second)) || !c.Received.Equal(epoch) {
		t.Errorf("%+v", c)
	}
	if c := list[1]; c.CheckID != "self" || c.CheckType != "agent.virgo" || c.State != "unavailable" || !c.Refused || !c.Late ||
		c.Period != 5*time.Minute || c.Waiting == nil || *c.Waiting != 12 {
		t.Errorf("%+v", c)
	}
}

// However many checks an agent names, those of which results came last are known.
func testLatestBounded(t *testing.T, open Opener) {
	s := open(t)
	_, _, key := NewToken(t, s)
	const more = 20
	for i := range intake.MaxChecks/more + 2 {
		var batch []intake.Arrival
		for n := range more {
			id := fmt.Sprintf("c%04d", i*more+n)
			batch = append(batch, told{id, "available", false, 0, time.Duration(i) * time.Second}.arrival(key, "a", id))
		}
		put(t, s, batch...)
	}
	list, err := s.Latest(t.Context(), "a")
	if err != nil || len(list) != intake.MaxChecks {
		t.Fatalf("%d checks, %v", len(list), err)
	}
	if last := fmt.Sprintf("c%04d", (intake.MaxChecks/more+2)*more-1); list[len(list)-1].CheckID != last {
		t.Errorf("the last one is %q, want %q", list[len(list)-1].CheckID, last)
	}
}

func testRefusals(t *testing.T, open Opener) {
	s := open(t)
	_, _, key := NewToken(t, s)
	refuse := func(agent, id string, at time.Duration) {
		t.Helper()
		put(t, s, intake.Arrival{AgentID: agent, Access: key, Received: epoch.Add(at),
			Refusals: []receipt.Refused{{ID: id, Code: intake.RefusedCode, Message: "no " + id}}})
	}
	refuse("b", "1", 0)
	refuse("a", "2", time.Second)
	refuse("b", "3", time.Second)
	refuse("b", "1", time.Minute) // again
	want := func(agent string, limit int, refusals string) {
		t.Helper()
		list, err := open(t).Refusals(t.Context(), agent, limit)
		if err != nil {
			t.Fatal(err)
		}
		var text []string
		for _, r := range list {
			text = append(text, fmt.Sprintf("%s/%s %d %s %s", r.AgentID, r.ID, r.Code, r.Message, r.Received.Sub(epoch)))
		}
		if got := strings.Join(text, ", "); got != refusals {
			t.Errorf("%q: %s, want %s", agent, got, refusals)
		}
	}
	want("", 0, "a/2 400 no 2 1s, b/3 400 no 3 1s, b/1 400 no 1 1m0s")
	want("", 2, "b/3 400 no 3 1s, b/1 400 no 1 1m0s")
	want("a", 0, "a/2 400 no 2 1s")
	want("b", 1, "b/1 400 no 1 1m0s")
	want("nobody", 3, "")
}

func testTags(t *testing.T, open Opener) {
	s := open(t)
	_, _, key := NewToken(t, s)
	put(t, s, arrival(key, "a", "1"), arrival(key, "b", "1"))
	change := func(agent string, want error, tags string, add, remove []string) {
		t.Helper()
		after, err := s.TagAgent(t.Context(), agent, add, remove)
		if !errors.Is(err, want) {
			t.Fatalf("+%q -%q: %v, want %v", add, remove, err, want)
		}
		if got := fmt.Sprint(after); want == nil && got != tags {
			t.Errorf("+%q -%q: %s, want %s", add, remove, got, tags)
		}
		if got := fmt.Sprint(identity(t, open(t), agent).Tags); got != tags {
			t.Errorf("listed: %s, want %s", got, tags)
		}
	}
	change("a", nil, "[db web]", []string{"web", "db", "web"}, nil)
	change("a", nil, "[db prod]", []string{"prod"}, []string{"web", "none"})
	change("b", nil, "[prod]", []string{"prod"}, nil)
	for _, bad := range []string{"", "-x", "+x", "a b", "ä", "a\x1b", strings.Repeat("x", intake.MaxTagBytes+1)} {
		change("a", intake.ErrBadTag, "[db prod]", []string{"fine", bad}, nil)
	}
	var many []string
	for i := range intake.MaxTags {
		many = append(many, fmt.Sprintf("t%02d", i))
	}
	change("a", intake.ErrTooManyTags, "[db prod]", many, nil)
	change("a", nil, fmt.Sprint(many), many, []string{"db", "prod"})
	if _, err := s.TagAgent(t.Context(), "nobody", []string{"x"}, nil); !errors.Is(err, intake.ErrNoSuchAgent) {
		t.Errorf("an agent that is not known: %v", err)
	}
	if err := errors.Join(s.RenameAgent(t.Context(), "b", "c"), s.ResetAgent(t.Context(), "c")); err != nil {
		t.Fatal(err)
	}
	if got := identity(t, s, "c").Tags; !slices.Equal(got, []string{"prod"}) {
		t.Errorf("renamed and reset: %q", got)
	}
	if err := s.RemoveAgent(t.Context(), "c", epoch); err != nil {
		t.Fatal(err)
	}
	if got := identity(t, s, "c").Tags; len(got) > 0 {
		t.Errorf("removed: %q", got)
	}
}

// A token that reads does nothing else, and ends at once.
func testReaders(t *testing.T, open Opener) {
	s := open(t)
	secret, token := addToken(t, s, intake.TokenSpec{Kinds: intake.Read, Label: "wall", Expires: epoch.Add(24 * time.Hour)})
	enrols, _ := addToken(t, s, enrolOnce())
	for _, other := range []string{"", enrols, secret + "x", "%"} {
		if _, err := s.Bearer(t.Context(), other, epoch); !errors.Is(err, intake.ErrBadToken) {
			t.Errorf("%q: %v", other, err)
		}
	}
	reads := func(at time.Duration, want error) {
		t.Helper()
		got, err := open(t).Bearer(t.Context(), secret, epoch.Add(at))
		if !errors.Is(err, want) || want == nil && (got.ID != token.ID || got.Label != "wall") {
			t.Errorf("after %s: %+v, %v, want %v", at, got, err, want)
		}
	}
	used := func(at time.Duration) {
		t.Helper()
		list, err := s.Tokens(t.Context())
		if err != nil || !list[0].LastUsed.Equal(epoch.Add(at)) || list[0].State(epoch) != "valid" {
			t.Errorf("%+v, %v", list[0], err)
		}
	}
	reads(0, nil)
	used(0)
	reads(intake.BearerNoted-time.Second, nil)
	used(0)
	reads(intake.BearerNoted, nil)
	used(intake.BearerNoted)
	reads(24*time.Hour, intake.ErrBadToken) // expired
	changes, _ := addToken(t, s, intake.TokenSpec{Kinds: intake.Admin, Scopes: []string{"tags"}, Expires: epoch.Add(time.Hour)})
	if got, err := open(t).Bearer(t.Context(), changes, epoch); err != nil || got.Kinds != intake.Admin || !slices.Equal(got.Scopes, []string{"tags"}) {
		t.Errorf("of kind admin: %+v, %v", got, err)
	}
	if _, err := s.Bearer(t.Context(), changes, epoch.Add(time.Hour)); !errors.Is(err, intake.ErrBadToken) {
		t.Errorf("of kind admin, expired: %v", err)
	}
	refused(t, s, intake.ErrNotEnrolled, claim("web1", changes, 2, 1))
	c := claim("web1", secret, 1, 1)
	refused(t, s, intake.ErrNotEnrolled, c)
	c.Key, c.Proven, c.Session = nil, false, 0
	refused(t, s, intake.ErrBadToken, c)
	if _, err := s.RevokeToken(t.Context(), token.ID, epoch); err != nil {
		t.Fatal(err)
	}
	reads(0, intake.ErrBadToken)
}
