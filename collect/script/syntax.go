package script

// CheckSyntax returns an *[Error] if a file cannot be compiled: it is too long, too deeply nested,
// or no Lua.
func CheckSyntax(name string, text []byte) error {
	_, err := compileFile(name, text)
	return err
}
