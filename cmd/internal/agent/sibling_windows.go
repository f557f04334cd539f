package agent

import "io/fs"

// siblingName is the file name of the program with all commands.
const siblingName = "virgo.exe"

// checkAccess accepts every file: who may write to a folder of programs is a matter of its access
// control list.
func checkAccess(string, string, fs.FileInfo) error { return nil }
