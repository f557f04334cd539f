package endpoint

import (
	"os"
	"testing"
	"time"
)

// oldToken is the token of testdata/store-v1.db, a store that a version before clock offsets served.
const oldToken = "virgo_EVZxzOk96BDYCj_l9cgVmRdZ_-PCOuabrcWBrzfKdQU"

// carried copies a stored sample into a new site, which then has the sample's token.
func carried(t *testing.T, sample, token string) *site {
	t.Helper()
	s := newSite(t)
	data, err := os.ReadFile("testdata/" + sample)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.folder.StoreFile(), data, keyMode); err != nil {
		t.Fatal(err)
	}
	s.token = token
	return s
}

// A store of the first version is carried forward: what it had is there, what comes is kept beside it, and
// a copy of what it had is known.
func TestOldStore(t *testing.T) {
	site := carried(t, "store-v1.db", oldToken)
	s := site.store(t)
	list := results(t, s, ResultFilter{})
	if len(list) != 6 {
		t.Fatalf("%d results of 6", len(list))
	}
	for _, r := range list {
		if r.Order != nil || r.Late || r.AgeMS != nil || r.ClockOffsetMS != nil || r.Status != "status of "+r.ResultID {
			t.Errorf("carried: %+v", r)
		}
	}
	agents, err := s.Agents(t.Context())
	if err != nil || len(agents) != 2 || agents[0].ID != "web1" || agents[0].Results != 3 || agents[0].ClockOffsetMS != nil {
		t.Errorf("agents: %+v, %v", agents, err)
	}
	p := site.start(t).dial(t)
	p.hello("web1", site.token)
	p.ok("web1", "check_metrics.post", metric("r1", "check-r1"))
	p.ok("web1", "check_metrics.post", metric("r4", "check-r4"))
	if n := len(results(t, s, ResultFilter{AgentID: "web1"})); n != 4 {
		t.Errorf("%d results of web1, want 4", n)
	}
	// And once more: nothing is left to carry.
	again := site.store(t)
	if n := len(results(t, again, ResultFilter{})); n != 7 {
		t.Errorf("%d results, want 7", n)
	}
}

// What an agent says of a result's order and age and of its own clock is kept; an agent that says nothing
// of them is as welcome, and one whose clock tells no time too.
func TestOrderAgeAndClock(t *testing.T) {
	site := newSite(t)
	now := time.UnixMilli(1_800_000_000_000)
	p := site.start(t, func(o *Options) { o.Now = func() time.Time { return now } }).dial(t)
	hello := func(agent, timestamp string) {
		t.Helper()
		p.ok(agent, "handshake.hello", `{"token":"`+site.token+`","agent_id":"`+agent+`"`+timestamp+`}`)
	}
	post := func(agent, id, more string) {
		t.Helper()
		p.ok(agent, "check_metrics.post", `{"result_id":"`+id+`","check_id":"c","check_type":"t","state":"available"`+more+`}`)
	}
	hello("ahead", `,"timestamp":1800000005000`)
	post("ahead", "1", `,"order":7,"late":true,"age_ms":120000`)
	post("ahead", "2", `,"order":9223372036854775807`)
	hello("dead", `,"timestamp":0`) // a clock without a battery
	post("dead", "1", "")
	for agent, timestamp := range map[string]string{
		"silent": "", "null": `,"timestamp":null`, "text": `,"timestamp":"1800000000000"`, "huge": `,"timestamp":1e300`,
		"large": `,"timestamp":253402300800000`, "larger": `,"timestamp":99999999999999999999`, "half": `,"timestamp":1.5`, "object": `,"timestamp":{"a":1}`,
	} {
		hello(agent, timestamp)
		post(agent, "1", "")
	}
	// Each hello measures anew, and what came before keeps what was measured then.
	hello("dead", `,"timestamp":1799999999000`)
	post("dead", "2", "")
	post("dead", "1", `,"order":3,"late":true`) // a copy: the first one stays as it was

	s := site.store(t)
	type kept struct {
		order  uint64
		late   bool
		age    int64
		offset int64
	}
	const none = -1 << 62
	of := func(p *int64) int64 {
		if p == nil {
			return none
		}
		return *p
	}
	got := map[string]kept{}
	for _, r := range results(t, s, ResultFilter{}) {
		k := kept{0, r.Late, of(r.AgeMS), of(r.ClockOffsetMS)}
		if r.Order != nil {
			k.order = *r.Order
		}
		got[r.AgentID+r.ResultID] = k
	}
	want := map[string]kept{
		"ahead1": {7, true, 120_000, -5000},
		"ahead2": {1<<63 - 1, false, none, -5000},
		"dead1":  {0, false, none, 1_800_000_000_000},
		"dead2":  {0, false, none, 1000},
	}
	for _, agent := range []string{"silent", "null", "text", "huge", "large", "larger", "half", "object"} {
		want[agent+"1"] = kept{0, false, none, none}
	}
	if len(got) != len(want) {
		t.Errorf("%d results, want %d", len(got), len(want))
	}
	for id, w := range want {
		if got[id] != w {
			t.Errorf("%s: %+v, want %+v", id, got[id], w)
		}
	}
	yes, no := true, false
	if n, m := len(results(t, s, ResultFilter{Late: &yes})), len(results(t, s, ResultFilter{Late: &no})); n != 1 || m != len(want)-1 {
		t.Errorf("%d late, %d not", n, m)
	}
	agents, err := s.Agents(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range agents {
		if w := map[string]int64{"ahead": -5000, "dead": 1000}[a.ID]; w != 0 && of(a.ClockOffsetMS) != w || w == 0 && a.ClockOffsetMS != nil {
			t.Errorf("agent %s: offset %d", a.ID, of(a.ClockOffsetMS))
		}
	}
}
