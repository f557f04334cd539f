package endpoint

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"virgo/transport"
	"virgo/transport/receipt"
)

// open reads a receipt as the agent does that trusts the site's authority.
func (r *running) open(t *testing.T, doc string) receipt.Receipt {
	t.Helper()
	got, err := receipt.Open([]byte(doc), receipt.Trust{CAFile: r.folder.CAFile(), ServerName: "localhost"}, time.Now())
	if err != nil {
		t.Fatalf("%s: %v", doc, err)
	}
	return got
}

func rangesOf(r receipt.Receipt) string { return fmt.Sprint(r.Ranges) }

// A receipt names what is stored of what was asked for, and what was refused of it; nothing else.
func TestReceipt(t *testing.T) {
	site := newSite(t)
	now := time.UnixMilli(time.Now().UnixMilli())
	r := site.start(t, func(o *Options) { o.Now = func() time.Time { return now } })
	p := r.dial(t)
	p.refused(401, "a", "results.receipt", `{"agent_id":"a","ranges":[]}`)
	p.hello("a", site.token)
	p.hello("b", site.token)
	const start = "00000000000000ab"
	for _, n := range []string{"1", "2", "3", "f", "10", "11", "100", "fffffffffffffffe", "ffffffffffffffff"} {
		p.ok("a", "check_metrics.post", metric("a/"+start+"-"+n, "c"))
	}
	p.ok("a", "check_metrics.post", metric("a/"+start+"-0012", "c")) // not how an id is spelled
	p.ok("b", "check_metrics.post", metric("a/"+start+"-5", "c"))    // another agent's
	p.ok("b", "check_metrics.post", metric("b/"+start+"-5", "c"))
	bad := strings.Replace(metric("a/"+start+"-6", "c"), "gauge", "gouge", 1)
	why := p.refused(400, "a", "check_metrics.post", bad)
	p.refused(400, "a", "check_metrics.post", strings.Replace(bad, "-6", "-ff", 1))
	p.refused(400, "a", "check_metrics.post", strings.Replace(bad, "-6", "-2", 1)) // stored before: no matter for a receipt

	ask := func(source, agent string, ranges ...string) receipt.Receipt {
		t.Helper()
		list, err := json.Marshal(append([]string{}, ranges...))
		if err != nil {
			t.Fatal(err)
		}
		return r.open(t, p.ok(source, "results.receipt", fmt.Sprintf(`{"agent_id":%q,"bundle":"000102030405060708090a0b0c0d0e0f","ranges":%s}`, agent, list)))
	}
	whole := "00000000000000ab-0-ffffffffffffffff"
	all := "[00000000000000ab-1-3 00000000000000ab-f-11 00000000000000ab-100-100 00000000000000ab-fffffffffffffffe-ffffffffffffffff]"
	got := ask("a", "a", whole)
	if rangesOf(got) != all || got.Agent != "a" || got.Bundle != "000102030405060708090a0b0c0d0e0f" || got.Endpoint != "localhost" || got.IssuedMS != now.UnixMilli() {
		t.Errorf("%+v", got)
	}
	if len(got.Refused) != 2 || got.Refused[1] != (receipt.Refused{ID: "a/" + start + "-6", Code: 400, Message: why}) || got.Refused[0].ID != "a/"+start+"-ff" {
		t.Errorf("refused: %+v", got.Refused)
	}
	for _, test := range []struct {
		agent  string
		ranges []string
		want   string
	}{
		{"a", nil, "[]"},
		{"a", []string{start + "-2-10"}, "[" + start + "-2-3 " + start + "-f-10]"},
		{"a", []string{start + "-10-10", start + "-f-f", start + "-2-2", start + "-2-2"}, "[" + start + "-2-2 " + start + "-f-10]"},
		{"a", []string{start + "-11-ff"}, "[" + start + "-11-11]"},
		{"a", []string{"00000000000000ac-0-ffffffffffffffff"}, "[]"},
		{"b", []string{whole}, "[" + start + "-5-5]"},
		{"nobody", []string{whole}, "[]"},
	} {
		// Another agent's session may ask too: whoever carries results.
		if got := ask("b", test.agent, test.ranges...); rangesOf(got) != test.want || got.Agent != test.agent {
			t.Errorf("%s %v: %v, want %s", test.agent, test.ranges, got, test.want)
		}
	}
	if got := ask("a", "a", start+"-1-5"); len(got.Refused) != 0 {
		t.Errorf("refused that were not asked for: %+v", got.Refused)
	}
	// What was refused and then taken is not both.
	p.ok("a", "check_metrics.post", metric("a/"+start+"-6", "c"))
	if got := ask("a", "a", whole); len(got.Refused) != 1 || !strings.Contains(rangesOf(got), start+"-6-6") {
		t.Errorf("%+v", got)
	}
}

// What was posted and refused in one go with the request is in the receipt.
func TestReceiptIsBehindWhatWasPosted(t *testing.T) {
	site := newSite(t)
	r := site.start(t)
	p := r.dial(t)
	p.hello("a", site.token)
	var text strings.Builder
	const posts = 200
	for i := range posts {
		one := metric(receipt.ID("a", 7, uint64(i)), "c")
		if i%10 == 9 { // the last one too: no later post waits for it
			one = strings.Replace(one, "gauge", "gouge", 1)
		}
		text.WriteString(frame(1000+i, "a", "check_metrics.post", one))
	}
	text.WriteString(frame(1, "a", "results.receipt", `{"agent_id":"a","ranges":["0000000000000007-0-ffff"]}`))
	p.write(text.String())
	for {
		f := p.read()
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

// A receipt waits for what was refused before it to be remembered, however long that takes.
func TestReceiptWaitsForRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newPipes()
		commits, release := 0, make(chan struct{})
		r := newSite(t).startOn(t, l, func(o *Options) {
			o.Hook = func(point string) {
				if point != "before commit" {
					return
				}
				if commits++; commits > 1 { // after hello's
					<-release
				}
			}
		})
		p := r.over(t, l.dial())
		p.hello("a", r.token)
		synctest.Wait()
		p.refused(400, "a", "check_metrics.post", strings.Replace(metric(receipt.ID("a", 7, 1), "c"), "gauge", "gouge", 1))
		p.send("a", "results.receipt", `{"agent_id":"a","ranges":["0000000000000007-0-ffff"]}`)
		synctest.Wait()
		close(release)
		doc, err := receipt.Open(p.read().Result, receipt.Trust{CAFile: r.folder.CAFile()}, time.Now())
		if err != nil || len(doc.Refused) != 1 {
			t.Errorf("%+v, %v", doc, err)
		}
		p.conn.Close()
	})
}

func TestReceiptRefused(t *testing.T) {
	site := newSite(t)
	p := site.start(t).dial(t)
	p.hello("a", site.token)
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
		if got := p.refused(400, "a", "results.receipt", params); !strings.Contains(got, want) || len(got) > 300 {
			t.Errorf("%.100s: %.300s, want %q", params, got, want)
		}
	}
	p.ok("a", "results.receipt", `{"agent_id":"a","ranges":[`+strings.Repeat(one+",", receipt.MaxRanges-1)+one+`]}`)
}

// The refusals that are remembered are bounded, the last ones stay, and one that is refused again is one.
func TestRefusalsAreBounded(t *testing.T) {
	site := newSite(t)
	s := site.store(t)
	key, err := s.authenticate(t.Context(), site.token)
	if err != nil {
		t.Fatal(err)
	}
	var batch []*arrival
	for i := range MaxRefusals + 500 {
		for range 2 {
			batch = append(batch, &arrival{agentID: "a", token: key, received: time.UnixMilli(1),
				refusal: &refusal{resultID: receipt.ID("a", 1, uint64(i)), code: transport.CodeBadRequest, message: "no"}})
		}
	}
	put(t, s, batch...)
	_, refused, err := s.Held(t.Context(), "a", []receipt.Range{{Start: 1, From: 0, To: math.MaxUint64}})
	if err != nil || len(refused) != MaxRefusals {
		t.Fatalf("%d refused, %v", len(refused), err)
	}
	var rows int
	if err := s.read.QueryRow("SELECT count(*) FROM refusals").Scan(&rows); err != nil || rows != MaxRefusals {
		t.Errorf("%d are remembered, %v", rows, err)
	}
	if first, last := refused[0].ID, refused[MaxRefusals-1].ID; first != receipt.ID("a", 1, MaxRefusals+499) || last != receipt.ID("a", 1, 500) {
		t.Errorf("from %s to %s", first, last)
	}
}

// Held agrees with a plain look at every id, whatever the ranges.
func TestHeldAgainstAModel(t *testing.T) {
	site := newSite(t)
	s := site.store(t)
	key, err := s.authenticate(t.Context(), site.token)
	if err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	type id struct{ start, n uint64 }
	has := map[id]bool{}
	var batch []*arrival
	number := func() uint64 { return rnd.Uint64() >> (48 + rnd.IntN(16)) }
	for range 3000 {
		one := id{rnd.Uint64N(3), number()}
		has[one] = true
		batch = append(batch, &arrival{agentID: "ä%_", token: key, received: time.UnixMilli(1), result: &Result{
			ResultID: receipt.ID("ä%_", one.start, one.n), CheckID: "c", CheckType: "t", State: "available", Time: time.UnixMilli(1), Params: []byte("{}")}})
	}
	put(t, s, batch...)
	for range 50 {
		var ask []receipt.Range
		for range 1 + rnd.IntN(5) {
			a, b := number(), number()
			ask = append(ask, receipt.Range{Start: rnd.Uint64N(4), From: min(a, b), To: max(a, b)})
		}
		wanted := receipt.NewSet(ask)
		ranges, _, err := s.Held(t.Context(), "ä%_", ask)
		if err != nil {
			t.Fatal(err)
		}
		named := receipt.NewSet(ranges)
		for one := range has {
			if wanted.Has(one.start, one.n) != named.Has(one.start, one.n) {
				t.Fatalf("%v: asked %v, named %v", one, wanted, named)
			}
		}
		for _, r := range ranges {
			for n := r.From; n <= r.To; n++ {
				if !has[id{r.Start, n}] {
					t.Fatalf("%v names %x, which is not there", r, n)
				}
			}
		}
	}
}

// The search for a receipt uses the index of results that are stored once.
func TestHeldUsesTheIndex(t *testing.T) {
	s := newSite(t).store(t)
	var detail string
	var a, b, c int
	if err := s.read.QueryRow(`EXPLAIN QUERY PLAN `+heldIDs, 1, "a", "b", 1).Scan(&a, &b, &c, &detail); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(detail, "USING COVERING INDEX results_once (agent=? AND result_id>? AND result_id<?)") {
		t.Error(detail)
	}
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
		if !plainID(p.AgentID) || len(p.Ranges) > receipt.MaxRanges || p.Bundle != "" && len(p.Bundle) != 32 {
			t.Errorf("%+v", p)
		}
		for _, r := range p.Ranges {
			if r.From > r.To {
				t.Errorf("%v", r)
			}
		}
	})
}
