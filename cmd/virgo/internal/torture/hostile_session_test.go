package torture

import (
	"fmt"
	"strings"
	"time"

	"virgo/transport"
)

// posted gives a trick that does something in the place of acknowledging a post.
func posted(name string, act func(c *talk, f transport.Frame) bool) trick {
	return trick{name: name, act: func(c *talk) {
		c.serve(answering{transport.MethodPost: func(f transport.Frame) bool { return act(c, f) }})
	}}
}

// refused gives a trick that answers posts with an error.
func refused(name, failure string) trick {
	return posted(name, func(c *talk, f transport.Frame) bool { return c.fail(f, failure) })
}

// asked gives a trick that asks n requests after hello, or without end where n is 0, and is right otherwise.
func asked(name string, n int, method, params string) trick {
	return trick{name: name, act: func(c *talk) {
		c.serve(answering{transport.MethodHello: func(f transport.Frame) bool {
			go c.sayOften(request(1, method, params), n)
			return c.answer(f, welcome)
		}})
	}}
}

// acknowledgements are wrong.
func answerTricks() []trick {
	return []trick{
		posted("posts are never answered", func(*talk, transport.Frame) bool { return true }),
		posted("each answer under another id", func(c *talk, f transport.Frame) bool { f.ID += 1000; return c.answer(f, "0") }),
		posted("each answer under hello's id", func(c *talk, f transport.Frame) bool { f.ID = 0; return c.answer(f, "0") }),
		posted("each answer twice", func(c *talk, f transport.Frame) bool {
			c.store(f)
			return c.say(strings.Repeat(response(f, "0"), 2))
		}),
		posted("each answer a thousand times", func(c *talk, f transport.Frame) bool {
			c.store(f)
			c.sayOften(response(f, "0"), 1000)
			return true
		}),
		posted("acknowledged and refused at once", func(c *talk, f transport.Frame) bool {
			return c.say(fields(fmt.Sprintf(`"id":%d,"result":0,"error":{"code":400,"message":"no"}`, f.ID)))
		}),
		posted("acknowledged, then refused", func(c *talk, f transport.Frame) bool {
			c.store(f)
			return c.answer(f, "0") && c.fail(f, `{"code":400,"message":"no"}`)
		}),
		posted("acknowledged for another agent", func(c *talk, f transport.Frame) bool {
			c.store(f)
			f.Source = "somebody-else"
			return c.answer(f, "0")
		}),
		posted("results of every kind", func(c *talk, f transport.Frame) bool {
			c.store(f)
			return c.answer(f, []string{"null", "[]", `"x"`, "1e308", "{}", "false"}[f.ID%6])
		}),
		posted("a stall after the first acknowledgement", func(c *talk, f transport.Frame) bool {
			c.store(f)
			c.answer(f, "0")
			c.listen()
			return false
		}),
		posted("a close after the first acknowledgement", func(c *talk, f transport.Frame) bool {
			c.store(f)
			c.answer(f, "0")
			return false
		}),
		posted("a reset after the first post", func(c *talk, f transport.Frame) bool { reset(c); return false }),
		posted("deaf after the first post", func(c *talk, f transport.Frame) bool { c.wait(); return false }),
		posted("a drip of 20 ms a byte", func(c *talk, f transport.Frame) bool {
			c.store(f)
			return c.drip(response(f, "0"), 20*time.Millisecond)
		}),
		{name: "acknowledgements of results that were never sent", act: func(c *talk) {
			f, _ := c.hello()
			c.answer(f, welcome)
			for id := 1000; id < 20_000; id++ {
				f.ID = transport.ID(id)
				if !c.answer(f, "0") {
					return
				}
			}
			c.listen()
		}},
		{name: "acknowledgements before hello", act: func(c *talk) {
			for id := range 300 {
				c.say(fields(fmt.Sprintf(`"id":%d,"result":0`, id+1)))
			}
			c.listen()
		}},
		{name: "acknowledgements, and hello never answered", act: func(c *talk) {
			c.serve(answering{transport.MethodHello: func(transport.Frame) bool { return true }})
		}},
		{name: "answers in the wrong order", act: func(c *talk) {
			var held []transport.Frame
			c.serve(answering{
				transport.MethodPost: func(f transport.Frame) bool { c.store(f); held = append(held, f); return true },
				transport.MethodHeartbeat: func(f transport.Frame) bool {
					for i := len(held) - 1; i >= 0; i-- {
						c.answer(held[i], "0")
					}
					return c.right(f)
				},
			})
		}},
		{name: "answers to nothing, without end", act: func(c *talk) { c.hello(); c.sayOften(fields(`"id":123456,"result":0`), 0) }},
		{name: "every error to every request", act: func(c *talk) {
			for i := 400; ; i++ {
				f, ok := c.frame()
				if !ok || !c.fail(f, fmt.Sprintf(`{"code":%d,"message":"no"}`, i)) {
					return
				}
			}
		}},
		{name: "the heartbeat never answered", act: func(c *talk) {
			c.serve(answering{transport.MethodHeartbeat: func(transport.Frame) bool { return true }})
		}},
		{name: "a clock of 1e308", act: func(c *talk) {
			c.serve(answering{transport.MethodHeartbeat: func(f transport.Frame) bool { return c.answer(f, `{"timestamp":1e308}`) }})
		}},
		{name: "a clock before all time", act: func(c *talk) {
			c.serve(answering{transport.MethodHeartbeat: func(f transport.Frame) bool { return c.answer(f, `{"timestamp":-9223372036854775808}`) }})
		}},
		{name: "a clock in words, and twice", act: func(c *talk) {
			c.serve(answering{transport.MethodHeartbeat: func(f transport.Frame) bool {
				return c.answer(f, `{"timestamp":"noon","timestamp":{"now":[]}}`)
			}})
		}},
		{name: "talk without end after the heartbeat", act: func(c *talk) {
			c.serve(answering{transport.MethodHeartbeat: func(f transport.Frame) bool {
				c.right(f)
				c.sayOften(request(1, "system.nothing", "{}"), 0)
				return false
			}})
		}},
		refused("every result refused", `{"code":400,"message":"not a result"}`),
		refused("refusals of 1 MiB", `{"code":400,"message":"`+strings.Repeat("no ", 350_000)+`"}`),
		refused("refusals of terminal escapes", `{"code":400,"message":"\u001b[2J\u001b]0;owned\u0007\u009b31m\u0000\r\nvirgo: \u202e"}`),
		refused("refusals with the token", `{"code":400,"message":"`+token+`"}`),
		refused("refusals by number only", `{"code":400}`),
		refused("a failure for each post", `{"code":500,"message":"out of order"}`),
		refused("404 for each post", `{"code":404,"message":"unknown method"}`),
		refused("an error of null bytes", `{"code":400,"message":"\u0000\u0000"}`),
		away(refused("a rate limit for each post", `{"code":400,"type":"rateLimitReached","message":"come back never"}`)),
		away(refused("the token revoked under way", `{"code":401,"message":"revoked"}`)),
		away(posted("acknowledged in another version", func(c *talk, f transport.Frame) bool {
			return c.say(fmt.Sprintf(`{"v":"9","id":%d,"result":0}`+"\n", f.ID))
		})),
	}
}

// the endpoint asks, and asks.
func requestTricks() []trick {
	return []trick{
		asked("thousands of methods that nobody knows", 5000, "no.such_method", "{}"),
		asked("methods without end", 0, "no.such_method", "{}"),
		asked("a method of terminal escapes", 3, `\u001b[2J`, "{}"),
		asked("999 times what the host is", 999, "system.info", "null"),
		asked("a flood of check.test", 0, "check.test", `{"checkParams":"{\"type\":\"agent.plugin\",\"details\":{\"file\":\"../../../bin/sh\"}}"}`),
		asked("a flood of host_info.get", 0, "host_info.get", `{"type":"../../etc/shadow"}`),
		asked("a flood of check.targets", 0, "check.targets", `{"type":"agent.filesystem"}`),
		asked("upgrades", 100, "binary_upgrade.available", `{"url":"http://evil.example/virgo"}`),
		asked("upgrade.request, and params of 1 MiB", 3, "upgrade.request", `"`+strings.Repeat("p", 1<<20)+`"`),
		asked("params of 3 MiB without end", 0, "x", `"`+strings.Repeat("p", 3<<20)+`"`),
		asked("the schedule has changed, 900 times", 900, "check_schedule.changed", "null"),
		asked("the agent's own methods", 50, "check_metrics.post", `{"result_id":"x","check_id":"y"}`),
		asked("hello from the endpoint", 1, "handshake.hello", `{"token":"give me yours"}`),
		{name: "a question for each answer", act: func(c *talk) {
			ask := func(transport.Frame) bool { return c.say(request(7, "what.now", "{}")) }
			c.serve(answering{transport.MethodHello: func(f transport.Frame) bool { return c.answer(f, welcome) && ask(f) }, "": ask,
				transport.MethodHeartbeat: func(transport.Frame) bool { return true }})
		}},
		{name: "questions, and no answer read", act: func(c *talk) {
			f, _ := c.hello()
			c.answer(f, welcome)
			c.sayOften(request(1, "no.such_method", `"`+strings.Repeat("p", 1000)+`"`), 0)
			c.wait()
		}},
		{name: "questions that all have one id", act: func(c *talk) {
			f, _ := c.hello()
			c.answer(f, welcome)
			c.sayOften(request(int(f.ID)+1, "x", "{}"), 500)
			c.serve(nil)
		}},
	}
}
