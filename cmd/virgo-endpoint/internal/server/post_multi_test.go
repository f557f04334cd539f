package server

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pierrec/lz4/v4"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/peertest"
	"virgo/transport"
)

const multi = "check_metrics.post_multi"

// listOf is a list of results.
func listOf(results ...string) string { return "[" + strings.Join(results, ",") + "]" }

// listParams is the params of a frame with a list.
func listParams(results ...string) string { return `{"results":` + listOf(results...) + `}` }

// block is a text as one LZ4 block in base64.
func block(t testing.TB, text string) string {
	t.Helper()
	b := make([]byte, lz4.CompressBlockBound(len(text)))
	n, err := lz4.CompressBlock([]byte(text), b, nil)
	if err != nil || n == 0 {
		t.Fatalf("%d bytes cannot be compressed: %v", len(text), err)
	}
	return base64.StdEncoding.EncodeToString(b[:n])
}

// packedParams is the params of a frame with a compressed list.
func packedParams(t testing.TB, list string) string {
	t.Helper()
	return fmt.Sprintf(`{"results_lz4":%q,"raw_bytes":%d}`, block(t, list), len(list))
}

// metrics are n results with ids.
func metrics(prefix string, n int) (list []string) {
	for i := range n {
		list = append(list, peertest.Metric(fmt.Sprint(prefix, i), "c"))
	}
	return list
}

// The results of a frame are answered in their order, plain or compressed; those that are not refused are
// stored once, and the refusals are in a receipt.
func TestPostMulti(t *testing.T) {
	site := newSite(t)
	r := site.start(t)
	p := r.dial(t)
	p.Refused(401, "a", multi, listParams())
	p.Hello("a", site.token)
	if got := p.OK("a", multi, `{"results":[]}`); got != `{"results":[]}` {
		t.Errorf("none: %s", got)
	}
	const start = "a/00000000000000ab-"
	good, bad := peertest.Metric(start+"1", "c"), strings.Replace(peertest.Metric(start+"2", "c"), "gauge", "gouge", 1)
	const refusal = `{"code":400,"message":"metrics[0]: metric \"free\": its type \"gouge\" is unknown"}`
	for i, tc := range []struct {
		list []string
		want string
	}{
		{metrics(start, 7), `[0,0,0,0,0,0,0]`},
		{[]string{good, bad, good, `7`}, `[0,` + refusal + `,0,{"code":400,"message":"params cannot be read: it is a JSON number"}]`},
		{[]string{bad}, `[` + refusal + `]`},
		{[]string{strings.Repeat(" ", 300) + bad, peertest.Metric("", "c")}, `[` + refusal + `,0]`},
	} {
		for _, params := range []string{listParams(tc.list...), packedParams(t, listOf(tc.list...))} {
			if got := p.OK("a", multi, params); got != `{"results":`+tc.want+`}` {
				t.Errorf("frame %d:\ngot  %s\nwant %s", i, got, tc.want)
			}
		}
	}
	site.wantStored(t, 7+2) // of those without an id each
	got := r.open(t, p.OK("a", "results.receipt", `{"agent_id":"a","ranges":["00000000000000ab-0-ff"]}`))
	if rangesOf(got) != "[00000000000000ab-0-6]" || len(got.Refused) != 0 {
		t.Errorf("receipt: %+v", got) // that of 2 is not in it: 2 was stored before
	}
	p.OK("a", multi, listParams(strings.Replace(bad, "-2", "-9", 1)))
	got = r.open(t, p.OK("a", "results.receipt", `{"agent_id":"a","ranges":["00000000000000ab-0-ff"]}`))
	if len(got.Refused) != 1 || got.Refused[0].ID != start+"9" || !strings.Contains(refusal, `"code":400`) {
		t.Errorf("receipt: %+v", got)
	}
}

// A list that cannot be read refuses its frame. The session goes on, and nothing of the frame is stored.
func TestPostMultiThatCannotBeRead(t *testing.T) {
	site := newSite(t)
	r := site.start(t)
	p := r.dial(t)
	p.Hello("a", site.token)
	list := listOf(metrics("r", 3)...)
	packed, n := block(t, list), len(list)
	zeros := block(t, strings.Repeat("0", 4<<20))
	nested := strings.Repeat("[", 200) + strings.Repeat("]", 200)
	withLZ4 := func(block string, raw any) string {
		return fmt.Sprintf(`{"results_lz4":%q,"raw_bytes":%v}`, block, raw)
	}
	for params, want := range map[string]string{
		`null`: "params",
		`{}`:   "results", `7`: "params", `[]`: "params", `{"results":{}}`: "object", `{"results":"x"}`: "string",
		`{"results":` + list + `,"results":` + list + `}`:   "once",
		`{"results":` + list + `,` + withLZ4(packed, n)[1:]: "once",
		`{"results_lz4":"` + packed + `"}`:                  "once",
		`{"raw_bytes":7}`:                                   "once",
		`{"results_lz4":"` + packed + `","results_lz4":"` + packed + `","raw_bytes":` + fmt.Sprint(n) + `}`: "once",
		`{"results_lz4":"` + packed + `","raw_bytes":7,"raw_bytes":` + fmt.Sprint(n) + `}`:                  "once",
		withLZ4(packed, 0): "raw_bytes", withLZ4(packed, -1): "raw_bytes", withLZ4(packed, 1.5): "raw_bytes",
		withLZ4(packed, `"7"`): "raw_bytes", withLZ4(packed, 4<<20+1): "raw_bytes", withLZ4(packed, "1e3"): "raw_bytes",
		withLZ4(packed, "18446744073709551617"): "raw_bytes",
		withLZ4(packed, n-1):                    "LZ4", withLZ4(packed, n+1): "raw_bytes",
		withLZ4(packed[:len(packed)/8*4], n): "", withLZ4("", n): "", withLZ4("####", n): "LZ4", withLZ4(packed+"A", n): "LZ4",
		`{"results_lz4":7,"raw_bytes":7}`: "LZ4", `{"results_lz4":"","raw_bytes":1}`: "",
		withLZ4(zeros, 16<<10): "LZ4", withLZ4(zeros, 4<<20): "", // as text: a number
		withLZ4(block(t, nested), len(nested)):                              "nested",
		withLZ4(block(t, strings.Repeat(`{"a":`, 1<<19)), len(`{"a":`)<<19): "nested",
		withLZ4(block(t, strings.Repeat("[", 4<<20)), 4<<20):                "nested",
		withLZ4(block(t, list[:n-1]), n-1):                                  "",
		listParams(make([]string, 4097)...):                                 "", // not JSON: TestProtocolErrors has those
		`{"results":[` + strings.Repeat("0,", 4096) + `0]}`:                 "4096",
		packedParams(t, `[`+strings.Repeat("0,", 4096)+`0]`):                "4096",
		packedParams(t, `[`+strings.Repeat("0,", 2<<20-2)+`0]`):             "4096",
	} {
		if strings.Contains(params, "[,") {
			continue
		}
		if got := p.Refused(400, "a", multi, params); !strings.Contains(got, want) {
			t.Errorf("%.80s: %s", params, got)
		}
	}
	p.OK("a", multi, packedParams(t, list))
	p.OK("a", multi, strings.Replace(packedParams(t, list), `/`, `\/`, -1)) // as some encoders write it
	site.wantStored(t, 3)
}

// The most refusals with the longest reasons fit the answer.
func TestPostMultiOfRefusals(t *testing.T) {
	site := newSite(t)
	p := site.start(t).dial(t)
	p.Hello("a", site.token)
	bad := `{"check_id":"c","check_type":"t","state":"` + strings.Repeat(`\u0001`, 100) + `"}`
	got := p.OK("a", multi, packedParams(t, `[`+strings.Repeat(bad+",", intake.MaxFrameResults-1)+bad+`]`))
	var answer struct{ Results []struct{ Code int } }
	if err := json.Unmarshal([]byte(got), &answer); err != nil || len(answer.Results) != intake.MaxFrameResults {
		t.Errorf("%d answers, %v", len(answer.Results), err)
	}
	if len(got) < intake.MaxFrameResults*maxReasonBytes/2 || len(got) > transport.MaxFrameBytes/2 {
		t.Errorf("%d bytes", len(got))
	}
}

// A store that fails leaves all results of a frame with their agent; so does one that fails in the middle.
func TestPostMultiIsNotStored(t *testing.T) {
	site := newSite(t)
	in := &incompleteIntake{}
	r := site.start(t, func(o *Options) { in.Intake, o.Intake = o.Intake, in })
	p := r.dial(t)
	p.Hello("a", site.token)
	var long []string
	for i := range 8 { // more than one batch
		long = append(long, largeAs(fmt.Sprint("l", i), 200<<10))
	}
	p.OK("a", "heartbeat.post", "null")
	batches := 0
	in.set(func(n int) ([]intake.Outcome, error) {
		if batches++; batches == 1 { // the last one is stored
			return nil, intake.ErrFull // of other errors each arrival is tried alone
		}
		return make([]intake.Outcome, n), nil
	})
	p.Refused(503, "a", multi, listParams(long...))
	if batches < 2 {
		t.Error("all of it was one batch")
	}
	in.set(nil)
	if got := p.OK("a", multi, listParams(long...)); got != `{"results":[0,0,0,0,0,0,0,0]}` {
		t.Error(got)
	}
	site.wantStored(t, 8)
}

// A frame of an agent that was revoked meanwhile is answered with 401, whatever is in it, and ends the
// session; nothing of it is stored.
func TestPostMultiOfARevokedAgent(t *testing.T) {
	for name, params := range map[string]string{
		"plain": listParams(metrics("r", 3)...), "packed": packedParams(t, listOf(metrics("r", 3)...)), "empty": listParams(),
		"refused": listParams(`{"result_id":"a/00000000000000ab-1"}`), "unreadable": `{}`,
	} {
		t.Run(name, func(t *testing.T) {
			site := newSite(t)
			enrol := site.addToken(t, intake.TokenSpec{Kinds: intake.Enrol, Uses: 1})
			p := site.start(t).dial(t)
			p.Enter("a", enrol, peertest.Key(1), 1)
			p.OK("a", "heartbeat.post", "null")
			if err := site.store.RevokeAgent(t.Context(), "a", time.Now()); err != nil {
				t.Fatal(err)
			}
			p.Denied("revoked", "a", multi, params)
			p.Ended()
			site.wantStored(t, 0)
		})
	}
}

// A heartbeat that was sent together with results is decided with them: it gets no result after a refusal.
func TestHeartbeatBehindARefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, site := newPipeListener(), newSite(t)
		g := &gatedIntake{pass: 1, gate: make(chan struct{})}
		r := site.startOn(t, l, func(o *Options) { g.Intake, o.Intake = o.Intake, g })
		p := r.over(t, l.dial())
		p.Enter("a", site.addToken(t, intake.TokenSpec{Kinds: intake.Enrol, Uses: 1}), peertest.Key(1), 1)
		synctest.Wait()
		p.Write(peertest.Frame(2, "a", multi, listParams(metrics("r", 2)...)) + peertest.Frame(3, "a", "heartbeat.post", "null"))
		synctest.Wait()
		if err := site.store.RevokeAgent(t.Context(), "a", time.Now()); err != nil {
			t.Fatal(err)
		}
		close(g.gate)
		for range 2 {
			if f, err := p.TryRead(); err == nil && (f.Error == nil || f.Error.Code != 401) {
				t.Errorf("answer %d: %s, %+v", f.ID, f.Result, f.Error)
			}
		}
		site.wantStored(t, 0)
	})
}

func FuzzPacked(f *testing.F) {
	list := listOf(metrics("r", 3)...)
	for _, seed := range []string{packedParams(f, list), listParams(metrics("r", 2)...), `{"results_lz4":"AAAA","raw_bytes":9}`,
		`{"a":[{"b":"]"},"}\""],"results":[]}`, `{"results":[1,{}] , "x" : null}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, params []byte) {
		p, err := parsePacked(params)
		var plain map[string]json.RawMessage
		if json.Unmarshal(params, &plain) == nil && err == nil {
			for key, value := range map[string][]byte{"results_lz4": p.base64} {
				if len(value) > 0 && string(plain[key]) != string(value) {
					t.Errorf("%s is %q, not %q", key, plain[key], value)
				}
			}
		}
		if err != nil || !p.isPacked() || p.rawBytes > 1<<20 {
			return
		}
		if raw, err := p.expand(); err == nil && len(raw) != p.rawBytes {
			t.Errorf("%d bytes of %d", len(raw), p.rawBytes)
		}
	})
}
