package run

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"virgo/cmd/internal/link"
	"virgo/collect"
	"virgo/schedule"
	"virgo/schedule/policy"
	"virgo/schedule/yaml"
	"virgo/spool"
	"virgo/transport/transporttest"
)

// policyOf parses a policy.
func policyOf(t *testing.T, rules string) *policy.Policy {
	t.Helper()
	n, err := yaml.ParsePlain("virgo.yaml", []byte(rules))
	if err != nil {
		t.Fatal(err)
	}
	p := policy.Default()
	if p.Checks, err = policy.ParseRules("virgo.yaml", n); err != nil {
		t.Fatal(err)
	}
	return p
}

// newLogins has an endpoint with three checks that log in somewhere, and checks that report where, and
// with which password. lazily counts how often the types of the worker were loaded.
func newLogins(t *testing.T, lazily *int) *bench {
	t.Helper()
	b := newBench(t, transporttest.Script{Features: modern, ScheduleHash: "1", Schedule: json.RawMessage(`[
		{"id":"here","type":"test.login","period":60,"timeout":5,"details":{"password":"secret:db"}},
		{"id":"there","type":"test.login","period":60,"timeout":5,"details":{"host":"evil.example"}},
		{"id":"odd","type":"test.lgoin","period":60,"timeout":5}]`)})
	login := checkType("test.login", func(_ context.Context, r collect.Request) (collect.Report, error) {
		password, _ := r.Check.Details.Text("password")
		if err := r.Guard.Dial("tcp", "localhost", netip.MustParseAddrPort("169.254.169.254:80")); err != nil && password == "stop" {
			return collect.Report{}, fmt.Errorf("dialling: %w", err)
		}
		return collect.Report{Status: fmt.Sprintf("password of %d bytes", len(password))}, nil
	})
	login.Details = []collect.Detail{
		{Name: "host", Role: schedule.Host, Default: "localhost"}, {Name: "password", Role: schedule.Secret},
	}
	b.Registry = newRegistry(t).WithLazy(func() []collect.Type {
		*lazily++
		return []collect.Type{login}
	})
	b.Policy = policyOf(t, "- {type: test.login, password: any}\n")
	b.Policy.Secrets = []policy.SecretRules{{Name: "db", Allow: policyOf(t, "- {type: test.login, host: localhost}\n").Checks}}
	b.Secret = func(name string) (string, error) { return "hunter2-" + name, nil }
	return b
}

// resultsOf returns the results of a run, by check id.
func resultsOf(r Report) map[string]collect.Result {
	all := make(map[string]collect.Result)
	for _, o := range r.Outcomes {
		all[o.Result.CheckID] = o.Result
	}
	return all
}

func TestRefusedChecksGiveResultsOfTheirOwnKind(t *testing.T) {
	loaded := 0
	b := newLogins(t, &loaded)
	for range 2 {
		got := resultsOf(b.run())
		if r := got["here"]; r.State != collect.Available || r.Refused || r.Status != "password of 10 bytes" {
			t.Errorf("here: %+v", r)
		}
		if r := got["there"]; r.State != collect.Unavailable || !r.Refused || r.Status != `not allowed by this host's owner: test.login host "evil.example"` {
			t.Errorf("there: %+v", r)
		}
		if r := got["odd"]; r.State != collect.Unavailable || r.Refused || !strings.Contains(r.Status, `did you mean "test.login"?`) {
			t.Errorf("odd: %+v", r)
		}
		b.clock = b.clock.Add(time.Minute)
	}
	found := false
	for _, s := range b.endpoint.Stored() {
		found = found || strings.Contains(string(s.Params), `"check_id":"there"`) && strings.Contains(string(s.Params), `"refused":true`)
	}
	if !found {
		t.Error("the endpoint has no result that says that it is refused")
	}
}

// What is stored, delivered and printed has the name of a secret and not its value.
func TestSecretsAreNowhereElse(t *testing.T) {
	loaded := 0
	b := newLogins(t, &loaded)
	var printed strings.Builder
	b.Verbose = func(format string, args ...any) { fmt.Fprintf(&printed, format+"\n", args...) }
	b.run()
	err := b.Spool.View(context.Background(), func(tx *spool.Tx) error {
		stored := tx.Get(link.StateSpace, "schedule")
		if bytes.Contains(stored, []byte("hunter2")) || !bytes.Contains(stored, []byte("secret:db")) {
			t.Errorf("stored: %q", stored)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	for _, s := range b.endpoint.Stored() {
		if strings.Contains(string(s.Params), "hunter2") {
			t.Errorf("delivered: %s", s.Params)
		}
	}
	if strings.Contains(printed.String(), "hunter2") {
		t.Errorf("printed: %s", &printed)
	}
	b.clock = b.clock.Add(time.Minute)
	b.Secret = func(string) (string, error) { return "", errors.New("no such file") }
	if r := resultsOf(b.run())["here"]; r.Refused || r.Status != `the secret "db" cannot be read: no such file` {
		t.Errorf("a secret that cannot be read: %+v", r)
	}
}

// The verdicts are stored with the schedule: a run under the same policy decides on nothing, and one under
// another policy on all.
func TestVerdictsAreStored(t *testing.T) {
	loaded := 0
	b := newLogins(t, &loaded)
	b.Policy = policy.Default()
	b.run()
	if loaded != 1 {
		t.Fatalf("the types of the worker were loaded %d times", loaded)
	}
	st, err := b.State(context.Background())
	if err != nil || st.Cached.Policy == "" || st.Cached.Schedule.Checks[0].Refusal == "" {
		t.Fatalf("%+v, %v", st.Cached, err)
	}
	// The registry of a later process is not loaded for a refused check.
	registry := b.Registry
	b.Registry = newRegistry(t).WithLazy(func() []collect.Type { t.Error("the types of the worker are loaded"); return nil })
	b.endpoint.Set(transporttest.Script{Features: modern, ScheduleHash: "1", Schedule: json.RawMessage(`[]`)})
	err = b.Spool.Update(context.Background(), func(tx *spool.Tx) error {
		cached := st.Cached
		cached.Schedule.Checks = cached.Schedule.Checks[:2] // without the one whose type is told
		stored, err := cached.Marshal()
		if err != nil {
			return err
		}
		return tx.Put(link.StateSpace, "schedule", stored)
	})
	if err != nil {
		t.Fatal(err)
	}
	b.clock = b.clock.Add(time.Minute)
	if r := resultsOf(b.run()); !r["here"].Refused || !r["there"].Refused {
		t.Errorf("%+v", r)
	}
	// The owner allows one.
	b.Registry, b.Policy = registry, policyOf(t, "- {type: test.login, host: evil.example}\n")
	b.clock = b.clock.Add(time.Minute)
	if r := resultsOf(b.run()); !r["here"].Refused || r["there"].Refused {
		t.Errorf("under another policy: %+v", r)
	}
	// And takes it back.
	b.Policy = nil
	b.clock = b.clock.Add(time.Minute)
	if r := resultsOf(b.run()); !r["here"].Refused || !r["there"].Refused {
		t.Errorf("without a policy: %+v", r)
	}
}

// What a guard refuses while the check runs is a refusal too.
func TestRefusalWhileItRuns(t *testing.T) {
	loaded := 0
	b := newLogins(t, &loaded)
	b.Secret = func(string) (string, error) { return "stop", nil }
	if r := resultsOf(b.run())["here"]; !r.Refused || r.Status != `not allowed by this host's owner: test.login tcp "169.254.169.254:80"` {
		t.Errorf("%+v", r)
	}
}

func TestOwnChecksAreNotLimited(t *testing.T) {
	loaded := 0
	b := newLogins(t, &loaded)
	b.Policy = policy.Nothing()
	if err := os.MkdirAll(b.ChecksDir, 0o755); err != nil {
		t.Fatal(err)
	}
	own := "- id: there\n  type: test.login\n  details: {host: evil.example}\n"
	if err := os.WriteFile(filepath.Join(b.ChecksDir, "own.yaml"), []byte(own), 0o644); err != nil {
		t.Fatal(err)
	}
	if r := resultsOf(b.run()); r["there"].Refused || !r["here"].Refused {
		t.Errorf("%+v", r)
	}
}

// An earlier version stored schedules without verdicts, and the endpoint may be away.
func TestScheduleOfAnEarlierVersionIsJudged(t *testing.T) {
	loaded := 0
	b := newLogins(t, &loaded)
	b.run()
	err := b.Spool.Update(context.Background(), func(tx *spool.Tx) error {
		cached, err := schedule.ParseCached(tx.Get(link.StateSpace, "schedule"))
		if err != nil {
			return err
		}
		cached.Policy = ""
		for i := range cached.Schedule.Checks {
			cached.Schedule.Checks[i].AllowedBy, cached.Schedule.Checks[i].Refusal = 0, ""
		}
		stored, err := cached.Marshal()
		if err != nil {
			return err
		}
		return tx.Put(link.StateSpace, "schedule", stored)
	})
	if err != nil {
		t.Fatal(err)
	}
	b.endpoint.Close()
	b.clock = b.clock.Add(time.Minute)
	if r := resultsOf(b.run()); r["here"].Refused || !r["there"].Refused {
		t.Errorf("%+v", r)
	}
}

// A question goes through the same policy.
func TestEndpointCannotTestWhatItMaySchedule(t *testing.T) {
	b := newAsking(t,
		request("check.test", `{"checkParams":"{\"type\":\"test.seen\",\"details\":{\"say\":\"x\"}}"}`),
		request("check.targets", `{"type":"test.targets"}`))
	b.Policy = policy.Default()
	b.run()
	answers := b.answers(2)
	if text := string(answers[0].Result); !strings.Contains(text, `"refused":true`) || !strings.Contains(text, "not allowed by this host's owner: test.seen") {
		t.Errorf("check.test: %s, %+v", text, answers[0].Error)
	}
	if answers[1].Error == nil || answers[1].Error.Message != "not allowed by this host's owner: test.targets" {
		t.Errorf("check.targets: %s, %+v", answers[1].Result, answers[1].Error)
	}
}
