package torture

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/pierrec/lz4/v4"

	"virgo/transport"
)

// multiWelcome is that of an endpoint that takes several results in a frame.
const multiWelcome = `{"heartbeat_interval":60000,"features":["pipelining","result_id","post_multi","post_multi_lz4"]}`

// multiAnswered is an attack that acts in place of acknowledging a frame of several results.
func multiAnswered(name string, act func(c *hostileConn, f transport.Frame) bool) attack {
	return attack{name: name, multi: true, behave: func(c *hostileConn) {
		c.serve(overrides{
			transport.MethodHello:     func(f transport.Frame) bool { return c.answer(f, multiWelcome) },
			transport.MethodPostMulti: func(f transport.Frame) bool { return act(c, f) },
		})
	}}
}

// multiResult is an attack that answers such frames with a result, which acknowledges none of them, even if it
// happens to have as many answers as the frame has results.
func multiResult(name, result string) attack {
	return multiAnswered(name, func(c *hostileConn, f transport.Frame) bool { return c.answer(f, result) })
}

// acknowledgeMulti notes the results of a frame and returns the result that acknowledges all of them.
func (c *hostileConn) acknowledgeMulti(f transport.Frame) string {
	var p struct {
		Results  json.RawMessage
		Block    []byte `json:"results_lz4"`
		RawBytes int    `json:"raw_bytes"`
	}
	var list []json.RawMessage
	err := json.Unmarshal(f.Params, &p)
	if err == nil && p.Block != nil {
		p.Results = make([]byte, p.RawBytes)
		_, err = lz4.UncompressBlock(p.Block, p.Results)
	}
	if err == nil {
		err = json.Unmarshal(p.Results, &list)
	}
	if err != nil {
		c.endpoint.t.Errorf("posted %.200s: %v", f.Params, err)
		return "0"
	}
	for _, params := range list {
		c.recordResult(transport.Frame{Params: params})
	}
	return `{"results":[` + strings.Repeat("0,", len(list)-1) + "0]}"
}

// multiAttacks answer frames of several results wrongly.
func multiAttacks() []attack {
	many := strings.Repeat("0,", 1_500_000)
	return []attack{
		multiAnswered("frames of several are never answered", func(*hostileConn, transport.Frame) bool { return true }),
		multiAnswered("frames of several answered twice", func(c *hostileConn, f transport.Frame) bool {
			return c.write(strings.Repeat(response(f, c.acknowledgeMulti(f)), 2))
		}),
		multiAnswered("frames of several acknowledged, then refused", func(c *hostileConn, f transport.Frame) bool {
			return c.answer(f, c.acknowledgeMulti(f)) && c.fail(f, `{"code":400,"message":"no"}`)
		}),
		multiAnswered("an answer to several, cut", func(c *hostileConn, f transport.Frame) bool {
			text := response(f, `{"results":[0,0,0,0,0]}`)
			c.write(text[:len(text)-20])
			return false
		}),
		multiAnswered("an answer to several, a byte each 20 ms", func(c *hostileConn, f transport.Frame) bool {
			return c.writeSlowly(response(f, c.acknowledgeMulti(f)), 20*time.Millisecond)
		}),
		multiAnswered("several refused as a whole", func(c *hostileConn, f transport.Frame) bool { return c.fail(f, `{"code":400}`) }),
		multiAnswered("404 for several, which were announced", func(c *hostileConn, f transport.Frame) bool { return c.fail(f, `{"code":404}`) }),
		multiAnswered("a failure for several", func(c *hostileConn, f transport.Frame) bool { return c.fail(f, `{"code":500,"message":"no"}`) }),
		multiResult("one answer to several results", `{"results":[0]}`),
		multiResult("no answer to several results", `{"results":[]}`),
		multiResult("a million answers to several results", `{"results":[`+many+`0]}`),
		multiResult("several results answered by an object", `{"results":{"0":0}}`),
		multiResult("several results answered by null", `null`),
		multiResult("deep answers to several results", `{"results":[`+strings.Repeat("[", 60)+strings.Repeat("]", 60)+`,0,0,0,0]}`),
		multiResult("several answered by numbers of every kind", `{"results":[0,-0,0.0,0e1,1]}`),
		multiResult("several refused with other codes", `{"results":[{"code":500},{"code":401},{"code":0},{"code":-1},{"code":200}]}`),
		multiResult("several limited by rate", `{"results":[`+strings.Repeat(`{"code":400,"type":"rateLimitReached"},`, 4)+`{"code":400,"type":"rateLimitReached"}]}`),
		multiResult("two lists for several results", `{"results":[`+strings.Repeat(`{"code":400},`, 4)+`{"code":400}],"results":[`+
			strings.Repeat(`{"code":400},`, 4)+`{"code":400}]}`),
		multiAnswered("several refused with 500 KiB each", func(c *hostileConn, f transport.Frame) bool {
			one := `{"code":400,"message":"` + strings.Repeat("no ", 170_000) + `"}`
			return c.answer(f, `{"results":[`+strings.Repeat(one+",", 4)+one+`]}`)
		}),
		multiResult("several refused with terminal escapes and the token",
			`{"results":[`+strings.Repeat(`{"code":400,"message":"\u001b[2J\u009b31m\u202e `+token+`"},`, 4)+`{"code":400}]}`),
		thenBacksOff(multiAnswered("the token revoked at several", func(c *hostileConn, f transport.Frame) bool {
			return c.fail(f, `{"code":401,"message":"revoked"}`)
		})),
	}
}
