package main

type alarmCmd struct {
	Check     alarmCheckCmd     `cmd:"" help:"List all mistakes in the rules of alarms."`
	Translate alarmTranslateCmd `cmd:"" help:"Print the alarms of checks that are in an older form as rules."`
}
