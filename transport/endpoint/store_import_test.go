package endpoint

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"virgo/transport/receipt"
)

// keyOf is an agent's public key, always the same for one seed.
func keyOf(seed byte) ed25519.PublicKey {
	return ed25519.NewKeyFromSeed(append(make([]byte, ed25519.SeedSize-1), seed)).Public().(ed25519.PublicKey)
}

// inLists gives carried results in lists of at most n, then io.EOF.
func inLists(all []Carried, n int) func() ([]Carried, error) {
	return func() ([]Carried, error) {
		if len(all) == 0 {
			return nil, io.EOF
		}
		list := all[:min(n, len(all))]
		all = all[len(list):]
		return list, nil
	}
}

// carriedOf makes results of agent a, start 1, numbered from from on.
func carriedOf(from, n int, made time.Time) []Carried {
	var list []Carried
	for i := range n {
		list = append(list, Carried{ResultID: receipt.ID("a", 1, uint64(from+i)), Order: uint64(from + i), Made: made, Params: []byte(metric("", fmt.Sprint("c", i)))})
	}
	return list
}

func TestImport(t *testing.T) {
	site := newSite(t)
	s := site.store(t)
	now := time.UnixMilli(1_800_000_000_000)
	from := Carrier{Agent: "a", Name: "far away", Bundle: strings.Repeat("0a", 16), Key: keyOf(1)}
	all := carriedOf(1, 2500, now.Add(-time.Hour))
	all = append(all, carriedOf(3000, 1, now.Add(-time.Minute))...)                  // its period: news still
	all = append(all, carriedOf(3001, 1, now.Add(-time.Minute-time.Millisecond))...) // late
	all = append(all, carriedOf(3002, 1, now.Add(time.Hour))...)                     // of a clock that is ahead
	all = append(all, Carried{ResultID: receipt.ID("a", 1, 3003), Order: 3003, Made: now, Params: []byte(` { } `)})
	all = append(all, Carried{ResultID: receipt.ID("a", 1, 3004), Order: 3004, Made: now, Params: []byte(`{"check_id":"c","check_type":"t","state":"unavailable"}`)})
	all = append(all, Carried{ResultID: receipt.ID("a", 1, 3005), Order: 3005, Made: now, Params: []byte(`[]`)})
	all = append(all, Carried{ResultID: receipt.ID("a", 1, 3006), Order: 3006, Made: now, Params: []byte(metric("a/another", "c"))})

	got, err := s.Import(t.Context(), from, now, inLists(all, 1700))
	if err != nil {
		t.Fatal(err)
	}
	if got.New != 2504 || got.Known != 0 || got.Refused != 3 {
		t.Errorf("%+v", got)
	}
	if r := fmt.Sprint(got.Held.List()); r != "[0000000000000001-1-9c4 0000000000000001-bb8-bba 0000000000000001-bbc-bbc]" {
		t.Errorf("held: %s", r)
	}
	if len(got.Refusals) != 3 || got.Refusals[0].ID != "a/0000000000000001-bbb" || got.Refusals[0].Code != 400 || !strings.Contains(got.Refusals[0].Message, "check_id") ||
		!strings.Contains(got.Refusals[1].Message, "no JSON object") || !strings.Contains(got.Refusals[2].Message, "another result_id") {
		t.Errorf("refused: %+v", got.Refusals)
	}
	list := results(t, s, ResultFilter{AgentID: "a"})
	if len(list) != 2504 {
		t.Fatalf("%d are stored", len(list))
	}
	lates := map[uint64]string{}
	for _, r := range list {
		var p struct {
			ID    string  `json:"result_id"`
			Order *uint64 `json:"order"`
			Late  bool    `json:"late"`
			Age   *int64  `json:"age_ms"`
		}
		if err := json.Unmarshal(r.Params, &p); err != nil || p.ID != r.ResultID || *p.Order != *r.Order || p.Late != r.Late || (p.Age == nil) != (r.AgeMS == nil) {
			t.Fatalf("params %s of %+v: %v", r.Params, r, err)
		}
		if r.Late {
			lates[*r.Order] = fmt.Sprint(*r.AgeMS)
		}
		if r.ClockOffsetMS != nil || !r.Received.Equal(now) {
			t.Errorf("%+v", r)
		}
	}
	if lates[1] != "3600000" || lates[3000] != "" || lates[3001] != "60001" || lates[3002] != "0" || len(lates) != 2502 {
		t.Errorf("late: %d, %q %q %q", len(lates), lates[3000], lates[3001], lates[3002])
	}
	agents, err := s.Agents(t.Context())
	if err != nil || len(agents) != 1 || agents[0].Results != 2504 || agents[0].Name != "far away" || agents[0].Remote != "bundle "+from.Bundle || !agents[0].LastSeen.Equal(now) {
		t.Errorf("agents: %+v, %v", agents, err)
	}

	// Once more, and a part of it over a connection: nothing is doubled.
	if got, err := s.Import(t.Context(), from, now, inLists(all, 100)); err != nil || got.New != 0 || got.Known != 2504 || got.Refused != 3 {
		t.Errorf("again: %+v, %v", got, err)
	}
	r := site.start(t)
	p := r.dial(t)
	p.hello("a", site.token)
	p.ok("a", "check_metrics.post", metric("a/0000000000000001-1", "c"))
	doc := r.open(t, p.ok("a", "results.receipt", `{"agent_id":"a","ranges":["0000000000000001-0-ffff"]}`))
	if len(results(t, s, ResultFilter{})) != 2504 || len(doc.Refused) != 3 || len(doc.Ranges) != 3 {
		t.Errorf("%d are stored, %+v", len(results(t, s, ResultFilter{})), doc)
	}
}

// The first key of an agent is kept; nothing is asked of, and nothing stored from, a bundle of another one.
func TestImportKeepsTheFirstKey(t *testing.T) {
	site := newSite(t)
	s := site.store(t)
	now := time.UnixMilli(1_800_000_000_000)
	load := func(agent string, key ed25519.PublicKey, accept bool, n int) (Imported, error) {
		all := carriedOf(n, 1, now)
		return s.Import(t.Context(), Carrier{Agent: agent, Key: key, AcceptKey: accept}, now.AddDate(0, 0, n), inLists(all, 1))
	}
	if _, err := load("a", keyOf(1), false, 1); err != nil {
		t.Fatal(err)
	}
	var other *KeyError
	if _, err := load("a", keyOf(2), false, 2); !errors.As(err, &other) || other.Was != KeyName(keyOf(1)) || other.Is != KeyName(keyOf(2)) || !strings.Contains(err.Error(), "since 2027-01-16 ") {
		t.Errorf("another key: %v", err)
	}
	if n := len(results(t, s, ResultFilter{})); n != 1 {
		t.Errorf("%d are stored", n)
	}
	if _, err := load("a", keyOf(2), true, 3); err != nil {
		t.Errorf("accepted: %v", err)
	}
	if _, err := load("a", keyOf(1), false, 4); !errors.As(err, &other) || other.Was != KeyName(keyOf(2)) {
		t.Errorf("the first key, once another one was accepted: %v", err)
	}
	if _, err := load("b", keyOf(1), false, 5); err != nil { // one key may be of two agents
		t.Error(err)
	}
	for _, bad := range []Carrier{{Agent: "", Key: keyOf(1)}, {Agent: "c\x00", Key: keyOf(1)}, {Agent: strings.Repeat("x", 257), Key: keyOf(1)}, {Agent: "c"}, {Agent: "c", Key: keyOf(1)[:31]}} {
		_, err := s.Import(t.Context(), bad, now, func() ([]Carried, error) { t.Error("asked for results"); return nil, io.EOF })
		if !errors.Is(err, ErrBadCarrier) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	if agents, err := s.Agents(t.Context()); err != nil || len(agents) != 2 {
		t.Errorf("%+v, %v", agents, err)
	}
}

// An import that ends in the middle is done again, and stores the rest.
func TestImportInterrupted(t *testing.T) {
	s := newSite(t).store(t)
	now := time.UnixMilli(1_800_000_000_000)
	all := carriedOf(1, 50, now)
	from := Carrier{Agent: "a", Key: keyOf(1)}
	gone := errors.New("the stick was pulled")
	calls, next := 0, inLists(all, 10)
	got, err := s.Import(t.Context(), from, now, func() ([]Carried, error) {
		if calls++; calls == 3 {
			return nil, gone
		}
		return next()
	})
	if !errors.Is(err, gone) || got.New != 20 {
		t.Errorf("%+v, %v", got, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	calls, next = 0, inLists(all, 10)
	_, err = s.Import(ctx, from, now, func() ([]Carried, error) {
		if calls++; calls == 4 {
			cancel()
		}
		return next()
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if got, err := s.Import(t.Context(), from, now, inLists(all, 7)); err != nil || got.New+got.Known != 50 || got.New != 20 {
		t.Errorf("the rest: %+v, %v", got, err)
	}
	if n := len(results(t, s, ResultFilter{})); n != 50 {
		t.Errorf("%d are stored", n)
	}
}

// A server stores what comes while an import runs, and neither waits long for the other.
func TestImportBesideAServer(t *testing.T) {
	site := newSite(t)
	r := site.start(t)
	other := site.store(t)
	ended := make(chan error, 1)
	const many = 8000
	go func() {
		_, err := other.Import(context.Background(), Carrier{Agent: "a", Key: keyOf(1)}, time.Now(), inLists(carriedOf(1, many, time.Now()), 500))
		ended <- err
	}()
	p := r.dial(t)
	p.hello("b", site.token)
	posts := 0
	var longest time.Duration
	for err := error(nil); ; {
		select {
		case err = <-ended:
			if err != nil {
				t.Fatal(err)
			}
			if n := len(results(t, other, ResultFilter{})); n != many+posts {
				t.Errorf("%d are stored, want %d and %d", n, many, posts)
			}
			t.Logf("%d posts beside, the longest took %v", posts, longest)
			return
		default:
			began := time.Now()
			p.ok("b", "check_metrics.post", metric(fmt.Sprint(posts), "c"))
			longest = max(longest, time.Since(began))
			posts++
		}
	}
}

func FuzzCarried(f *testing.F) {
	f.Add("a/0000000000000001-1", uint64(1), int64(5), []byte(metric("", "c")))
	f.Add("a/0000000000000001-1", uint64(1<<63), int64(-5), []byte(metric("b", "c")))
	f.Add("a/\xff", uint64(1), int64(0), []byte(`{ }`))
	f.Add("", uint64(1), int64(0), []byte(`{,"order":7}`))
	f.Fuzz(func(t *testing.T, id string, order uint64, made int64, params []byte) {
		c := Carried{ResultID: id, Order: order, Made: time.UnixMilli(made % maxTime), Params: params}
		now := time.UnixMilli(1_800_000_000_000)
		r, err := c.result(now)
		if err != nil {
			return
		}
		if r.ResultID != id || !json.Valid(r.Params) {
			t.Errorf("%+v", r)
		}
		again, err := parsePost(r.Params, now)
		if err != nil || again.ResultID != id || again.CheckID != r.CheckID {
			t.Errorf("what is stored is no post: %+v, %v", again, err)
		}
	})
}
