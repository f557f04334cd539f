package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/intake/intaketest"
)

var now = time.UnixMilli(1_700_000_000_000)

func ago(d time.Duration) time.Time { return now.Add(-d) }

// What is judged, and in which order agents are listed.
func TestHealth(t *testing.T) {
	minute := int64(60_000)
	three, ten := int64(3), int64(10)
	seen := func(d time.Duration) intake.Agent { return intake.Agent{LastSeen: ago(d), Remote: "192.0.2.1:1"} }
	for _, test := range []struct {
		name  string
		agent Agent
		from  intake.Agent
		who   intake.Identity
		want  string
	}{
		{"ok", Agent{PeriodMS: &minute}, seen(90 * time.Second), intake.Identity{}, "ok []"},
		{"late", Agent{PeriodMS: &minute}, seen(91 * time.Second), intake.Identity{}, "late [late]"},
		{"two periods", Agent{PeriodMS: &minute}, seen(2 * time.Minute), intake.Identity{}, "late [late]"},
		{"silent", Agent{PeriodMS: &minute}, seen(2*time.Minute + time.Millisecond), intake.Identity{}, "silent [silent]"},
		{"no period", Agent{}, seen(1000 * time.Hour), intake.Identity{}, "ok []"},
		{"bundles", Agent{PeriodMS: &minute}, intake.Agent{LastSeen: ago(time.Hour), Remote: "bundle 0123"}, intake.Identity{}, "ok []"},
		{"from the future", Agent{PeriodMS: &minute}, seen(-time.Hour), intake.Identity{}, "ok []"},
		{"unavailable", Agent{PeriodMS: &minute, Unavailable: 1, Checks: 2}, seen(0), intake.Identity{}, "unavailable [unavailable]"},
		{"few wait", Agent{Checks: 3, Waiting: &three}, seen(0), intake.Identity{}, "ok []"},
		{"many wait", Agent{Checks: 3, Waiting: &ten, RefusedChecks: 1}, seen(0), intake.Identity{}, "waiting [waiting refused]"},
		{"all", Agent{PeriodMS: &minute, Unavailable: 2, Checks: 3, Waiting: &ten, RefusedChecks: 1, Warnings: []Notice{{}}}, seen(time.Hour), intake.Identity{},
			"silent [silent unavailable warning waiting refused]"},
		{"never", Agent{}, intake.Agent{}, intake.Identity{}, "never seen [never seen]"},
		{"revoked", Agent{PeriodMS: &minute, Unavailable: 2}, seen(time.Hour), intake.Identity{Revoked: now}, "revoked []"},
		{"removed", Agent{}, intake.Agent{}, intake.Identity{Revoked: now, Removed: now}, "removed []"},
	} {
		test.from.Who = test.who
		test.agent.judge(&test.from, now)
		if got := fmt.Sprintf("%s %v", test.agent.Health, test.agent.Problems); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
	for i, name := range HealthNames() {
		h, ok := ParseHealth(name)
		if !ok || h.rank() != i {
			t.Errorf("%q: %v %v", name, h.rank(), ok)
		}
	}
}

// stored makes a store with results of two agents.
func stored(t *testing.T) *intaketest.Memory {
	t.Helper()
	m := &intaketest.Memory{}
	_, _, access := intaketest.NewToken(t, m)
	put := func(agent, check, id, state string, at time.Time, more string) {
		t.Helper()
		params := fmt.Sprintf(`{"min_check_period":60000%s}`, more)
		_, err := m.Append(t.Context(), []intake.Arrival{{AgentID: agent, Access: access, Received: at, Hello: &intake.Hello{Remote: "192.0.2.1:1"},
			Results: []intake.Result{{ResultID: id, CheckID: check, CheckType: "agent." + check, State: state, Status: "=" + id, Time: at, Received: at, Params: []byte(params)}}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	put("a", "old", "1", "available", ago(40*time.Minute), "")
	put("a", "cpu", "2", "available", ago(2*time.Minute), "")
	put("a", "cpu", "3", "unavailable", ago(time.Minute), "")
	put("a", "cpu", "4", "unavailable", ago(time.Minute), "") // of the same time, arrived later
	put("b", "cpu", "5", "available", ago(10*time.Second), `,"metrics":[["C:\\",{"free,x":{"t":"gauge","v":"1.5","u":"bytes"},"n":{"t":"uint64","v":"18446744073709551615"}}],["eth 0",{"text":{"t":"string","v":"a\"b\\\nc"},"up":{"t":"bool","v":"true"}}]]`)
	put("web1", "cpu", "6", "available", ago(time.Hour), "")
	return m
}

func TestAgentsWorstFirst(t *testing.T) {
	m := stored(t)
	_, _, access := intaketest.NewToken(t, m)
	_, err := m.Append(t.Context(), []intake.Arrival{{AgentID: "c", Access: access, Received: now, Results: []intake.Result{
		{ResultID: "1", CheckID: "plugin", State: "unavailable", Refused: true, Time: now, Received: now, Params: []byte("{}")}}}})
	if err != nil {
		t.Fatal(err)
	}
	list, err := Agents(t.Context(), m, now)
	var got []string
	for _, a := range list {
		got = append(got, fmt.Sprintf("%s:%s:%d/%d", a.AgentID, a.Health, a.Unavailable, a.Checks))
	}
	if want := "web1:silent:0/1 a:unavailable:1/2 c:refused:0/1 b:ok:0/1"; err != nil || strings.Join(got, " ") != want {
		t.Errorf("%v, %v, want %s", got, err, want)
	}
}

func TestLatestResults(t *testing.T) {
	m := stored(t)
	for filter, want := range map[intake.Filter]string{
		{}:                      "a/cpu/4 a/old/1 b/cpu/5 web1/cpu/6",
		{AgentID: "a"}:          "a/cpu/4 a/old/1",
		{State: "available"}:    "a/old/1 b/cpu/5 web1/cpu/6",
		{Metric: "up"}:          "b/cpu/5",
		{Since: ago(time.Hour)}: "a/cpu/4 a/old/1 b/cpu/5 web1/cpu/6",
		{AgentID: "nobody"}:     "",
	} {
		var got []string
		err := LatestResults(t.Context(), m, filter, func(r intake.Result) error {
			got = append(got, r.AgentID+"/"+r.CheckID+"/"+r.ResultID)
			return nil
		})
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%+v: %v, %v, want %s", filter, got, err, want)
		}
	}
}

// One agent's latest results are kept at a time, and bounded; of one check they can always be read.
func TestLatestResultsAreBounded(t *testing.T) {
	m := &intaketest.Memory{}
	_, _, access := intaketest.NewToken(t, m)
	params := []byte(`{"n":"` + strings.Repeat("x", 1<<20) + `"}`)
	for i := range maxLatest>>20 + 1 {
		_, err := m.Append(t.Context(), []intake.Arrival{{AgentID: "a", Access: access, Received: now, Hello: &intake.Hello{Name: "a"},
			Results: []intake.Result{{ResultID: fmt.Sprint(i), CheckID: fmt.Sprint(i), CheckType: "agent.cpu", State: "available",
				Time: now, Received: now, Params: params}}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	for check, want := range map[string]error{"": ErrLatestTooLarge, "7": nil} {
		n := 0
		err := LatestResults(t.Context(), m, intake.Filter{AgentID: "a", CheckID: check}, func(intake.Result) error { n++; return nil })
		if !errors.Is(err, want) || want == nil && n != 1 {
			t.Errorf("%q: %d results, %v", check, n, err)
		}
	}
}

func written(t *testing.T, w interface {
	Write(*intake.Result) error
	Flush() error
}, results ...intake.Result) {
	t.Helper()
	for i := range results {
		if err := w.Write(&results[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
}

func TestCSV(t *testing.T) {
	var b strings.Builder
	written(t, NewCSV(&b), intaketest.Results(t, stored(t), intake.Filter{CheckID: "cpu", State: "available", Since: ago(3 * time.Minute)})...)
	rows, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		csvColumns[:],
		{"2023-11-14T22:11:20.000Z", "a", "cpu", "agent.cpu", "available", "false", "false", "", "", "", "", "", "'=2", "2023-11-14T22:11:20.000Z"},
		{"2023-11-14T22:13:10.000Z", "b", "cpu", "agent.cpu", "available", "false", "false", `C:\`, "free,x", "gauge", "1.5", "bytes", "'=5", "2023-11-14T22:13:10.000Z"},
		{"2023-11-14T22:13:10.000Z", "b", "cpu", "agent.cpu", "available", "false", "false", `C:\`, "n", "uint64", "18446744073709551615", "", "'=5", "2023-11-14T22:13:10.000Z"},
		{"2023-11-14T22:13:10.000Z", "b", "cpu", "agent.cpu", "available", "false", "false", "eth 0", "text", "string", "a\"b\\\nc", "", "'=5", "2023-11-14T22:13:10.000Z"},
		{"2023-11-14T22:13:10.000Z", "b", "cpu", "agent.cpu", "available", "false", "false", "eth 0", "up", "bool", "true", "", "'=5", "2023-11-14T22:13:10.000Z"},
	}
	if fmt.Sprintf("%q", rows) != fmt.Sprintf("%q", want) {
		t.Errorf("%q\nwant\n%q", rows, want)
	}
}

func TestInflux(t *testing.T) {
	var b strings.Builder
	results := intaketest.Results(t, stored(t), intake.Filter{AgentID: "b"})
	results[0].Status = "it\tsays \"no\\"
	written(t, NewInflux(&b), results...)
	want := `virgo_check,agent=b,check=cpu,type=agent.cpu available=true,refused=false,late=false,status="it says \"no\\" 1699999990000000000
agent.cpu,agent=b,check=cpu,dimension=C: free\,x=1.5,n=9223372036854775807i 1699999990000000000
agent.cpu,agent=b,check=cpu,dimension=eth\ 0 text="a\"b\\ c",up=true 1699999990000000000
`
	if b.String() != want {
		t.Errorf("%s\nwant\n%s", b.String(), want)
	}
}

// A result that is appended reads like one that encoding/json writes, whatever its params look like.
func TestAppendResult(t *testing.T) {
	order, age := uint64(math.MaxUint64), int64(-1)
	full := intake.Result{Seq: 7, AgentID: "a<b>", ResultID: "r", CheckID: "c\n", CheckType: "agent.cpu", State: "available", Refused: true,
		Status: "ok\u2028", Time: now, Received: now, Order: &order, Late: true, AgeMS: &age, ClockOffsetMS: &age}
	for _, params := range []string{`{"a":1}`, `{ "a" : "<&>" }`, "{\n\"a\":\r1}", `null`, "{\"a\":\"\u2028\u2029\"}", ""} {
		if full.Params = nil; params != "" {
			full.Params = json.RawMessage(params)
		}
		got, err := AppendResult([]byte("x"), &full)
		if err != nil || got[0] != 'x' || bytes.ContainsAny(got, "\r\n\u2028\u2029") {
			t.Fatalf("%q: %s, %v", params, got, err)
		}
		want, err := json.Marshal(ResultOf(&full))
		if err != nil {
			t.Fatal(err)
		}
		var a, b map[string]any
		if err := json.Unmarshal(got[1:], &a); err != nil {
			t.Fatalf("%q: %v", params, err)
		}
		if err := json.Unmarshal(want, &b); err != nil || len(a) != reflect.TypeFor[Result]().NumField() || !reflect.DeepEqual(a, b) {
			t.Errorf("%q: %s, want %s (%v)", params, got[1:], want, err)
		}
	}
	none, err := AppendResult(nil, &intake.Result{Time: now, Received: now})
	want, err2 := json.Marshal(ResultOf(&intake.Result{Time: now, Received: now}))
	if err != nil || err2 != nil || string(none) != string(want) {
		t.Errorf("%s, want %s (%v, %v)", none, want, err, err2)
	}
	full.Params = json.RawMessage("{\n")
	if got, err := AppendResult(nil, &full); err == nil {
		t.Errorf("half an object: %s", got)
	}
}
