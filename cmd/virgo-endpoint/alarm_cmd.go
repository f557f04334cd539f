package main

type alarmCmd struct {
	List      alarmListCmd      `cmd:"" help:"List the alarms that stand, the worst first."`
	History   alarmHistoryCmd   `cmd:"" help:"List what alarms stood, from when until when."`
	Test      alarmTestCmd      `cmd:"" help:"Print when the rules in a file would have raised alarms, by the stored results."`
	Ack       alarmAckCmd       `cmd:"" help:"Say that you look after an alarm, until it is over."`
	Defaults  alarmDefaultsCmd  `cmd:"" help:"Print the alarms that every host has, as rules."`
	Check     alarmCheckCmd     `cmd:"" help:"List all mistakes in the rules of alarms."`
	Translate alarmTranslateCmd `cmd:"" help:"Print the alarms of checks that are in an older form as rules."`
}
