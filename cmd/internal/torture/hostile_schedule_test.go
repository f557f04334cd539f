package torture

import (
	"fmt"
	"strings"

	"virgo/transport"
)

// scheduleAnswered is an attack that has a changed schedule for the agent and otherwise behaves well. The next run
// runs what the schedule contains.
func scheduleAnswered(name, result string) attack {
	return attack{name: name, behave: func(c *hostileConn) {
		c.serve(overrides{
			transport.MethodHello:    func(f transport.Frame) bool { return c.answer(f, welcomeChanged) },
			transport.MethodSchedule: func(f transport.Frame) bool { return c.answer(f, result) },
		})
	}}
}

// scheduleOf is a schedule of n checks, each made from format with its number in place of "#".
func scheduleOf(n int, format string) string {
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

// pluginSchedule is a schedule of one agent.plugin check with the given details.
func pluginSchedule(details string) string {
	return scheduleOf(1, `{"id":"plugin","type":"agent.plugin","period":1,"timeout":5,"details":`+details+`}`)
}

// scheduleAttacks send harmful schedules.
func scheduleAttacks() []attack {
	const good = `{"id":"c#","type":"agent.memory","period":60}`
	return []attack{
		{name: "the schedule never comes", behave: func(c *hostileConn) {
			c.serve(overrides{
				transport.MethodHello:    func(f transport.Frame) bool { return c.answer(f, welcomeChanged) },
				transport.MethodSchedule: func(transport.Frame) bool { return true },
			})
		}},
		scheduleAnswered("100,000 checks", scheduleOf(100_000, `{"id":"c#","type":"agent.cpu"}`)),
		scheduleAnswered("9,000 good checks", scheduleOf(9_000, good)),
		scheduleAnswered("1,999 checks of an unknown type", scheduleOf(1_999, `{"id":"c#","type":"no.such_type","period":60}`)),
		scheduleAnswered("1,999 good checks", scheduleOf(1_999, good)),
		scheduleAnswered("a check of 3.9 MiB of details", scheduleOf(1, `{"id":"c#","type":"agent.plugin","details":{"file":"`+strings.Repeat("x", 39<<17)+`"}}`)),
		{name: "a check of a gigabyte of details", behave: func(c *hostileConn) {
			c.serve(overrides{
				transport.MethodHello: func(f transport.Frame) bool { return c.answer(f, welcomeChanged) },
				transport.MethodSchedule: func(f transport.Frame) bool {
					c.write(fmt.Sprintf(`{"v":"1","id":%d,"result":{"checks":[{"id":"c","type":"agent.cpu","details":{"x":"`, f.ID))
					c.writeRepeatedly("gigabyte", 1<<27)
					return c.write(`"}}]}}` + "\n")
				},
			})
		}},
		scheduleAnswered("16 checks of 60 KiB of details each", scheduleOf(16, `{"id":"c#","type":"agent.cpu","details":{"x":"`+strings.Repeat("x", 60<<10)+`"}}`)),
		scheduleAnswered("60 checks of 60 KiB of details each", scheduleOf(60, `{"id":"c#","type":"agent.cpu","details":{"x":"`+strings.Repeat("x", 60<<10)+`"}}`)),
		scheduleAnswered("60,000 small numbers", scheduleOf(3, `{"id":"c#","type":"agent.cpu","details":{"x":[`+strings.Repeat("0,", 20_000)+`0]}}`)),
		scheduleAnswered("details of 300,000 small numbers", scheduleOf(1, `{"id":"c#","type":"agent.cpu","details":{"x":[`+strings.Repeat("0,", 300_000)+`0]}}`)),
		scheduleAnswered("90 times 20,000 numbers", scheduleOf(90, `{"id":"c#","type":"agent.cpu","details":{"x":[`+strings.Repeat("0,", 20_000)+`0]}}`)),
		scheduleAnswered("details 60 deep", scheduleOf(1, `{"id":"c#","type":"agent.cpu","details":{"x":`+strings.Repeat("[", 50)+strings.Repeat("]", 50)+`}}`)),
		scheduleAnswered("ids that are paths", scheduleOf(20, `{"id":"../../../../../../tmp/virgo-was-here-#","type":"agent.memory","period":1}`)),
		scheduleAnswered("ids that are absolute paths", scheduleOf(20, `{"id":"/etc/cron.d/virgo-was-here-#","type":"agent.memory","period":1}`)),
		scheduleAnswered("ids of terminal escapes", scheduleOf(5, `{"id":"\u001b[2J#","type":"agent.memory","label":"\u001b[2J"}`)),
		scheduleAnswered("labels of terminal escapes", scheduleOf(5, `{"id":"c#","type":"agent.memory","label":"\u001b]0;owned\u0007\u009b","target_alias":"\u001b[2J"}`)),
		scheduleAnswered("ids that are written from right to left", scheduleOf(5, `{"id":"\u202ec#","type":"agent.memory"}`)),
		scheduleAnswered("ids of 1 MiB", scheduleOf(3, `{"id":"#`+strings.Repeat("i", 1<<20)+`","type":"agent.memory"}`)),
		scheduleAnswered("types of 1 MiB", scheduleOf(3, `{"id":"c#","type":"`+strings.Repeat("i", 1<<20)+`"}`)),
		scheduleAnswered("ids in the agent's own name", scheduleOf(1, `{"id":"agent.virgo.loss","type":"agent.memory"}`)),
		scheduleAnswered("one id 9,000 times", scheduleOf(9_000, `{"id":"same","type":"agent.memory"}`)),
		scheduleAnswered("a period of 0", scheduleOf(3, `{"id":"c#","type":"agent.memory","period":0}`)),
		scheduleAnswered("a period below zero", scheduleOf(3, `{"id":"c#","type":"agent.memory","period":-60}`)),
		scheduleAnswered("a period of 1e18", scheduleOf(3, `{"id":"c#","type":"agent.memory","period":1e18}`)),
		scheduleAnswered("a period of 1e999", scheduleOf(3, `{"id":"c#","type":"agent.memory","period":1e999}`)),
		scheduleAnswered("periods of 1 s", scheduleOf(300, `{"id":"c#","type":"agent.memory","period":1,"timeout":1}`)),
		scheduleAnswered("a timeout of 0 and one of 1e18", `{"checks":[{"id":"a","type":"agent.memory","timeout":0},{"id":"b","type":"agent.memory","timeout":1e18}]}`),
		scheduleAnswered("ids that are no strings", `{"checks":[{"id":{},"type":"agent.memory"},{"id":[],"type":"agent.memory"},{"id":null,"type":null}]}`),
		scheduleAnswered("checks that are no objects", `{"checks":[1,"x",null,[],true]}`),
		scheduleAnswered("checks that are words", `{"checks":"none"}`),
		scheduleAnswered("no checks at all", `{}`),
		scheduleAnswered("a schedule that is null", `null`),
		scheduleAnswered("a schedule that is a number", `12`),
		scheduleAnswered("a schedule with keys twice", `{"checks":[],"checks":[{"id":"c","id":"d","type":"agent.memory","type":"agent.cpu"}]}`),
		scheduleAnswered("a hash of 1 MiB", `{"checks":[],"schedule_hash":"`+strings.Repeat("h", 1<<20)+`"}`),
		scheduleAnswered("alarms of 60 KiB in each of 16 checks", scheduleOf(16, `{"id":"c#","type":"agent.memory","alarms":{"x":"`+strings.Repeat("y", 60<<10)+`"}}`)),
		scheduleAnswered("alarms of 60 KiB in each of 60 checks", scheduleOf(60, `{"id":"c#","type":"agent.memory","alarms":{"x":"`+strings.Repeat("y", 60<<10)+`"}}`)),
		scheduleAnswered("a plugin by a path upwards", pluginSchedule(`{"file":"../outside.sh"}`)),
		scheduleAnswered("a plugin by an absolute path", pluginSchedule(`{"file":"/bin/sh","args":["-c","touch tmp/owned"]}`)),
		scheduleAnswered("a plugin by a link", pluginSchedule(`{"file":"link.sh"}`)),
		scheduleAnswered("a plugin by a folder upwards within a name", pluginSchedule(`{"file":"x/../../outside.sh"}`)),
		scheduleAnswered("a plugin with a NUL in its name", pluginSchedule(`{"file":"inside.sh\u0000/../../outside.sh"}`)),
		scheduleAnswered("a plugin with a command line for a name", pluginSchedule(`{"file":"inside.sh; touch tmp/owned"}`)),
		scheduleAnswered("a plugin's arguments for a shell", pluginSchedule(`{"file":"inside.sh","args":["; touch tmp/owned","$(touch tmp/owned)","`+"`touch tmp/owned`"+`"]}`)),
		scheduleAnswered("a plugin's arguments of 60 KiB", pluginSchedule(`{"file":"inside.sh","args":["`+strings.Repeat("a", 60<<10)+`"]}`)),
		scheduleAnswered("file systems that are devices", scheduleOf(3, `{"id":"c#","type":"agent.filesystem","period":1,"timeout":2,"details":{"target":"/dev/zero"}}`)),
		scheduleAnswered("file systems by a path of 60 KiB", scheduleOf(3, `{"id":"c#","type":"agent.filesystem","period":1,"details":{"target":"/`+strings.Repeat("../", 20<<10)+`"}}`)),
		{name: "another schedule at each turn", behave: func(c *hostileConn) {
			n := 0
			c.serve(overrides{
				transport.MethodHello: func(f transport.Frame) bool { return c.answer(f, welcomeChanged) },
				transport.MethodSchedule: func(f transport.Frame) bool {
					n++
					c.write(request(n, "check_schedule.changed", "null"))
					return c.answer(f, scheduleOf(n, good))
				},
				transport.MethodHeartbeat: func(f transport.Frame) bool {
					c.write(request(1000+n, "check_schedule.changed", "null"))
					return c.answerCorrectly(f)
				},
			})
		}},
	}
}
