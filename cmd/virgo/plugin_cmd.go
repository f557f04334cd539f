package main

type pluginCmd struct {
	New  pluginNewCmd  `cmd:"" help:"Write a small plugin that works, to begin with."`
	Test pluginTestCmd `cmd:"" help:"Run a plugin and show what would be sent, and every fault with its line."`
}
