package store

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

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/intake/intaketest"
	"virgo/cmd/virgo-endpoint/internal/peertest"
	"virgo/transport/receipt"
)

// keyOf is an agent's public key, always the same for one seed.
func keyOf(seed byte) ed25519.PublicKey {
	return ed25519.NewKeyFromSeed(append(make([]byte, ed25519.SeedSize-1), seed)).Public().(ed25519.PublicKey)
}

// inLists returns records in lists of at most n, then io.EOF.
func inLists(all []Record, n int) func() ([]Record, error) {
	return func() ([]Record, error) {
		if len(all) == 0 {
			return nil, io.EOF
		}
		list := all[:min(n, len(all))]
		all = all[len(list):]
		return list, nil
	}
}

// recordsOf makes results of agent a, start 1, numbered from from on.
func recordsOf(from, n int, made time.Time) []Record {
	var list []Record
	for i := range n {
		list = append(list, Record{
			ResultID: receipt.ID("a", 1, uint64(from+i)), Order: uint64(from + i), Made: made,
			Params: []byte(peertest.Metric("", fmt.Sprint("c", i))),
		})
	}
	return list
}

// importNow is the time of the imports in these tests.
var importNow = time.UnixMilli(1_800_000_000_000)

func TestImport(t *testing.T) {
	s := newStore(t)
	from := Bundle{Agent: "a", Name: "far away", ID: strings.Repeat("0a", 16), Key: keyOf(1)}
	all := recordsOf(1, 2500, importNow)
	for i, params := range []string{
		` { } `, `{"check_id":"c","check_type":"t","state":"unavailable"}`, `[]`, peertest.Metric("a/another", "c"),
	} {
		n := uint64(3000 + i)
		all = append(all, Record{ResultID: receipt.ID("a", 1, n), Order: n, Made: importNow,
			Params: []byte(params)})
	}
	for _, want := range []struct{ added, known int }{{2501, 0}, {0, 2501}} { // the second time nothing is added
		got, err := s.Import(t.Context(), from, importNow, inLists(all, 1700))
		if err != nil {
			t.Fatal(err)
		}
		if got.New != want.added || got.Known != want.known || got.Refused != 3 ||
			got.FirstKey != (want.known == 0) {
			t.Errorf("%+v, want %+v", got, want)
		}
		if r := fmt.Sprint(got.Held.List()); r != "[0000000000000001-1-9c4 0000000000000001-bb9-bb9]" {
			t.Errorf("held: %s", r)
		}
		for i, want := range []receipt.Refused{
			{ID: "a/0000000000000001-bb8", Code: 400, Message: "check_id has to be 1 to 256 bytes of plain text"},
			{ID: "a/0000000000000001-bba", Code: 400, Message: "params cannot be read: they are not a JSON object"},
			{ID: "a/0000000000000001-bbb", Code: 400, Message: "its params name another result_id"},
		} {
			if got.Refusals[i] != want {
				t.Errorf("refusal %d: %+v, want %+v", i, got.Refusals[i], want)
			}
		}
	}
	agents, err := s.Agents(t.Context(), "")
	if err != nil || len(agents) != 1 || agents[0].Results != 2501 || agents[0].Name != "far away" ||
		agents[0].Remote != "bundle "+from.ID || !agents[0].LastSeen.Equal(importNow) {
		t.Errorf("agents: %+v, %v", agents, err)
	}
	ranges, refused, err := s.Held(t.Context(), "a", []receipt.Range{{Start: 1, From: 0, To: 0xfff}})
	if err != nil || len(ranges) != 2 || len(refused) != 3 {
		t.Errorf("held: %v, refused: %v, %v", ranges, refused, err)
	}
}

// An imported result is late where it was made longer ago than its check's period, or in the future; its
// params say the same as its columns.
func TestImportedResultsAreLate(t *testing.T) {
	s := newStore(t)
	for i, test := range []struct {
		made time.Duration // after importNow; the period is a minute
		late bool
		age  int64
	}{
		{0, false, 0}, {-time.Minute, false, 0}, {-time.Minute - time.Millisecond, true, 60_001},
		{-time.Hour, true, 3_600_000}, {time.Millisecond, true, 0}, {time.Hour, true, 0},
	} {
		records := recordsOf(i, 1, importNow.Add(test.made))
		if _, err := s.Import(t.Context(), Bundle{Agent: "a", Key: keyOf(1)}, importNow,
			inLists(records, 1)); err != nil {
			t.Fatal(err)
		}
		list := intaketest.Results(t, s, intake.Filter{})
		r := list[len(list)-1]
		if r.Late != test.late || test.late != (r.AgeMS != nil) || test.late && *r.AgeMS != test.age ||
			r.ClockOffsetMS != nil || !r.Received.Equal(importNow) {
			t.Errorf("%v: %+v", test.made, r)
		}
		var p struct {
			ID    string `json:"result_id"`
			Order uint64 `json:"order"`
			Late  bool   `json:"late"`
			Age   *int64 `json:"age_ms"`
		}
		err := json.Unmarshal(r.Params, &p)
		if err != nil || p.ID != r.ResultID || p.Order != uint64(i) || *r.Order != p.Order || p.Late != r.Late ||
			(p.Age == nil) != (r.AgeMS == nil) {
			t.Errorf("%v: params %s, %v", test.made, r.Params, err)
		}
	}
}

// A result that came over a connection is known to an import, and the other way round.
func TestImportAndAppend(t *testing.T) {
	s := newStore(t)
	_, _, key := intaketest.NewToken(t, s)
	post := func(n uint64) bool {
		t.Helper()
		out, err := s.Append(t.Context(),
			[]intake.Arrival{{AgentID: "a", Access: key, Received: importNow, Results: []intake.Result{{
				ResultID: receipt.ID("a", 1, n), CheckID: "c", CheckType: "t", State: "available", Params: []byte("{}"),
			}}}})
		if err != nil || out[0].Err != nil {
			t.Fatalf("%+v, %v", out, err)
		}
		return out[0].Stored == 1
	}
	if !post(1) {
		t.Error("a new result was not stored")
	}
	got, err := s.Import(t.Context(), Bundle{Agent: "a", Key: keyOf(1)}, importNow,
		inLists(recordsOf(1, 2, importNow), 100))
	if err != nil || got.New != 1 || got.Known != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	if post(2) || !post(3) {
		t.Error("an imported result was stored again, or a new one was not")
	}
}

// The first key of an agent is stored; of a bundle that is signed with another one nothing is read or stored.
func TestImportRefusesAnotherKey(t *testing.T) {
	s := newStore(t)
	now := time.UnixMilli(1_800_000_000_000)
	load := func(agent string, key ed25519.PublicKey, accept bool, n int) (ImportReport, error) {
		all := recordsOf(n, 1, now)
		return s.Import(t.Context(), Bundle{Agent: agent, Key: key, AcceptKey: accept},
			now.AddDate(0, 0, n), inLists(all, 1))
	}
	if _, err := load("a", keyOf(1), false, 1); err != nil {
		t.Fatal(err)
	}
	var other *KeyError
	if _, err := load("a", keyOf(2), false, 2); !errors.As(err, &other) ||
		other.Was != KeyName(keyOf(1)) || other.Is != KeyName(keyOf(2)) ||
		!strings.Contains(err.Error(), "since 2027-01-16 ") {
		t.Errorf("another key: %v", err)
	}
	if n := len(intaketest.Results(t, s, intake.Filter{})); n != 1 {
		t.Errorf("%d are stored", n)
	}
	if _, err := load("a", keyOf(2), true, 3); err != nil {
		t.Errorf("accepted: %v", err)
	}
	if _, err := load("a", keyOf(1), false, 4); !errors.As(err, &other) || other.Was != KeyName(keyOf(2)) {
		t.Errorf("the first key, once another one was accepted: %v", err)
	}
	if _, err := load("b", keyOf(1), false, 5); err != nil { // two agents may have one key
		t.Error(err)
	}
	for _, bad := range []Bundle{{Agent: "", Key: keyOf(1)}, {Agent: "c\x00", Key: keyOf(1)},
		{Agent: strings.Repeat("x", 257), Key: keyOf(1)}, {Agent: "c"}, {Agent: "c", Key: keyOf(1)[:31]}} {
		_, err := s.Import(t.Context(), bad, now,
			func() ([]Record, error) { t.Error("asked for results"); return nil, io.EOF })
		if !errors.Is(err, ErrBadBundle) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	if agents, err := s.Agents(t.Context(), ""); err != nil || len(agents) != 2 {
		t.Errorf("%+v, %v", agents, err)
	}
}

// An import that was interrupted is repeated and stores the rest.
func TestInterruptedImport(t *testing.T) {
	s := newStore(t)
	now := time.UnixMilli(1_800_000_000_000)
	all := recordsOf(1, 50, now)
	from := Bundle{Agent: "a", Key: keyOf(1)}
	gone := errors.New("the disk is gone")
	calls, next := 0, inLists(all, 10)
	got, err := s.Import(t.Context(), from, now, func() ([]Record, error) {
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
	_, err = s.Import(ctx, from, now, func() ([]Record, error) {
		if calls++; calls == 4 {
			cancel()
		}
		return next()
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if got, err := s.Import(t.Context(), from, now, inLists(all, 7)); err != nil ||
		got.New+got.Known != 50 || got.New != 20 {
		t.Errorf("the rest: %+v, %v", got, err)
	}
	if n := len(intaketest.Results(t, s, intake.Filter{})); n != 50 {
		t.Errorf("%d are stored", n)
	}
}

// An import names the agent only where its hello has not, and truncates what the bundle calls it.
func TestImportNamesTheAgent(t *testing.T) {
	s := newStore(t)
	now := time.UnixMilli(1_800_000_000_000)
	_, _, key := intaketest.NewToken(t, s)
	hello := intake.Arrival{AgentID: "a", Access: key, Received: now,
		Hello: &intake.Hello{Name: "own name", Remote: "192.0.2.1:5"}}
	if _, err := s.Append(t.Context(), []intake.Arrival{hello}); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("€", 1000)
	for _, agent := range []string{"a", "b"} {
		bundle := Bundle{Agent: agent, Name: long, ID: long, Key: keyOf(1)}
		if _, err := s.Import(t.Context(), bundle, now, inLists(nil, 1)); err != nil {
			t.Fatal(err)
		}
	}
	list, err := s.Agents(t.Context(), "")
	if err != nil || len(list) != 2 {
		t.Fatalf("%+v, %v", list, err)
	}
	if a := list[0]; a.Name != "own name" || a.Remote != "192.0.2.1:5" {
		t.Errorf("after its hello: %+v", a)
	}
	short := strings.Repeat("€", intake.MaxNameBytes/3)
	if b := list[1]; b.Name != short || b.Remote != "bundle "+short {
		t.Errorf("without a hello: %.300q, %.300q", b.Name, b.Remote)
	}
}

// What Held does not return is not in the file either: it does not grow with refusals.
func TestRefusalsAreForgotten(t *testing.T) {
	s := newStore(t)
	var bad []Record
	for i := range intake.MaxRefusals + 50 {
		bad = append(bad, Record{ResultID: receipt.ID("a", 1, uint64(i)), Params: []byte("{}")})
	}
	now := time.UnixMilli(1_800_000_000_000)
	report, err := s.Import(t.Context(), Bundle{Agent: "a", Key: keyOf(1)}, now, inLists(bad, 100))
	if err != nil || report.Refused != len(bad) || len(report.Refusals) != receipt.MaxRefused {
		t.Fatalf("%d refused, %d named, %v", report.Refused, len(report.Refusals), err)
	}
	var rows int
	if err := s.read.QueryRow("SELECT count(*) FROM refusals").Scan(&rows); err != nil ||
		rows != intake.MaxRefusals {
		t.Errorf("%d rows, %v", rows, err)
	}
}

func FuzzRecord(f *testing.F) {
	f.Add("a/0000000000000001-1", uint64(1), int64(5), []byte(peertest.Metric("", "c")))
	f.Add("a/0000000000000001-1", uint64(1<<63), int64(-5), []byte(peertest.Metric("b", "c")))
	f.Add("a/\xff", uint64(1), int64(0), []byte(`{ }`))
	f.Add("", uint64(1), int64(0), []byte(`{,"order":7}`))
	f.Fuzz(func(t *testing.T, id string, order uint64, made int64, params []byte) {
		c := Record{ResultID: id, Order: order, Made: time.UnixMilli(made % intake.MaxTimeMS), Params: params}
		now := time.UnixMilli(1_800_000_000_000)
		r, err := c.Result(now)
		if err != nil {
			return
		}
		if r.ResultID != id || !json.Valid(r.Params) {
			t.Errorf("%+v", r)
		}
		again, err := intake.ParsePost(r.Params, now)
		if err != nil || again.ResultID != id || again.CheckID != r.CheckID {
			t.Errorf("what is stored would be refused: %+v, %v", again, err)
		}
	})
}

// Whose bundles were imported is known by their key: nobody enrols under its id with another one, and nobody
// else's bundles are imported under the id of an agent that has registered a key.
func TestBundleKeysAndRegisteredKeys(t *testing.T) {
	s := newStore(t)
	secret, _, err := s.AddToken(t.Context(), intake.TokenSpec{Kinds: intake.Enrol}, importNow)
	if err != nil {
		t.Fatal(err)
	}
	imports := func(agent string, key byte) error {
		_, err := s.Import(t.Context(), Bundle{Agent: agent, Key: keyOf(key)}, importNow, inLists(nil, 1))
		return err
	}
	enrols := func(agent string, key byte) error {
		_, err := s.Admit(t.Context(), intake.Claim{AgentID: agent, Token: secret, Key: keyOf(key), Proven: true,
			Session: 1, Now: importNow})
		return err
	}
	if err := imports("far", 1); err != nil {
		t.Fatal(err)
	}
	if err := enrols("far", 2); !errors.Is(err, intake.ErrOtherKey) || !strings.Contains(err.Error(), "agents reset far") {
		t.Errorf("another key: %v", err)
	}
	if err := enrols("far", 1); err != nil { // it got a connection
		t.Error(err)
	}
	if err := enrols("near", 3); err != nil {
		t.Fatal(err)
	}
	var other *KeyError
	if err := imports("near", 4); !errors.As(err, &other) || other.Was != KeyName(keyOf(3)) {
		t.Errorf("a forged bundle: %v", err)
	}
	// What it registered is not called new.
	b := Bundle{Agent: "near", Key: keyOf(3)}
	if r, err := s.Import(t.Context(), b, importNow, inLists(nil, 1)); err != nil || r.FirstKey {
		t.Errorf("%+v, %v", r, err)
	}
	if err := s.ResetAgent(t.Context(), "far"); err != nil {
		t.Fatal(err)
	}
	if err := enrols("far", 5); err != nil {
		t.Errorf("after a reset: %v", err)
	}
}
