package torture

import (
	"fmt"
	"strings"

	"virgo/transport"
)

// scheduled gives a trick that has another schedule for the agent, and is right otherwise. What is in it
// comes to be run by the run after.
func scheduled(name, result string) trick {
	return trick{name: name, act: func(c *talk) {
		c.serve(answering{
			transport.MethodHello:    func(f transport.Frame) bool { return c.answer(f, news) },
			transport.MethodSchedule: func(f transport.Frame) bool { return c.answer(f, result) },
		})
	}}
}

// list gives n checks, each written by such a format with its number.
func list(n int, format string) string {
	var b strings.Builder
	b.WriteString(`{"checks":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strings.ReplaceAll(format, "#", fmt.Sprint(i)))
	}
	b.WriteString(`]}`)
	return b.String()
}

// one is a schedule of one check with such details of agent.plugin.
func plug(details string) string {
	return list(1, `{"id":"plugin","type":"agent.plugin","period":1,"timeout":5,"details":`+details+`}`)
}

// schedules that do harm.
func scheduleTricks() []trick {
	const good = `{"id":"c#","type":"agent.memory","period":60}`
	return []trick{
		{name: "the schedule never comes", act: func(c *talk) {
			c.serve(answering{
				transport.MethodHello:    func(f transport.Frame) bool { return c.answer(f, news) },
				transport.MethodSchedule: func(transport.Frame) bool { return true },
			})
		}},
		scheduled("100,000 checks", list(100_000, `{"id":"c#","type":"agent.cpu"}`)),
		scheduled("9,000 good checks", list(9_000, good)),
		scheduled("1,999 checks of a type that is none", list(1_999, `{"id":"c#","type":"no.such_type","period":60}`)),
		scheduled("1,999 good checks", list(1_999, good)),
		scheduled("a check of 3.9 MiB of details", list(1, `{"id":"c#","type":"agent.plugin","details":{"file":"`+strings.Repeat("x", 39<<17)+`"}}`)),
		{name: "a check of a gigabyte of details", act: func(c *talk) {
			c.serve(answering{
				transport.MethodHello: func(f transport.Frame) bool { return c.answer(f, news) },
				transport.MethodSchedule: func(f transport.Frame) bool {
					c.say(fmt.Sprintf(`{"v":"1","id":%d,"result":{"checks":[{"id":"c","type":"agent.cpu","details":{"x":"`, f.ID))
					c.sayOften("gigabyte", 1<<27)
					return c.say(`"}}]}}` + "\n")
				},
			})
		}},
		scheduled("16 checks of 60 KiB of details each", list(16, `{"id":"c#","type":"agent.cpu","details":{"x":"`+strings.Repeat("x", 60<<10)+`"}}`)),
		scheduled("60 checks of 60 KiB of details each", list(60, `{"id":"c#","type":"agent.cpu","details":{"x":"`+strings.Repeat("x", 60<<10)+`"}}`)),
		scheduled("60,000 small numbers", list(3, `{"id":"c#","type":"agent.cpu","details":{"x":[`+strings.Repeat("0,", 20_000)+`0]}}`)),
		scheduled("details of 300,000 small numbers", list(1, `{"id":"c#","type":"agent.cpu","details":{"x":[`+strings.Repeat("0,", 300_000)+`0]}}`)),
		scheduled("90 times 20,000 numbers", list(90, `{"id":"c#","type":"agent.cpu","details":{"x":[`+strings.Repeat("0,", 20_000)+`0]}}`)),
		scheduled("details 60 deep", list(1, `{"id":"c#","type":"agent.cpu","details":{"x":`+strings.Repeat("[", 50)+strings.Repeat("]", 50)+`}}`)),
		scheduled("ids that are paths", list(20, `{"id":"../../../../../../tmp/virgo-was-here-#","type":"agent.memory","period":1}`)),
		scheduled("ids that are absolute paths", list(20, `{"id":"/etc/cron.d/virgo-was-here-#","type":"agent.memory","period":1}`)),
		scheduled("ids of terminal escapes", list(5, `{"id":"\u001b[2J#","type":"agent.memory","label":"\u001b[2J"}`)),
		scheduled("labels of terminal escapes", list(5, `{"id":"c#","type":"agent.memory","label":"\u001b]0;owned\u0007\u009b","target_alias":"\u001b[2J"}`)),
		scheduled("ids that are written from right to left", list(5, `{"id":"\u202ec#","type":"agent.memory"}`)),
		scheduled("ids of 1 MiB", list(3, `{"id":"#`+strings.Repeat("i", 1<<20)+`","type":"agent.memory"}`)),
		scheduled("types of 1 MiB", list(3, `{"id":"c#","type":"`+strings.Repeat("i", 1<<20)+`"}`)),
		scheduled("ids in the agent's own name", list(1, `{"id":"agent.virgo.loss","type":"agent.memory"}`)),
		scheduled("one id 9,000 times", list(9_000, `{"id":"same","type":"agent.memory"}`)),
		scheduled("a period of 0", list(3, `{"id":"c#","type":"agent.memory","period":0}`)),
		scheduled("a period below zero", list(3, `{"id":"c#","type":"agent.memory","period":-60}`)),
		scheduled("a period of 1e18", list(3, `{"id":"c#","type":"agent.memory","period":1e18}`)),
		scheduled("a period of 1e999", list(3, `{"id":"c#","type":"agent.memory","period":1e999}`)),
		scheduled("periods of 1 s", list(300, `{"id":"c#","type":"agent.memory","period":1,"timeout":1}`)),
		scheduled("a timeout of 0 and one of 1e18", `{"checks":[{"id":"a","type":"agent.memory","timeout":0},{"id":"b","type":"agent.memory","timeout":1e18}]}`),
		scheduled("ids that are no strings", `{"checks":[{"id":{},"type":"agent.memory"},{"id":[],"type":"agent.memory"},{"id":null,"type":null}]}`),
		scheduled("checks that are no objects", `{"checks":[1,"x",null,[],true]}`),
		scheduled("checks that are words", `{"checks":"none"}`),
		scheduled("no checks at all", `{}`),
		scheduled("a schedule that is null", `null`),
		scheduled("a schedule that is a number", `12`),
		scheduled("a schedule with keys twice", `{"checks":[],"checks":[{"id":"c","id":"d","type":"agent.memory","type":"agent.cpu"}]}`),
		scheduled("a hash of 1 MiB", `{"checks":[],"schedule_hash":"`+strings.Repeat("h", 1<<20)+`"}`),
		scheduled("alarms of 60 KiB in each of 16 checks", list(16, `{"id":"c#","type":"agent.memory","alarms":{"x":"`+strings.Repeat("y", 60<<10)+`"}}`)),
		scheduled("alarms of 60 KiB in each of 60 checks", list(60, `{"id":"c#","type":"agent.memory","alarms":{"x":"`+strings.Repeat("y", 60<<10)+`"}}`)),
		scheduled("a plugin by a path upwards", plug(`{"file":"../outside.sh"}`)),
		scheduled("a plugin by an absolute path", plug(`{"file":"/bin/sh","args":["-c","touch tmp/owned"]}`)),
		scheduled("a plugin by a link", plug(`{"file":"link.sh"}`)),
		scheduled("a plugin by a folder upwards within a name", plug(`{"file":"x/../../outside.sh"}`)),
		scheduled("a plugin with a NUL in its name", plug(`{"file":"inside.sh\u0000/../../outside.sh"}`)),
		scheduled("a plugin with a command line for a name", plug(`{"file":"inside.sh; touch tmp/owned"}`)),
		scheduled("a plugin's arguments for a shell", plug(`{"file":"inside.sh","args":["; touch tmp/owned","$(touch tmp/owned)","`+"`touch tmp/owned`"+`"]}`)),
		scheduled("a plugin's arguments of 60 KiB", plug(`{"file":"inside.sh","args":["`+strings.Repeat("a", 60<<10)+`"]}`)),
		scheduled("file systems that are devices", list(3, `{"id":"c#","type":"agent.filesystem","period":1,"timeout":2,"details":{"target":"/dev/zero"}}`)),
		scheduled("file systems by a path of 60 KiB", list(3, `{"id":"c#","type":"agent.filesystem","period":1,"details":{"target":"/`+strings.Repeat("../", 20<<10)+`"}}`)),
		{name: "another schedule at each turn", act: func(c *talk) {
			n := 0
			c.serve(answering{
				transport.MethodHello: func(f transport.Frame) bool { return c.answer(f, news) },
				transport.MethodSchedule: func(f transport.Frame) bool {
					n++
					c.say(request(n, "check_schedule.changed", "null"))
					return c.answer(f, list(n, good))
				},
				transport.MethodHeartbeat: func(f transport.Frame) bool {
					c.say(request(1000+n, "check_schedule.changed", "null"))
					return c.right(f)
				},
			})
		}},
	}
}
