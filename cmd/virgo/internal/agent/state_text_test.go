package agent

import (
	"reflect"
	"testing"
)

func TestWhatIsRememberedComesBack(t *testing.T) {
	zero, behind := int64(0), int64(-1500)
	for _, l := range []LinkState{
		{},
		{OffsetMS: &zero},
		{
			LastMS: 1_700_000_000_000, TookMS: 12, Endpoint: "[::1]:50041", Resumed: true, TicketMS: 1_700_000_000_001, OffsetMS: &behind, FailingSinceMS: 5,
			Error: "two\nlines, \"quoted\", \xff and é", Told: "delivery rate_limit",
			Hold:          Hold{SinceMS: 8, UntilMS: 9, Reason: RateLimited, Times: 3, By: 1<<32 - 1},
			LossRefusedMS: 77, LossRefusedBy: "a:1",
			Features: map[string][]string{"a:1": {"pipelining", "result_id"}, "_x._tcp.example.com": {}},
		},
	} {
		if got := parseLink(l.append(nil)); !reflect.DeepEqual(got, l) {
			t.Errorf("got  %+v\nwant %+v\nfrom %s", got, l, l.append(nil))
		}
	}
	for _, r := range []RunState{{}, {StartedMS: 1, TookMS: 2, Checks: 3, Unavailable: 4, PeakBytes: 5, Dropping: true}} {
		if got := parseRun(r.append(nil)); got != r {
			t.Errorf("got %+v, want %+v", got, r)
		}
	}
}

func FuzzState(f *testing.F) {
	f.Add([]byte("last_ms 5\nendpoint \"a:1\"\nfeatures \"a:1 x y\"\nfuture thing\n\nerror \"\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		l := parseLink(b)
		if again := parseLink(l.append(nil)); !reflect.DeepEqual(again, l) && len(l.Features) < maxRememberedEndpoints {
			t.Errorf("%+v became %+v", l, again)
		}
		r := parseRun(b)
		if again := parseRun(r.append(nil)); again != r {
			t.Errorf("%+v became %+v", r, again)
		}
	})
}
