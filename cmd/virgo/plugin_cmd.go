package main

type pluginCmd struct {
	New  pluginNewCmd  `cmd:"" help:"Create a small working plugin to start from."`
	Test pluginTestCmd `cmd:"" help:"Run a plugin, print its result and the errors in its output."`
}
