package script

// Language returns the functions that every script has, whatever modules there are: those of Lua
// 5.1 that are safe, and those by which a script declares and reports.
func Language() []Module {
	return []Module{
		declareModule(), reportModule(),
		baseModule(), stringModule(), tableModule(), mathModule(), coroutineModule(),
	}
}
