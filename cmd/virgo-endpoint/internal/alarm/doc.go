// Package alarm judges new results and silent hosts by rules, keeps the states, and says what changed. Its rules are those
// of package virgo/schedule/alarm, which hosts use as well; here it is imported as rule.
//
// # Way
//
// Rules come from the default set, from the files in alarms.d, and from the alarms of checks in schedules ([Rules]). The
// [Engine] follows the feed of results: each result that is not late is judged by the rules for its check, and a tick judges
// what time alone changes: silence, ages, the facts about a host. What follows from a batch (states, changes, notifications,
// the number of its last result) is one step that [watch.Alarms] stores in one transaction. The engine keeps in memory the
// states that are not plainly OK, and of a check only what its rules need.
//
// A late result never raises an alarm and never clears one. When no more of them come, the span of time is judged once more
// with all its results ([Replay]), and what it would have said is recorded as changes of kind late.
//
// A silence, quiet hours and maintenance hold notifications back and discard nothing: states change as ever, changes are
// recorded with the silence that holds them, and at its end one event sums up what is still open and what ended.
//
// Hosts that go silent are told after a minute, or one of their periods if that is longer: if by then most of a tag's hosts are,
// that is one event. While the endpoint was away no host was silent: silence is counted from its return.
//
// # What can fail
//
// The store of states cannot be written: the engine begins again with what is stored, and takes the results since then once
// more. Killed at any time, it does the same, and comes to the same states. A rule with a mistake costs itself; where a file was read before, its last good version stays. A rule that cannot be
// judged is UNKNOWN, never OK.
//
// # What the user sees
//
// The states on the page and in alarm list, their changes in alarm history, the lines of alarms in plots.
//
// # Who could abuse it
//
// A host names no rule, no notifier and no recipient. It chooses its dimensions, so its states are bounded
// ([watch.MaxStates]); its texts are sanitized where they become part of a message. Its own clock decides nothing but the
// place of its values in time. A host that sends nothing at all is silent, which is an alarm.
package alarm
