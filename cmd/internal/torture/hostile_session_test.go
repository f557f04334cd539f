package torture

import (
	"fmt"
	"strings"
	"time"

	"virgo/transport"
)

// postAnswered is an attack that acts in place of acknowledging a post.
func postAnswered(name string, act func(c *hostileConn, f transport.Frame) bool) attack {
	return attack{name: name, behave: func(c *hostileConn) {
		c.serve(overrides{transport.MethodPost: func(f transport.Frame) bool { return act(c, f) }})
	}}
}

// postRefused is an attack that answers posts with an error.
func postRefused(name, failure string) attack {
	return postAnswered(name, func(c *hostileConn, f transport.Frame) bool { return c.fail(f, failure) })
}

// endpointAsks is an attack that sends n requests after hello, endlessly where n is 0, and otherwise behaves well.
func endpointAsks(name string, n int, method, params string) attack {
	return attack{name: name, behave: func(c *hostileConn) {
		c.serve(overrides{transport.MethodHello: func(f transport.Frame) bool {
			go c.writeRepeatedly(request(1, method, params), n)
			return c.answer(f, welcome)
		}})
	}}
}

// answerAttacks acknowledge wrongly.
func answerAttacks() []attack {
	return []attack{
		postAnswered("posts are never answered", func(*hostileConn, transport.Frame) bool { return true }),
		postAnswered("each answer under another id", func(c *hostileConn, f transport.Frame) bool { f.ID += 1000; return c.answer(f, "0") }),
		postAnswered("each answer under hello's id", func(c *hostileConn, f transport.Frame) bool { f.ID = 0; return c.answer(f, "0") }),
		postAnswered("each answer twice", func(c *hostileConn, f transport.Frame) bool {
			c.recordResult(f)
			return c.write(strings.Repeat(response(f, "0"), 2))
		}),
		postAnswered("each answer a thousand times", func(c *hostileConn, f transport.Frame) bool {
			c.recordResult(f)
			c.writeRepeatedly(response(f, "0"), 1000)
			return true
		}),
		postAnswered("acknowledged and refused at once", func(c *hostileConn, f transport.Frame) bool {
			return c.write(fields(fmt.Sprintf(`"id":%d,"result":0,"error":{"code":400,"message":"no"}`, f.ID)))
		}),
		postAnswered("acknowledged, then refused", func(c *hostileConn, f transport.Frame) bool {
			c.recordResult(f)
			return c.answer(f, "0") && c.fail(f, `{"code":400,"message":"no"}`)
		}),
		postAnswered("acknowledged for another agent", func(c *hostileConn, f transport.Frame) bool {
			c.recordResult(f)
			f.Source = "somebody-else"
			return c.answer(f, "0")
		}),
		postAnswered("results of every kind", func(c *hostileConn, f transport.Frame) bool {
			c.recordResult(f)
			return c.answer(f, []string{"null", "[]", `"x"`, "1e308", "{}", "false"}[f.ID%6])
		}),
		postAnswered("a stall after the first acknowledgement", func(c *hostileConn, f transport.Frame) bool {
			c.recordResult(f)
			c.answer(f, "0")
			c.discardInput()
			return false
		}),
		postAnswered("a close after the first acknowledgement", func(c *hostileConn, f transport.Frame) bool {
			c.recordResult(f)
			c.answer(f, "0")
			return false
		}),
		postAnswered("a reset after the first post", func(c *hostileConn, f transport.Frame) bool { resetConn(c); return false }),
		postAnswered("deaf after the first post", func(c *hostileConn, f transport.Frame) bool { c.waitForClose(); return false }),
		postAnswered("a drip of 20 ms a byte", func(c *hostileConn, f transport.Frame) bool {
			c.recordResult(f)
			return c.writeSlowly(response(f, "0"), 20*time.Millisecond)
		}),
		{name: "acknowledgements of results that were never sent", behave: func(c *hostileConn) {
			f, _ := c.hello()
			c.answer(f, welcome)
			for id := 1000; id < 20_000; id++ {
				f.ID = transport.ID(id)
				if !c.answer(f, "0") {
					return
				}
			}
			c.discardInput()
		}},
		{name: "acknowledgements before hello", behave: func(c *hostileConn) {
			for id := range 300 {
				c.write(fields(fmt.Sprintf(`"id":%d,"result":0`, id+1)))
			}
			c.discardInput()
		}},
		{name: "acknowledgements, and hello never answered", behave: func(c *hostileConn) {
			c.serve(overrides{transport.MethodHello: func(transport.Frame) bool { return true }})
		}},
		{name: "answers in the wrong order", behave: func(c *hostileConn) {
			var held []transport.Frame
			c.serve(overrides{
				transport.MethodPost: func(f transport.Frame) bool { c.recordResult(f); held = append(held, f); return true },
				transport.MethodHeartbeat: func(f transport.Frame) bool {
					for i := len(held) - 1; i >= 0; i-- {
						c.answer(held[i], "0")
					}
					return c.answerCorrectly(f)
				},
			})
		}},
		{name: "answers to nothing, without end", behave: func(c *hostileConn) { c.hello(); c.writeRepeatedly(fields(`"id":123456,"result":0`), 0) }},
		{name: "every error to every request", behave: func(c *hostileConn) {
			for i := 400; ; i++ {
				f, ok := c.frame()
				if !ok || !c.fail(f, fmt.Sprintf(`{"code":%d,"message":"no"}`, i)) {
					return
				}
			}
		}},
		{name: "the heartbeat never answered", behave: func(c *hostileConn) {
			c.serve(overrides{transport.MethodHeartbeat: func(transport.Frame) bool { return true }})
		}},
		{name: "a clock of 1e308", behave: func(c *hostileConn) {
			c.serve(overrides{transport.MethodHeartbeat: func(f transport.Frame) bool { return c.answer(f, `{"timestamp":1e308}`) }})
		}},
		{name: "a clock before all time", behave: func(c *hostileConn) {
			c.serve(overrides{transport.MethodHeartbeat: func(f transport.Frame) bool { return c.answer(f, `{"timestamp":-9223372036854775808}`) }})
		}},
		{name: "a clock in words, and twice", behave: func(c *hostileConn) {
			c.serve(overrides{transport.MethodHeartbeat: func(f transport.Frame) bool {
				return c.answer(f, `{"timestamp":"noon","timestamp":{"now":[]}}`)
			}})
		}},
		{name: "talk without end after the heartbeat", behave: func(c *hostileConn) {
			c.serve(overrides{transport.MethodHeartbeat: func(f transport.Frame) bool {
				c.answerCorrectly(f)
				c.writeRepeatedly(request(1, "system.nothing", "{}"), 0)
				return false
			}})
		}},
		postRefused("every result refused", `{"code":400,"message":"not a result"}`),
		postRefused("refusals of 1 MiB", `{"code":400,"message":"`+strings.Repeat("no ", 350_000)+`"}`),
		postRefused("refusals of terminal escapes", `{"code":400,"message":"\u001b[2J\u001b]0;owned\u0007\u009b31m\u0000\r\nvirgo: \u202e"}`),
		postRefused("refusals with the token", `{"code":400,"message":"`+token+`"}`),
		postRefused("refusals by number only", `{"code":400}`),
		postRefused("a failure for each post", `{"code":500,"message":"out of order"}`),
		postRefused("404 for each post", `{"code":404,"message":"unknown method"}`),
		postRefused("an error of null bytes", `{"code":400,"message":"\u0000\u0000"}`),
		thenBacksOff(postRefused("a rate limit for each post", `{"code":400,"type":"rateLimitReached","message":"come back never"}`)),
		thenBacksOff(postRefused("the token revoked under way", `{"code":401,"message":"revoked"}`)),
		thenBacksOff(postAnswered("acknowledged in another version", func(c *hostileConn, f transport.Frame) bool {
			return c.write(fmt.Sprintf(`{"v":"9","id":%d,"result":0}`+"\n", f.ID))
		})),
	}
}

// requestAttacks send requests to the agent.
func requestAttacks() []attack {
	return []attack{
		endpointAsks("thousands of unknown methods", 5000, "no.such_method", "{}"),
		endpointAsks("methods without end", 0, "no.such_method", "{}"),
		endpointAsks("a method of terminal escapes", 3, `\u001b[2J`, "{}"),
		endpointAsks("999 times what the host is", 999, "system.info", "null"),
		endpointAsks("a flood of check.test", 0, "check.test", `{"checkParams":"{\"type\":\"agent.plugin\",\"details\":{\"file\":\"../../../bin/sh\"}}"}`),
		endpointAsks("a flood of host_info.get", 0, "host_info.get", `{"type":"../../etc/shadow"}`),
		endpointAsks("a flood of check.targets", 0, "check.targets", `{"type":"agent.filesystem"}`),
		endpointAsks("upgrades", 100, "binary_upgrade.available", `{"url":"http://evil.example/virgo"}`),
		endpointAsks("upgrade.request, and params of 1 MiB", 3, "upgrade.request", `"`+strings.Repeat("p", 1<<20)+`"`),
		endpointAsks("params of 3 MiB without end", 0, "x", `"`+strings.Repeat("p", 3<<20)+`"`),
		endpointAsks("the schedule has changed, 900 times", 900, "check_schedule.changed", "null"),
		endpointAsks("the agent's own methods", 50, "check_metrics.post", `{"result_id":"x","check_id":"y"}`),
		endpointAsks("hello from the endpoint", 1, "handshake.hello", `{"token":"give me yours"}`),
		{name: "a question for each answer", behave: func(c *hostileConn) {
			ask := func(transport.Frame) bool { return c.write(request(7, "what.now", "{}")) }
			c.serve(overrides{transport.MethodHello: func(f transport.Frame) bool { return c.answer(f, welcome) && ask(f) }, "": ask,
				transport.MethodHeartbeat: func(transport.Frame) bool { return true }})
		}},
		{name: "questions, and no answer read", behave: func(c *hostileConn) {
			f, _ := c.hello()
			c.answer(f, welcome)
			c.writeRepeatedly(request(1, "no.such_method", `"`+strings.Repeat("p", 1000)+`"`), 0)
			c.waitForClose()
		}},
		{name: "questions that all have one id", behave: func(c *hostileConn) {
			f, _ := c.hello()
			c.answer(f, welcome)
			c.writeRepeatedly(request(int(f.ID)+1, "x", "{}"), 500)
			c.serve(nil)
		}},
	}
}
