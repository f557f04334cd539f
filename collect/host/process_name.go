package host

import "bytes"

// scriptArguments is how many arguments of a script's interpreter may come up to the script's path:
// the interpreter, an argument of the script's first line, and the path (execve(2)).
const scriptArguments = 3

// hasFullName reports whether a process, whose system knows a truncated name, has this whole name:
// as a program, or as a script that an interpreter runs. A command line is its arguments with a
// zero byte between them. A program may have replaced it by a title, "name: what it does".
func hasFullName(command []byte, name string) bool {
	return fullName(command, func(base []byte) bool { return string(base) == name }) != nil
}

// fullName returns the first file name that fits of the arguments that can be the program or script.
func fullName(command []byte, fits func(base []byte) bool) []byte {
	for i := range scriptArguments {
		argument, rest, more := bytes.Cut(command, []byte{0})
		if i == 0 {
			title, _, _ := bytes.Cut(argument, []byte(" "))
			if title = fileName(bytes.TrimSuffix(title, []byte(":"))); fits(title) {
				return title
			}
		}
		if base := fileName(argument); fits(base) {
			return base
		}
		if !more {
			break
		}
		command = rest
	}
	return nil
}

// scriptName returns the file name of the script that an interpreter runs; nil if it runs none. Of a
// script that begins with "#!/usr/bin/env", the kernel knows only the interpreter's name.
func scriptName(command []byte) []byte {
	_, command, _ = bytes.Cut(command, []byte{0})
	for len(command) > 0 {
		var argument []byte
		argument, command, _ = bytes.Cut(command, []byte{0})
		switch {
		case len(argument) == 0:
			return nil
		case argument[0] != '-':
			return fileName(argument)
		case isProgramText(argument):
			return nil
		}
	}
	return nil
}

// isProgramText reports whether an option of an interpreter means that a program or a module follows
// in place of a script: -c, -ec, -e, -m, -r, --eval.
func isProgramText(option []byte) bool {
	switch string(option) {
	case "-", "-e", "-E", "-m", "-r", "-p", "--eval", "--print":
		return true
	}
	return len(option) > 1 && option[1] != '-' && option[len(option)-1] == 'c'
}

// isInterpreter reports whether a program with that name runs scripts; a version may follow it.
func isInterpreter(name []byte) bool {
	switch string(bytes.TrimRight(name, "0123456789.")) {
	case "sh", "bash", "dash", "ash", "ksh", "mksh", "zsh", "fish", "csh", "tcsh", "pwsh",
		"python", "pypy", "perl", "ruby", "node", "nodejs", "php", "lua", "luajit", "tclsh", "guile":
		return true
	}
	return false
}

// fileName returns a path without its folders.
func fileName(path []byte) []byte { return path[bytes.LastIndexByte(path, '/')+1:] }
