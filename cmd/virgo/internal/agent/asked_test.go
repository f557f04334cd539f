package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"virgo/collect"
	"virgo/transport"
	"virgo/transport/transporttest"
)

// listed is a check with targets.
type listed struct{ collect.CheckerFunc }

func (listed) Targets(context.Context) ([]string, error) { return []string{"a", "b"}, nil }

// asking gives a bench whose endpoint asks, and the agent that may answer.
func asking(t *testing.T, requests ...transporttest.Request) *bench {
	t.Helper()
	b := newBench(t, transporttest.Script{Features: modern, Schedule: checks("now"), ScheduleHash: "1", Requests: requests})
	known, _ := b.Registry.Lookup("test.ok")
	reg, err := collect.NewRegistry(known,
		collect.Type{Name: "test.targets", Checker: listed{}},
		collect.Type{Name: "test.seen", Checker: collect.CheckerFunc(func(_ context.Context, r collect.Request) (collect.Report, error) {
			text, _ := r.Check.Details.Text("say")
			return collect.Report{Status: text, Metrics: []collect.Metric{{Name: "n", Type: collect.Int64, Value: "7"}}}, nil
		})})
	if err != nil {
		t.Fatal(err)
	}
	b.Registry = reg
	b.Remote = Remote{
		Allow:         []string{AllowTest, AllowTargets, AllowHostInfo},
		HostInfoDeny:  []string{"procs"},
		HostInfoTypes: func() []string { return []string{"cpu", "procs"} },
		HostInfo: func(_ context.Context, name string) (json.RawMessage, error) {
			return json.RawMessage(fmt.Sprintf(`{"error":null,"metrics":{"asked":%q},"timestamp":1}`, name)), nil
		},
	}
	return b
}

// answers waits for what the endpoint is answered: the run is over when it is sent, not when it is read.
func (b *bench) answers(n int) []transport.Frame {
	b.t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for limit := time.Now().Add(10 * time.Second); len(b.endpoint.Answers()) < n; <-tick.C {
		if time.Now().After(limit) {
			b.t.Fatalf("%d answers, want %d", len(b.endpoint.Answers()), n)
		}
	}
	return b.endpoint.Answers()
}

func request(method, params string) transporttest.Request {
	return transporttest.Request{Method: method, Params: json.RawMessage(params)}
}

func TestTheEndpointAsks(t *testing.T) {
	for name, tc := range map[string]struct {
		method, params string
		want           string // in the result, or in the error's message
		code           int    // of the error; 0: none
	}{
		"a check as JSON text":  {"check.test", `{"checkParams":"{\"id\":\"x\",\"type\":\"test.seen\",\"details\":{\"say\":\"hello\"},\"period\":30}"}`, `"status":"hello"`, 0},
		"its metrics":           {"check.test", `{"checkParams":"{\"type\":\"test.seen\"}"}`, `"metrics":[[null,{"n":{"t":"int64","v":"7"}}]]`, 0},
		"a check as an object":  {"check.test", `{"checkParams":{"type":"test.seen","id":null,"details":{"say":"well"}}}`, `"status":"well"`, 0},
		"an unknown check":      {"check.test", `{"checkParams":"{\"type\":\"test.sen\"}"}`, `unknown check type \"test.sen\", did you mean \"test.seen\"?`, 0},
		"no check":              {"check.test", `{}`, `params have no "checkParams"`, 400},
		"a check that is none":  {"check.test", `{"checkParams":"[]"}`, "no JSON object", 400},
		"a check that is null":  {"check.test", `{"checkParams":"null"}`, "no JSON object", 400},
		"null for a check":      {"check.test", `{"checkParams":null}`, "no JSON object", 400},
		"a check with no type":  {"check.test", `{"checkParams":"{}"}`, "checkParams: ", 400},
		"targets":               {"check.targets", `{"type":"test.targets"}`, `{"targets":["a","b"]}`, 0},
		"no targets":            {"check.targets", `{"type":"test.seen"}`, `{"targets":[]}`, 0},
		"targets of nothing":    {"check.targets", `{"type":"test.none"}`, `unknown check type "test.none"`, 400},
		"targets of what":       {"check.targets", `null`, `params have no "type"`, 400},
		"types of information":  {"host_info_types.get", `null`, `{"types":["cpu"]}`, 0},
		"information":           {"host_info.get", `{"type":"cpu"}`, `{"error":null,"metrics":{"asked":"cpu"},"timestamp":1}`, 0},
		"information denied":    {"host_info.get", `{"type":"procs"}`, "host_info_deny", 400},
		"information unknown":   {"host_info.get", `{"type":"etc/shadow"}`, `unknown host information type "etc/shadow"`, 400},
		"the system":            {"system.info", `null`, `"sysinfo":`, 0},
		"what nobody knows":     {"agent.destroy", `{}`, "unknown method", 404},
		"a schedule that moved": {"check_schedule.changed", `null`, `{}`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			b := asking(t, request(tc.method, tc.params))
			b.run()
			answers := b.answers(1)
			switch got := answers[0]; {
			case tc.code == 0 && (got.Error != nil || !strings.Contains(string(got.Result), tc.want)):
				t.Errorf("%s, %v, want %s", got.Result, got.Error, tc.want)
			case tc.code != 0 && (got.Error == nil || got.Error.Code != tc.code || !strings.Contains(got.Error.Message, tc.want)):
				t.Errorf("%s, %v, want %d, %s", got.Result, got.Error, tc.code, tc.want)
			}
			if b.waiting() != 0 || !slices.Contains(b.storedChecks(), "now") {
				t.Error("the question cost a result")
			}
		})
	}
}

func TestTheOwnerSaysWhatMayBeAsked(t *testing.T) {
	questions := []transporttest.Request{
		request("check.test", `{"checkParams":"{\"type\":\"test.seen\"}"}`), request("check.targets", `{"type":"test.targets"}`),
		request("host_info_types.get", `null`), request("host_info.get", `{"type":"cpu"}`),
	}
	for allowed, answered := range map[string]int{"": 0, AllowTest: 1, AllowTargets: 1, AllowHostInfo: 2} {
		b := asking(t, questions...)
		b.Remote.Allow = []string{allowed}
		b.run()
		good := 0
		for _, a := range b.answers(len(questions)) {
			if a.Error == nil {
				good++
			} else if a.Error.Code != transport.CodeBadRequest || !strings.Contains(a.Error.Message, "allow_remote") {
				t.Errorf("%q: %v", allowed, a.Error)
			}
		}
		if good != answered {
			t.Errorf("%q: %d answered, want %d", allowed, good, answered)
		}
		st, err := b.State(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		n := st.Link.Asked
		if n.Tests+n.Targets+n.HostInfos != int64(answered) || n.Refused != int64(len(questions)-answered) {
			t.Errorf("%q: counted %+v", allowed, n)
		}
		self, err := b.Self(t.Context())
		if err != nil || len(self.Asked) != 4 || self.Asked[3].Times != uint64(n.Refused) {
			t.Errorf("agent.virgo: %+v, %v", self.Asked, err)
		}
	}
}

// However much an endpoint asks, the run ends in its time and its results have arrived.
func TestAFloodOfQuestionsEndsInTheRunsTime(t *testing.T) {
	questions := make([]transporttest.Request, 300)
	for i := range questions {
		questions[i] = request("check.test", `{"checkParams":"{\"type\":\"test.endless\"}"}`)
	}
	b := asking(t, questions...)
	known, _ := b.Registry.Lookup("test.ok")
	var err error
	b.Registry, err = collect.NewRegistry(known, collect.Type{Name: "test.endless", Checker: collect.CheckerFunc(func(ctx context.Context, _ collect.Request) (collect.Report, error) {
		<-ctx.Done()
		return collect.Report{}, ctx.Err()
	})})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), askedReserve+time.Second)
	defer cancel()
	if _, err := b.Run(ctx, Options{Deliver: true}); err != nil || ctx.Err() != nil {
		t.Fatalf("%v, %v", err, ctx.Err())
	}
	if b.waiting() != 0 || !slices.Contains(b.storedChecks(), "now") {
		t.Error("the questions cost a result")
	}
	answers := b.answers(len(questions))
	if last := answers[len(answers)-1]; last.Error == nil || last.Error.Code != transport.CodeBadRequest || !strings.Contains(last.Error.Message, "no time left") {
		t.Errorf("the last answer: %s, %v", last.Result, last.Error)
	}
}

// What the endpoint says with the very last heartbeat is not lost: the next run asks for the schedule.
func TestAChangeThatIsToldAtTheEndIsFetchedByTheNextRun(t *testing.T) {
	b := asking(t)
	b.run()
	b.endpoint.Set(transporttest.Script{
		Features: modern, Schedule: checks("then"), ScheduleHash: "2",
		Requests: []transporttest.Request{{Method: "check_schedule.changed"}},
	})
	if _, err := b.FetchSchedule(t.Context()); err != nil {
		t.Fatal(err)
	}
	st, err := b.State(t.Context())
	if err != nil || !st.Cached.Changed {
		t.Errorf("not marked: %+v, %v", st.Cached, err)
	}
}

// Nor is what it said in a session that broke off.
func TestAChangeThatIsToldBeforeASessionFailsIsFetchedByTheNextRun(t *testing.T) {
	b := asking(t)
	b.run()
	l, err := b.link(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, wrong := l.answer(t.Context(), transport.MethodScheduleChanged, nil); wrong != nil {
		t.Fatal(wrong)
	}
	b.endpoint.Set(transporttest.Script{HelloError: &transport.Error{Code: transport.CodeUnauthorized}})
	if d := b.deliver(t.Context(), l, &queue{agent: b.Agent, backlog: true}); d.Err == nil {
		t.Fatal("the session did not fail")
	}
	st, err := b.State(t.Context())
	if err != nil || !st.Cached.Changed {
		t.Errorf("not marked: %+v, %v", st.Cached, err)
	}
}

func TestHostInformationThatFailsIsAnErrorOfThatQuestion(t *testing.T) {
	b := asking(t, request("host_info.get", `{"type":"cpu"}`))
	b.Remote.HostInfo = func(context.Context, string) (json.RawMessage, error) {
		return nil, errors.New("virgo-checks is not there")
	}
	b.run()
	answers := b.answers(1)
	if answers[0].Error == nil || answers[0].Error.Message != `host information "cpu": virgo-checks is not there` {
		t.Errorf("%+v", answers)
	}
}
