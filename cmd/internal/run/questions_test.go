package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"virgo/cmd/internal/link"
	"virgo/collect"
	"virgo/schedule/policy"
	"virgo/transport"
	"virgo/transport/transporttest"
)

// listed is a check with targets.
type listed struct{ collect.CheckerFunc }

func (listed) Targets(context.Context) ([]string, error) { return []string{"a", "b"}, nil }

func askingScript(requests []transporttest.Request) transporttest.Script {
	return transporttest.Script{Features: modern, Schedule: scheduleOf("now"), ScheduleHash: "1", Requests: requests}
}

// newAsking returns a bench whose endpoint asks these questions, and whose owner allows them all.
func newAsking(t *testing.T, requests ...transporttest.Request) *bench {
	t.Helper()
	b := newBench(t, askingScript(requests))
	known, _ := b.Registry.Lookup("test.ok")
	b.Registry = newRegistry(t, known,
		collect.Type{Name: "test.targets", Checker: listed{}},
		collect.Type{Name: "agent.process", Checker: listed{}},
		checkType("test.seen", func(_ context.Context, r collect.Request) (collect.Report, error) {
			text, _ := r.Check.Details.Text("say")
			metric := collect.Metric{Name: "n", Type: collect.Int64, Value: "7"}
			return collect.Report{Status: text, Metrics: []collect.Metric{metric}}, nil
		}))
	b.Policy.HostInfoDeny = []string{"procs"}
	b.Remote = link.Remote{
		HostInfoTypes: func() []string { return []string{"cpu", "procs"} },
		HostInfo: func(_ context.Context, name string) (json.RawMessage, error) {
			return json.RawMessage(fmt.Sprintf(`{"error":null,"metrics":{"asked":%q},"timestamp":1}`, name)), nil
		},
	}
	return b
}

// answers waits until the endpoint has read n answers: the run ends when they are sent.
func (b *bench) answers(n int) []transport.Frame {
	b.t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for limit := time.Now().Add(time.Minute); len(b.endpoint.Answers()) < n; <-tick.C {
		if time.Now().After(limit) {
			b.t.Fatalf("%d answers, want %d", len(b.endpoint.Answers()), n)
		}
	}
	return b.endpoint.Answers()
}

func request(method, params string) transporttest.Request {
	return transporttest.Request{Method: method, Params: json.RawMessage(params)}
}

func TestQuestions(t *testing.T) {
	for name, tc := range map[string]struct {
		method, params string
		want           string // in the result, or in the error's message
		code           int    // of the error; 0: none
	}{
		"a check as JSON text":    {"check.test", `{"checkParams":"{\"id\":\"x\",\"type\":\"test.seen\",\"details\":{\"say\":\"hello\"},\"period\":30}"}`, `"status":"hello"`, 0},
		"its metrics":             {"check.test", `{"checkParams":"{\"type\":\"test.seen\"}"}`, `"metrics":[[null,{"n":{"t":"int64","v":"7"}}]]`, 0},
		"a check as an object":    {"check.test", `{"checkParams":{"type":"test.seen","id":null,"details":{"say":"well"}}}`, `"status":"well"`, 0},
		"an unknown check":        {"check.test", `{"checkParams":"{\"type\":\"test.sen\"}"}`, `unknown check type \"test.sen\", did you mean \"test.seen\"?`, 0},
		"no check":                {"check.test", `{}`, `params have no "checkParams"`, 400},
		"a check that is a list":  {"check.test", `{"checkParams":"[]"}`, "no JSON object", 400},
		"a check that is null":    {"check.test", `{"checkParams":"null"}`, "no JSON object", 400},
		"null for a check":        {"check.test", `{"checkParams":null}`, "no JSON object", 400},
		"a check with no type":    {"check.test", `{"checkParams":"{}"}`, "checkParams: ", 400},
		"targets":                 {"check.targets", `{"type":"test.targets"}`, `{"targets":["a","b"]}`, 0},
		"no targets":              {"check.targets", `{"type":"test.seen"}`, `{"targets":[]}`, 0},
		"targets that are denied": {"check.targets", `{"type":"agent.process"}`, `denies host information "procs"`, 400},
		"targets of an unknown":   {"check.targets", `{"type":"test.none"}`, `unknown check type "test.none"`, 400},
		"targets of no type":      {"check.targets", `null`, `params have no "type"`, 400},
		"types of information":    {"host_info_types.get", `null`, `{"types":["cpu"]}`, 0},
		"information":             {"host_info.get", `{"type":"cpu"}`, `{"error":null,"metrics":{"asked":"cpu"},"timestamp":1}`, 0},
		"information denied":      {"host_info.get", `{"type":"procs"}`, "remote: host_info", 400},
		"information unknown":     {"host_info.get", `{"type":"etc/shadow"}`, `unknown host information type "etc/shadow"`, 400},
		"the system":              {"system.info", `null`, `"sysinfo":`, 0},
		"an unknown method":       {"agent.destroy", `{}`, "unknown method", 404},
		"a changed schedule":      {"check_schedule.changed", `null`, `{}`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			b := newAsking(t, request(tc.method, tc.params))
			b.run()
			answers := b.answers(1)
			switch got := answers[0]; {
			case tc.code == 0 && (got.Error != nil || !strings.Contains(string(got.Result), tc.want)):
				t.Errorf("%s, %v, want %s", got.Result, got.Error, tc.want)
			case tc.code != 0 && !isError(got, tc.code, tc.want):
				t.Errorf("%s, %v, want %d, %s", got.Result, got.Error, tc.code, tc.want)
			}
			if b.waiting() != 0 || !slices.Contains(b.storedChecks(), "now") {
				t.Error("the question cost a result")
			}
		})
	}
}

func isError(f transport.Frame, code int, text string) bool {
	return f.Error != nil && f.Error.Code == code && strings.Contains(f.Error.Message, text)
}

func TestQuestionsThatTheOwnerAllows(t *testing.T) {
	questions := []transporttest.Request{
		request("check.test", `{"checkParams":"{\"type\":\"test.seen\"}"}`),
		request("check.targets", `{"type":"test.targets"}`),
		request("host_info_types.get", `null`), request("host_info.get", `{"type":"cpu"}`),
	}
	for allowed, answered := range map[string]int{
		"": 0, policy.CheckTest: 1, policy.CheckTargets: 1, policy.HostInfo: 2,
	} {
		b := newAsking(t, questions...)
		b.Policy.Questions = []string{allowed}
		b.run()
		good := 0
		for _, a := range b.answers(len(questions)) {
			if a.Error == nil {
				good++
			} else if !isError(a, transport.CodeBadRequest, "remote: questions") {
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
		n := st.Questions
		if n.Tests+n.Targets+n.HostInfos != int64(answered) || n.Refused != int64(len(questions)-answered) {
			t.Errorf("%q: counted %+v", allowed, n)
		}
		self, err := b.Self(t.Context())
		if err != nil || len(self.Requests) != 4 || self.Requests[3].Count != uint64(n.Refused) {
			t.Errorf("agent.virgo: %+v, %v", self.Requests, err)
		}
	}
}

// However much an endpoint asks, the run ends in its time and its results have arrived.
func TestManyQuestionsEndWithinTheRun(t *testing.T) {
	questions := make([]transporttest.Request, 300)
	for i := range questions {
		questions[i] = request("check.test", `{"checkParams":"{\"type\":\"test.endless\"}"}`)
	}
	synctest.Test(t, func(t *testing.T) {
		b := newPipeBench(t, askingScript(questions))
		b.Policy.Questions = []string{policy.CheckTest}
		known, _ := b.Registry.Lookup("test.ok")
		b.Registry = newRegistry(t, known,
			checkType("test.endless", func(ctx context.Context, _ collect.Request) (collect.Report, error) {
				<-ctx.Done()
				return collect.Report{}, ctx.Err()
			}))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := b.Run(ctx, Options{Deliver: true}); err != nil || ctx.Err() != nil {
			t.Fatalf("%v, %v", err, ctx.Err())
		}
		if b.waiting() != 0 || !slices.Contains(b.storedChecks(), "now") {
			t.Error("the questions cost a result")
		}
		answers := b.answers(len(questions))
		if last := answers[len(answers)-1]; !isError(last, transport.CodeBadRequest, "no time left") {
			t.Errorf("the last answer: %s, %v", last.Result, last.Error)
		}
		b.endpoint.Close()
	})
}

// A change that comes with the very last heartbeat is not lost: the next run asks for the schedule.
func TestScheduleChangeAnnouncedAtTheEndIsRemembered(t *testing.T) {
	b := newAsking(t)
	b.run()
	b.endpoint.Set(transporttest.Script{
		Features: modern, Schedule: scheduleOf("then"), ScheduleHash: "2",
		Requests: []transporttest.Request{{Method: "check_schedule.changed"}},
	})
	if _, err := link.FetchSchedule(t.Context(), &b.Config); err != nil {
		t.Fatal(err)
	}
	st, err := b.State(t.Context())
	if err != nil || !st.Cached.Changed {
		t.Errorf("not marked: %+v, %v", st.Cached, err)
	}
}

func TestFailingHostInfoIsAnErrorOfThatQuestion(t *testing.T) {
	b := newAsking(t, request("host_info.get", `{"type":"cpu"}`))
	b.Remote.HostInfo = func(context.Context, string) (json.RawMessage, error) {
		return nil, errors.New("the worker does not start")
	}
	b.run()
	answers := b.answers(1)
	if answers[0].Error == nil || answers[0].Error.Message != `host information "cpu": the worker does not start` {
		t.Errorf("%+v", answers)
	}
}

// The names of processes are listed only for an endpoint that may have them as host information.
func TestProcessTargetsFollowHostInformation(t *testing.T) {
	for name, tc := range map[string]struct {
		allow, deny []string
		listed      bool
	}{
		"allowed":           {[]string{policy.CheckTargets, policy.HostInfo}, nil, true},
		"procs denied":      {[]string{policy.CheckTargets, policy.HostInfo}, []string{"procs"}, false},
		"no host info":      {[]string{policy.CheckTargets}, nil, false},
		"another is denied": {[]string{policy.CheckTargets, policy.HostInfo}, []string{"cpu"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			b := newAsking(t, request("check.targets", `{"type":"agent.process"}`))
			b.Policy.Questions, b.Policy.HostInfoDeny = tc.allow, tc.deny
			b.run()
			if f := b.answers(1)[0]; (f.Error == nil) != tc.listed {
				t.Errorf("listed %v, want %v: %s, %+v", f.Error == nil, tc.listed, f.Result, f.Error)
			}
		})
	}
}
