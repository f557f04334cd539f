package server

import (
	"fmt"
	"strings"
	"testing"

	"virgo/cmd/virgo-endpoint/internal/peertest"
	"virgo/transport"
)

// Whatever an agent sends in a loop counts like single posts, whether or not a result is in it.
func TestWhateverIsSentCounts(t *testing.T) {
	refused := `{"check_id":"c"}` // and has no id
	for name, test := range map[string]struct {
		method, params string
		each           int // what one counts
	}{
		"single posts":      {"check_metrics.post", peertest.Metric("r", "c"), 1},
		"empty frames":      {multi, listParams(), 1},
		"no list":           {multi, `{}`, 1},
		"a list of nothing": {multi, `{"results":{}}`, 1},
		"bad blocks":        {multi, `{"results_lz4":"####","raw_bytes":9}`, 1},
		"one result":        {multi, listParams(metrics("m", 1)...), 1},
		"four results":      {multi, listParams(metrics("m", 4)...), 4},
		"packed results":    {multi, packedParams(t, listOf(metrics("m", 4)...)), 4},
		"refused results":   {multi, listParams(refused, refused, refused), 3},
		"hellos":            {"handshake.hello", "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			withFakeClock(t, Limits{RequestsPerAgent: 4}, func(t *testing.T, r *running, l *pipeListener) {
				p := r.over(t, l.dial())
				p.Hello("a", r.token)
				params := test.params
				if params == "" {
					params = peertest.Hello("a", r.token)
				}
				fit := (4*agentBurst - 1) / test.each // the hello was the first
				for i := range fit {
					if f := p.Call("a", test.method, params); f.Error != nil && f.Error.Type == transport.TypeRateLimit {
						t.Fatalf("%d of %d: %+v", i, fit, f.Error)
					}
				}
				wantLimited(t, p, "a", test.method, params)
			})
		})
	}
}

// Bytes count where nothing can be read of them, and those of a hello.
func TestBytesOfWhateverIsSentCount(t *testing.T) {
	long := fmt.Sprintf(`"%s"`, strings.Repeat("x", 1000))
	for name, test := range map[string]struct{ method, params string }{
		"frames": {multi, `{"x":` + long + `}`},
		"hellos": {"handshake.hello", ""},
	} {
		t.Run(name, func(t *testing.T) {
			withFakeClock(t, Limits{BytesPerAgent: 1000}, func(t *testing.T, r *running, l *pipeListener) {
				p := r.over(t, l.dial())
				p.Hello("a", r.token)
				params := test.params
				if params == "" {
					params = strings.Replace(peertest.Hello("a", r.token), `{`, `{"x":`+long+`,`, 1)
				}
				for range agentBurst - 2 {
					if f := p.Call("a", test.method, params); f.Error != nil && f.Error.Type == transport.TypeRateLimit {
						t.Fatalf("%+v", f.Error)
					}
				}
				p.Call("a", test.method, params)
				wantLimited(t, p, "a", test.method, params)
			})
		})
	}
}

// An ordinary session counts as many requests as it has results and other requests, however the results
// are sent: at that quota it fits, and nothing more does.
func TestOrdinarySessionFitsItsQuota(t *testing.T) {
	results := metrics("a/00000000000000ab-", 7)
	for name, frames := range map[string][]string{
		"plain":  {listParams(results...)},
		"packed": {packedParams(t, listOf(results...))},
		"two":    {listParams(results[:3]...), listParams(results[3:]...)},
	} {
		t.Run(name, func(t *testing.T) {
			withFakeClock(t, Limits{RequestsPerAgent: 1}, func(t *testing.T, r *running, l *pipeListener) {
				p := r.over(t, l.dial())
				p.Hello("a", r.token)
				for _, params := range frames {
					p.OK("a", multi, params)
				}
				p.OK("a", "results.receipt", `{"agent_id":"a","ranges":["00000000000000ab-0-ff"]}`)
				p.OK("a", "heartbeat.post", "null") // the tenth
				wantLimited(t, p, "a", "heartbeat.post", "null")
				r.wantStored(t, 7)
			})
		})
	}
}
