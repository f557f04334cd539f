package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"virgo/collect"
	"virgo/collect/hostinfo"
	"virgo/schedule"
	"virgo/transport"
	"virgo/transport/transporttest"
)

// What virgo sends is compared with the examples of transport/PROTOCOL.md, of which it gets those
// of the endpoint.

type exampleFrame struct {
	Method         string
	Params, Result json.RawMessage
	Error          *transport.Error
}

func protocolExample(t *testing.T, p *transporttest.Protocol, name string) (f exampleFrame) {
	t.Helper()
	text, err := p.Example(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(text), &f); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestProtocolExamples(t *testing.T) {
	protocol, err := transporttest.ReadProtocol()
	if err != nil {
		t.Fatal(err)
	}
	example := func(name string) exampleFrame { return protocolExample(t, protocol, name) }
	questions := []string{
		transport.MethodScheduleChanged, transport.MethodSystemInfo, transport.MethodHostInfoTypes,
		transport.MethodCheckTargets, transport.MethodCheckTest,
		"bundle_upgrade.available",
	}
	var sent struct {
		Checks       json.RawMessage
		ScheduleHash string `json:"schedule_hash"`
	}
	if err := json.Unmarshal(example("check_schedule.get response").Result, &sent); err != nil {
		t.Fatal(err)
	}
	script := transporttest.Script{
		Features:     []string{transport.FeaturePipelining, transport.FeatureResultID, transport.FeatureScheduleHash},
		Schedule:     sent.Checks,
		ScheduleHash: sent.ScheduleHash,
	}
	for _, method := range questions {
		request := example(method + " request")
		script.Requests = append(script.Requests, transporttest.Request{Method: request.Method, Params: request.Params})
	}
	endpoint, err := transporttest.Listen(script)
	if err != nil {
		t.Fatal(err)
	}
	defer endpoint.Close()
	dir := t.TempDir()
	virgo := func(args ...string) {
		t.Helper()
		cmd := exec.Command("virgo", args...)
		cmd.Env = append(os.Environ(), "VIRGO_CONFIG="+filepath.Join(dir, "virgo.yaml"),
			"VIRGO_STATE="+filepath.Join(dir, "state"), "VIRGO_PROXY=none")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("virgo %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	config := func(allow string) {
		text := fmt.Sprintf("agent_id: web1\nendpoint: %s\npin: %s\ntoken: not-a-token\nallow_remote: [%s]\n",
			endpoint.Address(), endpoint.Pin(), allow)
		if err := os.WriteFile(filepath.Join(dir, "virgo.yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	config("check.test, check.targets, host_info")
	virgo("run")
	virgo("flush") // the schedule is there now, so hello has its hash
	like(t, "hello", string(endpoint.Hello()), string(example("handshake.hello request").Params))

	// The results of the second session's questions are the last ones.
	answers := endpoint.Answers()
	answers = answers[len(answers)-len(questions):]
	free := map[string][]string{
		transport.MethodCheckTest: {"metrics"},
		// A host has interfaces without an address, and systems that do not give all of it.
		transport.MethodSystemInfo: {"netifs.addresses"},
	}
	for i, method := range questions {
		want := example(method + " response")
		if want.Error != nil {
			if answers[i].Error == nil || *answers[i].Error != *want.Error {
				t.Errorf("%s: answered with %+v, the example has %+v", method, answers[i].Error, want.Error)
			}
			continue
		}
		if answers[i].Error != nil {
			t.Errorf("%s: answered with %v", method, answers[i].Error)
			continue
		}
		like(t, method, string(answers[i].Result), string(want.Result), free[method]...)
	}

	stored := endpoint.Stored()
	if len(stored) != 2 {
		t.Fatalf("%d results are stored, want one of each check of the example", len(stored))
	}
	post := string(example("check_metrics.post request").Params)
	post = strings.Replace(post, `"late":true,"age_ms":86400000,`, "", 1)
	for _, s := range stored {
		like(t, "post", string(s.Params), post, "metrics")
		if r, err := collect.ParseResult(s.Params); err != nil || r.State != collect.Available || len(r.Metrics) == 0 {
			t.Errorf("stored %s: %v", s.Params, err)
		}
	}

	config("")
	virgo("flush")
	answers = endpoint.Answers()
	refused := answers[len(answers)-2].Error // check.test, the last but one
	if want := example("check.test response, not allowed").Error; refused == nil || *refused != *want {
		t.Errorf("not allowed: %+v, the example has %+v", refused, want)
	}
	if faults := endpoint.Faults(); len(faults) > 0 {
		t.Error(faults)
	}
}

func like(t *testing.T, what, got, example string, free ...string) {
	t.Helper()
	if err := transporttest.Like(got, example, free...); err != nil {
		t.Errorf("%s: %v\ngot     %s\nexample %s", what, err, got, example)
	}
}

// host_info.get is answered by another program, with this type.
func TestProtocolHostInfo(t *testing.T) {
	protocol, err := transporttest.ReadProtocol()
	if err != nil {
		t.Fatal(err)
	}
	answer, err := hostinfo.Get(t.Context(), new(hostinfo.Host), "date")
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(answer)
	if err != nil {
		t.Fatal(err)
	}
	like(t, "host_info.get", string(text), string(protocolExample(t, protocol, "host_info.get response").Result))
}

func TestProtocolSchedule(t *testing.T) {
	protocol, err := transporttest.ReadProtocol()
	if err != nil {
		t.Fatal(err)
	}
	result := protocolExample(t, protocol, "check_schedule.get response").Result
	s, hash, problems, err := schedule.ParseEndpoint(result)
	if err != nil || len(problems) > 0 || hash != "f7a7e28a93d0e0b8" {
		t.Fatalf("hash %q, problems %v, %v", hash, problems, err)
	}
	text, err := json.Marshal(s)
	if want := strings.Replace(string(result), `,"schedule_hash":"`+hash+`"`, "", 1); err != nil || string(text) != want {
		t.Errorf("example\n%s\nwritten (%v)\n%s", want, err, text)
	}
}

func TestProtocolLimits(t *testing.T) {
	protocol, err := transporttest.ReadProtocol()
	if err != nil {
		t.Fatal(err)
	}
	limits := map[string]int64{
		"schedule.MaxSentBytes":   schedule.MaxSentBytes,
		"schedule.MaxSentChecks":  schedule.MaxSentChecks,
		"schedule.MaxSentValues":  schedule.MaxSentValues,
		"schedule.MaxIDBytes":     schedule.MaxIDBytes,
		"schedule.MaxDetailBytes": schedule.MaxDetailBytes,
		"schedule.MaxPeriod":      int64(schedule.MaxPeriod.Seconds()),
		"schedule.MaxTimeout":     int64(schedule.MaxTimeout.Seconds()),
		"collect.MaxStatusRunes":  collect.MaxStatusRunes,
		"collect.MaxResultBytes":  collect.MaxResultBytes,
		"collect.MaxMetrics":      collect.MaxMetrics,
	}
	for name, value := range limits {
		if stated := protocol.Limits[name]; stated != value {
			t.Errorf("%s is %d, PROTOCOL.md says %d", name, value, stated)
		}
	}
	for name := range protocol.Limits {
		if _, ok := limits[name]; !ok && (strings.HasPrefix(name, "schedule.") || strings.HasPrefix(name, "collect.")) {
			t.Errorf("PROTOCOL.md has %s, which is not compared", name)
		}
	}
}
