package agent

import (
	"io/fs"

	"virgo/schedule/ownership"
)

// siblingName is the file name of the program with all commands.
const siblingName = "virgo.exe"

// checkAccess checks that nobody else can have written the program at path. Its errors have a hint.
func checkAccess(_, path string, _ fs.FileInfo) error { return ownership.Check(path) }
