package link

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"virgo/cmd/internal/lines"
	"virgo/schedule"
	"virgo/transport"
)

func storedStatus(s Status) []byte { return lines.Append(nil, &s) }

// full has a value in every field.
func fullStatus() Status {
	offset := int64(-1500)
	return Status{
		LastMS: 1_700_000_000_000, TookMS: 12, Endpoint: "[::1]:50041",
		OffsetMS: &offset, FailingSinceMS: 5,
		Error: "two\nlines, \"quoted\", \xff and é", Reported: "delivery rate_limit",
		Backoff: transport.Backoff{
			SinceMS: 8, UntilMS: 9, Reason: transport.BackoffRateLimit, Failures: 3, Settings: 1<<32 - 1,
		},
		LossRefusedMS: 77, LossRefusedBy: "a:1",
		Questions: Questions{Tests: 1, Targets: 2, HostInfos: 3, Refused: 4},
		Features:  map[string][]string{"a:1": {"pipelining", "result_id"}, "_x._tcp.example.com": {}},
	}
}

func TestStatusRoundTrip(t *testing.T) {
	zero := int64(0)
	for _, s := range []Status{{}, {OffsetMS: &zero}, fullStatus()} {
		if got := parseStatus(storedStatus(s)); !reflect.DeepEqual(got, s) {
			t.Errorf("got  %+v\nwant %+v\nfrom %s", got, s, storedStatus(s))
		}
	}
}

// What version 0.1 stored must be readable for ever: it is the text below. ticket_ms and tls_resumed
// are no longer used.
func TestStatusOfAnEarlierVersion(t *testing.T) {
	const stored = `last_ms 1700000000000
took_ms 12
endpoint "[::1]:50041"
ticket_ms 1700000000001
tls_resumed 1
offset_ms -1500
failing_since_ms 5
error "two\nlines, \"quoted\", \xff and é"
told "delivery rate_limit"
held_since_ms 8
held_until_ms 9
held_for "rate_limit"
held_times 3
held_by 4294967295
loss_refused_ms 77
loss_refused_by "a:1"
asked_tests 1
asked_targets 2
asked_host_infos 3
asked_refused 4
features "_x._tcp.example.com "
features "a:1 pipelining result_id"
`
	if got := parseStatus([]byte(stored)); !reflect.DeepEqual(got, fullStatus()) {
		t.Errorf("got  %+v\nwant %+v", got, fullStatus())
	}
	want := strings.Replace(stored, "ticket_ms 1700000000001\ntls_resumed 1\n", "", 1)
	if got := string(storedStatus(fullStatus())); got != want {
		t.Errorf("stored as %s", got)
	}
}

// What is stored about this host's key. An SRV name's target has a blank in its name.
func TestStatusOfKeys(t *testing.T) {
	s := Status{
		Behind: 2, BehindMS: 5, KeyProblem: "no", TokenDropped: true,
		Confirmed: map[string]string{"a:1": "56475a", "_x._tcp.example.com (b:1)": "56475b"},
		Features:  map[string][]string{"a:1": {"agent_key"}, "_x._tcp.example.com (b:1)": {"agent_key", "pipelining"}},
	}
	const want = `behind 2
behind_ms 5
key_problem "no"
token_dropped 1
confirmed "56475b _x._tcp.example.com (b:1)"
confirmed "56475a a:1"
features "_x._tcp.example.com (b:1) agent_key pipelining"
features "a:1 agent_key"
`
	if got := string(storedStatus(s)); got != want {
		t.Errorf("stored as %s", got)
	}
	if got := parseStatus([]byte(want)); !reflect.DeepEqual(got, s) {
		t.Errorf("got  %+v\nwant %+v", got, s)
	}
}

func FuzzParseStatus(f *testing.F) {
	f.Add([]byte("last_ms 5\nendpoint \"a:1\"\nfeatures \"a:1 x y\"\nfuture thing\n\nerror \"\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s := parseStatus(b)
		if s.Backoff.Failures < 0 || s.Backoff.Failures > transport.MaxFailures || len(s.Features) > maxEndpoints || len(s.Confirmed) > maxEndpoints {
			t.Errorf("not bounded: %+v", s)
		}
		if again := parseStatus(storedStatus(s)); !reflect.DeepEqual(again, s) && len(s.Features) < maxEndpoints {
			t.Errorf("%+v became %+v", s, again)
		}
	})
}

func TestFeaturesAreBounded(t *testing.T) {
	var s Status
	for i := range 100 {
		if !s.setFeatures(fmt.Sprint(i), []string{"x"}) || s.setFeatures(fmt.Sprint(i), []string{"x"}) {
			t.Errorf("endpoint %d: news is not told from what is known", i)
		}
	}
	if len(s.Features) > maxEndpoints || len(s.Confirmed) > maxEndpoints {
		t.Errorf("%d endpoints are remembered", len(s.Features))
	}
}

func TestMerge(t *testing.T) {
	var st State
	got, _ := st.Merge(schedule.Schedule{})
	if len(got.Checks) != len(schedule.Builtin().Checks) {
		t.Errorf("nothing configured: %d checks", len(got.Checks))
	}
	local := schedule.Schedule{Checks: []schedule.Check{{ID: "mine"}}}
	if got, _ = st.Merge(local); len(got.Checks) != 1 {
		t.Errorf("local checks only: %d checks", len(got.Checks))
	}
	st.HasCached = true
	if got, _ = st.Merge(schedule.Schedule{}); len(got.Checks) != 0 {
		t.Errorf("an endpoint that wants nothing: %d checks", len(got.Checks))
	}
}
