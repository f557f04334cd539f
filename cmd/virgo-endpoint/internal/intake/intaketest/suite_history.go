package intaketest

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

func testAgents(t *testing.T, open Opener) {
	s := open(t)
	_, _, key := NewToken(t, s)
	offset := int64(-5000)
	full := intake.Hello{Name: "n", ProcessVersion: "1", BundleVersion: "2", BundleState: "back 3.0.0: it fails",
		BundleName: "own", BundleChannel: "beta", Remote: "r", ClockOffsetMS: &offset}
	at := func(agent string, after time.Duration, hello *intake.Hello) intake.Arrival {
		return intake.Arrival{AgentID: agent, Access: key, Received: epoch.Add(after), Hello: hello}
	}
	put(t, s, at("b", 0, &full))
	put(t, s, at("b", time.Hour, nil), at("a", 0, nil))
	put(t, s, at("b", -time.Hour, &intake.Hello{Name: "m"})) // a clock that was set back
	list, err := s.Agents(t.Context(), "")
	if err != nil || len(list) != 2 {
		t.Fatalf("%+v, %v", list, err)
	}
	if a := list[0]; a.ID != "a" || a.Name != "" || a.Results != 0 || a.ClockOffsetMS != nil ||
		!a.FirstSeen.Equal(epoch) || !a.LastSeen.Equal(epoch) {
		t.Errorf("seen only: %+v", a)
	}
	if b := list[1]; b.ID != "b" || b.Name != "m" || b.ProcessVersion != "" || b.BundleState != "" || b.Remote != "" ||
		b.ClockOffsetMS != nil || !b.FirstSeen.Equal(epoch) || !b.LastSeen.Equal(epoch.Add(time.Hour)) {
		t.Errorf("two hellos: %+v", b)
	}
	if tokens, err := s.Tokens(t.Context()); err != nil || !tokens[0].LastUsed.Equal(epoch) {
		t.Errorf("after a hello of an earlier time: %+v, %v", tokens, err)
	}
	put(t, s, at("b", 0, &full))
	list, err = s.Agents(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if b := list[1]; b.Name != "n" || b.ProcessVersion != "1" || b.BundleVersion != "2" || b.BundleState != full.BundleState ||
		b.BundleName != "own" || b.BundleChannel != "beta" ||
		b.Remote != "r" || b.ClockOffsetMS == nil || *b.ClockOffsetMS != offset {
		t.Errorf("a third hello: %+v", b)
	}
	for i := range list {
		one, err := s.Agents(t.Context(), list[i].ID)
		if err != nil || !reflect.DeepEqual(one, list[i:i+1]) {
			t.Errorf("agent %q alone: %+v, %v; want %+v", list[i].ID, one, err, list[i])
		}
	}
	if none, err := s.Agents(t.Context(), "c"); err != nil || len(none) != 0 {
		t.Errorf("an agent that nobody knows: %+v, %v", none, err)
	}
	if tokens, err := s.Tokens(t.Context()); err != nil || !tokens[0].LastUsed.Equal(epoch) {
		t.Errorf("tokens: %+v, %v", tokens, err) // the hour was no hello
	}
}

func testOrder(t *testing.T, open Opener) {
	s := open(t)
	_, _, key := NewToken(t, s)
	var batch []intake.Arrival
	for i, ms := range []int64{5, 3, 3, -7, 3, 0, 5} {
		a := arrival(key, fmt.Sprint("agent", i%2), fmt.Sprint(i))
		a.Results[0].Time = time.UnixMilli(ms)
		batch = append(batch, a)
	}
	put(t, s, batch[:4]...)
	put(t, s, batch[4:]...)
	var got []string
	for _, r := range Results(t, s, intake.Filter{}) {
		got = append(got, fmt.Sprint(r.Time.UnixMilli(), ":", r.ResultID, "/", r.Seq))
	}
	if want := "[-7:3/4 0:5/6 3:1/2 3:2/3 3:4/5 5:0/1 5:6/7]"; fmt.Sprint(got) != want {
		t.Errorf("%v, want %s", got, want)
	}
}

func testFilters(t *testing.T, open Opener) {
	s := open(t)
	_, _, key := NewToken(t, s)
	var batch []intake.Arrival
	for i := range 10 {
		a := arrival(key, string(rune('a'+i%2)), "")
		a.Results[0].CheckID, a.Results[0].Time, a.Results[0].Late = fmt.Sprint("c", i%5), time.UnixMilli(int64(1000-i)), i < 3
		if i%3 == 0 {
			a.Results[0].State = "unavailable"
			a.Results[0].Params = []byte(`{"metrics":[[null,{"free":{"t":"gauge","v":"1"},"fre\u0065 2":{"t":"gauge","v":"1"}}]]}`)
		}
		batch = append(batch, a)
	}
	put(t, s, batch...)
	yes, no := true, false
	for _, test := range []struct {
		filter intake.Filter
		want   string // times in ms
	}{
		{intake.Filter{}, "[991 992 993 994 995 996 997 998 999 1000]"},
		{intake.Filter{Limit: 3}, "[998 999 1000]"},
		{intake.Filter{Limit: 100}, "[991 992 993 994 995 996 997 998 999 1000]"},
		{intake.Filter{AgentID: "b"}, "[991 993 995 997 999]"},
		{intake.Filter{AgentID: "b", Limit: 2}, "[997 999]"},
		{intake.Filter{CheckID: "c1"}, "[994 999]"},
		{intake.Filter{CheckID: "c1", AgentID: "b", Limit: 1}, "[999]"},
		{intake.Filter{Since: time.UnixMilli(998)}, "[998 999 1000]"},
		{intake.Filter{Since: time.UnixMilli(998), AgentID: "b"}, "[999]"},
		{intake.Filter{Late: &yes}, "[998 999 1000]"},
		{intake.Filter{Late: &no, Limit: 2}, "[996 997]"},
		{intake.Filter{Until: time.UnixMilli(993)}, "[991 992]"},
		{intake.Filter{Since: time.UnixMilli(994), Until: time.UnixMilli(996)}, "[994 995]"},
		{intake.Filter{Until: time.UnixMilli(999), Limit: 2}, "[997 998]"},
		{intake.Filter{State: "unavailable"}, "[991 994 997 1000]"},
		{intake.Filter{State: "unavailable", Limit: 2}, "[997 1000]"},
		{intake.Filter{State: "unavailable", AgentID: "b"}, "[991 997]"},
		{intake.Filter{Metric: "free"}, "[991 994 997 1000]"},
		{intake.Filter{Metric: "free", Limit: 3, AgentID: "a"}, "[994 1000]"},
		{intake.Filter{Metric: "free 2", Limit: 1, Until: time.UnixMilli(1000)}, "[997]"},
		{intake.Filter{Metric: "fre"}, "[]"},
		{intake.Filter{Metric: "%"}, "[]"},
		{intake.Filter{AgentID: "nobody"}, "[]"},
		{intake.Filter{AgentID: "%"}, "[]"},
	} {
		got := []int64{}
		for _, r := range Results(t, s, test.filter) {
			got = append(got, r.Time.UnixMilli())
		}
		if fmt.Sprint(got) != test.want {
			t.Errorf("%+v: %v, want %s", test.filter, got, test.want)
		}
	}
}

// What was stored is read as it was, and what was not said is not zero.
func testFields(t *testing.T, open Opener) {
	s := open(t)
	_, _, key := NewToken(t, s)
	order, age, offset := uint64(0), int64(0), int64(0)
	all := intake.Arrival{AgentID: "a", Access: key, Received: epoch, Results: []intake.Result{{
		ResultID: "r", CheckID: "c", CheckType: "t", State: "unavailable", Status: "s", Time: time.UnixMilli(1), Order: &order, Late: true, Refused: true,
		AgeMS: &age, ClockOffsetMS: &offset, Params: []byte(`{"a" : [ 1 ] }`),
	}}}
	none := intake.Arrival{AgentID: "a", Access: key, Received: epoch, Results: []intake.Result{{
		CheckID: "c", CheckType: "t", State: "available", Time: time.UnixMilli(2), Params: []byte("{}"),
	}}}
	put(t, s, all, none)
	for i, got := range Results(t, open(t), intake.Filter{}) {
		want := []intake.Result{all.Results[0], none.Results[0]}[i]
		want.Seq, want.AgentID, want.Received = int64(i+1), "a", epoch
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
}

func testCallbackError(t *testing.T, open Opener) {
	s := open(t)
	_, _, key := NewToken(t, s)
	put(t, s, arrival(key, "a", "1"), arrival(key, "a", "2"))
	stop, calls := errors.New("stop"), 0
	err := s.Results(t.Context(), intake.Filter{}, func(intake.Result) error { calls++; return stop })
	if err == nil || err.Error() != stop.Error() || calls != 1 {
		t.Errorf("%v after %d calls", err, calls)
	}
	wantStored(t, s, 2) // and the store goes on
}
