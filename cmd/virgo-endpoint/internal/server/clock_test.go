package server

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/peertest"
)

// clockNow is the endpoint's time in these tests.
var clockNow = time.UnixMilli(1_800_000_000_000)

func dialAtClockNow(t *testing.T) (*site, *peertest.Peer) {
	site := newSite(t)
	return site, site.start(t, func(o *Options) { o.Now = func() time.Time { return clockNow } }).dial(t)
}

// helloWith is a hello's params with further fields.
func helloWith(agent, token, more string) string {
	return fmt.Sprintf(`{"token":%q,"agent_id":%q%s}`, token, agent, more)
}

// postWith is a post's params with further fields.
func postWith(resultID, more string) string {
	return fmt.Sprintf(`{"result_id":%q,"check_id":"c","check_type":"t","state":"available"%s}`, resultID, more)
}

// show is an optional number as a test compares it.
func show[T int64 | uint64](p *T) string {
	if p == nil {
		return "-"
	}
	return fmt.Sprint(*p)
}

// Order, lateness and age of a result and the clock's offset at its session's hello are stored; where the
// agent sends none of them they are absent.
func TestOrderAgeAndClockOffset(t *testing.T) {
	site, p := dialAtClockNow(t)
	p.OK("ahead", "handshake.hello", helloWith("ahead", site.token, `,"timestamp":1800000005000`))
	p.OK("ahead", "check_metrics.post", postWith("1", `,"order":7,"late":true,"age_ms":120000`))
	p.OK("ahead", "check_metrics.post", postWith("2", `,"order":9223372036854775807`))
	p.OK("reset", "handshake.hello", helloWith("reset", site.token, `,"timestamp":0`)) // a clock that lost its time
	p.OK("reset", "check_metrics.post", postWith("1", ""))
	// Each hello measures again; earlier results keep what was measured then.
	p.OK("reset", "handshake.hello", helloWith("reset", site.token, `,"timestamp":1799999999000`))
	p.OK("reset", "check_metrics.post", postWith("2", ""))
	p.OK("reset", "check_metrics.post", postWith("1", `,"order":3,"late":true`)) // a copy: the first one stays

	got := map[string]string{}
	for _, r := range site.results(t, intake.Filter{}) {
		got[r.AgentID+" "+r.ResultID] = fmt.Sprintf("order %s late %v age %s offset %s",
			show(r.Order), r.Late, show(r.AgeMS), show(r.ClockOffsetMS))
	}
	want := map[string]string{
		"ahead 1": "order 7 late true age 120000 offset -5000",
		"ahead 2": "order 9223372036854775807 late false age - offset -5000",
		"reset 1": "order - late false age - offset 1800000000000",
		"reset 2": "order - late false age - offset 1000",
	}
	if !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	agents, err := site.store.Agents(t.Context(), "")
	if err != nil || len(agents) != 2 || show(agents[0].ClockOffsetMS) != "-5000" ||
		show(agents[1].ClockOffsetMS) != "1000" {
		t.Errorf("agents: %+v, %v", agents, err)
	}
}

// A hello without a time, or with what is not one, is accepted, and no offset is stored.
func TestHelloWithoutATime(t *testing.T) {
	site, p := dialAtClockNow(t)
	for agent, timestamp := range map[string]string{
		"silent": "", "null": `,"timestamp":null`, "text": `,"timestamp":"1800000000000"`, "huge": `,"timestamp":1e300`,
		"large": `,"timestamp":253402300800000`, "larger": `,"timestamp":99999999999999999999`,
		"small": `,"timestamp":-62135596800001`, "half": `,"timestamp":1.5`, "object": `,"timestamp":{"a":1}`,
	} {
		p.OK(agent, "handshake.hello", helloWith(agent, site.token, timestamp))
		p.OK(agent, "check_metrics.post", postWith("1", ""))
		list := site.results(t, intake.Filter{AgentID: agent})
		if len(list) != 1 || list[0].ClockOffsetMS != nil {
			t.Errorf("%s: %+v", agent, list)
		}
	}
}
