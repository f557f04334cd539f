package server

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/peertest"
	"virgo/transport/receipt"
)

// open verifies a receipt as an agent does that trusts the site's authority.
func (r *running) open(t *testing.T, doc string) receipt.Receipt {
	t.Helper()
	got, err := receipt.Open([]byte(doc),
		receipt.Trust{CAFile: r.dir.CAFile(), ServerName: "localhost"}, time.Now())
	if err != nil {
		t.Fatalf("%s: %v", doc, err)
	}
	return got
}

func rangesOf(r receipt.Receipt) string { return fmt.Sprint(r.Ranges) }

// A receipt names what is stored of what was asked for, and what was refused of it, and nothing else.
func TestReceipt(t *testing.T) {
	site := newSite(t)
	now := time.UnixMilli(time.Now().UnixMilli())
	r := site.start(t, func(o *Options) { o.Now = func() time.Time { return now } })
	p := r.dial(t)
	p.Refused(401, "a", "results.receipt", `{"agent_id":"a","ranges":[]}`)
	p.Hello("a", site.token)
	p.Hello("b", site.token)
	const start = "00000000000000ab"
	for _, n := range []string{"1", "2", "3", "f", "10", "11", "100", "fffffffffffffffe", "ffffffffffffffff"} {
		p.OK("a", "check_metrics.post", peertest.Metric("a/"+start+"-"+n, "c"))
	}
	p.OK("a", "check_metrics.post", peertest.Metric("a/"+start+"-0012", "c")) // not the canonical form of an id
	p.OK("b", "check_metrics.post", peertest.Metric("a/"+start+"-5", "c"))    // another agent's
	p.OK("b", "check_metrics.post", peertest.Metric("b/"+start+"-5", "c"))
	bad := strings.Replace(peertest.Metric("a/"+start+"-6", "c"), "gauge", "gouge", 1)
	why := p.Refused(400, "a", "check_metrics.post", bad)
	p.Refused(400, "a", "check_metrics.post", strings.Replace(bad, "-6", "-ff", 1))
	p.Refused(400, "a", "check_metrics.post",
		strings.Replace(bad, "-6", "-2", 1)) // stored before, so the receipt does not name the refusal

	ask := func(source, agent string, ranges ...string) receipt.Receipt {
		t.Helper()
		list, err := json.Marshal(append([]string{}, ranges...))
		if err != nil {
			t.Fatal(err)
		}
		return r.open(t, p.OK(source, "results.receipt",
			fmt.Sprintf(`{"agent_id":%q,"bundle":"000102030405060708090a0b0c0d0e0f","ranges":%s}`, agent, list)))
	}
	whole := "00000000000000ab-0-ffffffffffffffff"
	all := "[00000000000000ab-1-3 00000000000000ab-f-11 00000000000000ab-100-100 00000000000000ab-fffffffffffffffe-ffffffffffffffff]"
	got := ask("a", "a", whole)
	if rangesOf(got) != all || got.Agent != "a" || got.Bundle != "000102030405060708090a0b0c0d0e0f" ||
		got.Endpoint != "localhost" || got.IssuedMS != now.UnixMilli() {
		t.Errorf("%+v", got)
	}
	if len(got.Refused) != 2 ||
		got.Refused[1] != (receipt.Refused{ID: "a/" + start + "-6", Code: 400, Message: why}) ||
		got.Refused[0].ID != "a/"+start+"-ff" {
		t.Errorf("refused: %+v", got.Refused)
	}
	for _, test := range []struct {
		agent  string
		ranges []string
		want   string
	}{
		{"a", nil, "[]"},
		{"a", []string{start + "-2-10"}, "[" + start + "-2-3 " + start + "-f-10]"},
		{"a", []string{start + "-10-10", start + "-f-f", start + "-2-2", start + "-2-2"},
			"[" + start + "-2-2 " + start + "-f-10]"},
		{"a", []string{start + "-11-ff"}, "[" + start + "-11-11]"},
		{"a", []string{"00000000000000ac-0-ffffffffffffffff"}, "[]"},
		{"b", []string{whole}, "[" + start + "-5-5]"},
	} {
		if got := ask(test.agent, test.agent, test.ranges...); rangesOf(got) != test.want || got.Agent != test.agent {
			t.Errorf("%s %v: %v, want %s", test.agent, test.ranges, got, test.want)
		}
	}
	p.Refused(400, "b", "results.receipt", `{"agent_id":"a","ranges":[]}`) // only of its own agent
	p.Refused(400, "b", "results.receipt", `{"agent_id":"nobody","ranges":[]}`)
	if got := ask("a", "a", start+"-1-5"); len(got.Refused) != 0 {
		t.Errorf("refused that were not asked for: %+v", got.Refused)
	}
	// What was refused and later stored is named once.
	p.OK("a", "check_metrics.post", peertest.Metric("a/"+start+"-6", "c"))
	if got := ask("a", "a", whole); len(got.Refused) != 1 || !strings.Contains(rangesOf(got), start+"-6-6") {
		t.Errorf("%+v", got)
	}
}

// What was sent in one write ahead of the request is covered by the receipt.
func TestReceiptCoversPipelinedPosts(t *testing.T) {
	site := newSite(t)
	r := site.start(t)
	p := r.dial(t)
	p.Hello("a", site.token)
	var text strings.Builder
	const posts = 200
	for i := range posts {
		one := peertest.Metric(receipt.ID("a", 7, uint64(i)), "c")
		if i%10 == 9 { // the last one too: no later post waits for it
			one = strings.Replace(one, "gauge", "gouge", 1)
		}
		text.WriteString(peertest.Frame(1000+i, "a", "check_metrics.post", one))
	}
	text.WriteString(peertest.Frame(1, "a", "results.receipt",
		`{"agent_id":"a","ranges":["0000000000000007-0-ffff"]}`))
	p.Write(text.String())
	for {
		f := p.Read()
		if f.ID != 1 {
			continue
		}
		got := r.open(t, string(f.Result))
		n := 0
		for _, g := range got.Ranges {
			n += int(g.To - g.From + 1)
		}
		if n != posts*9/10 || len(got.Refused) != posts/10 {
			t.Errorf("%d stored, %d refused", n, len(got.Refused))
		}
		return
	}
}

// A receipt waits until what was refused before it is stored.
func TestReceiptWaitsForRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newPipeListener()
		commits, release := 0, make(chan struct{})
		r := newSite(t).startOn(t, l, beforeAppend(func() {
			if commits++; commits > 1 { // after hello's
				<-release
			}
		}))
		p := r.over(t, l.dial())
		p.Hello("a", r.token)
		synctest.Wait()
		p.Refused(400, "a", "check_metrics.post",
			strings.Replace(peertest.Metric(receipt.ID("a", 7, 1), "c"), "gauge", "gouge", 1))
		p.Send("a", "results.receipt", `{"agent_id":"a","ranges":["0000000000000007-0-ffff"]}`)
		synctest.Wait()
		close(release)
		doc, err := receipt.Open(p.Read().Result, receipt.Trust{CAFile: r.dir.CAFile()}, time.Now())
		if err != nil || len(doc.Refused) != 1 {
			t.Errorf("%+v, %v", doc, err)
		}
		p.Conn.Close()
	})
}

func TestReceiptRefused(t *testing.T) {
	site := newSite(t)
	p := site.start(t).dial(t)
	p.Hello("a", site.token)
	one := `"0000000000000000-0-0"`
	for params, want := range map[string]string{
		"null":                            "params are missing",
		"[]":                              "it is a JSON array",
		`{"agent_id":""}`:                 "agent_id",
		`{"agent_id":7}`:                  "agent_id is a JSON number",
		`{"agent_id":"a\n"}`:              "agent_id",
		`{"agent_id":"a","bundle":"xyz"}`: "bundle is not",
		`{"agent_id":"a","bundle":"` + strings.Repeat("0", 1<<16) + `"}`:                       "bundle is not",
		`{"agent_id":"a","ranges":"x"}`:                                                        "ranges is a JSON string",
		`{"agent_id":"a","ranges":["0-1-2"]}`:                                                  "is not a range",
		`{"agent_id":"a","ranges":["0000000000000000-2-1"]}`:                                   "is not a range",
		`{"agent_id":"a","ranges":["` + strings.Repeat("0", 1<<16) + `"]}`:                     "is not a range",
		`{"agent_id":"a","ranges":[7]}`:                                                        "JSON number",
		`{"agent_id":"a","ranges":[` + strings.Repeat(one+",", receipt.MaxRanges) + one + `]}`: "ask several times",
	} {
		if got := p.Refused(400, "a", "results.receipt", params); !strings.Contains(got, want) || len(got) > 300 {
			t.Errorf("%.100s: %.300s, want %q", params, got, want)
		}
	}
	p.OK("a", "results.receipt", `{"agent_id":"a","ranges":[`+strings.Repeat(one+",", receipt.MaxRanges-1)+one+`]}`)
}

func FuzzReceiptParams(f *testing.F) {
	f.Add([]byte(`{"agent_id":"a","bundle":"000102030405060708090a0b0c0d0e0f","ranges":["00000000000000ab-0-ffffffffffffffff"]}`))
	f.Add([]byte(`{"agent_id":"a","ranges":["00000000000000ab-0--1"]}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := parseReceiptParams(data)
		if err != nil {
			return
		}
		if !intake.ValidID(p.AgentID) || len(p.Ranges) > receipt.MaxRanges ||
			p.Bundle != "" && len(p.Bundle) != 32 {
			t.Errorf("%+v", p)
		}
		for _, r := range p.Ranges {
			if r.From > r.To {
				t.Errorf("%v", r)
			}
		}
	})
}
