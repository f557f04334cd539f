package main

type notifyCmd struct {
	List notifyListCmd `cmd:"" help:"List who can be told, since when somebody fails, and what waits."`
	Test notifyTestCmd `cmd:"" help:"Send a message by one notifier, at once."`
}

func (notifyCmd) Help() string {
	return "Who is told of alarms is in notify.yaml in the folder; init writes one with examples. " +
		"Notifications wait in the folder until they are sent, for up to three days."
}
