package redact

import (
	"slices"
	"strings"
)

// Arguments is how the arguments of programs and lists of options are shown. The zero value shows
// names: programs, options, variables.
type Arguments struct {
	// Full shows everything as it is, secrets included: the owner's choice.
	Full bool
}

// maxArgumentName bounds the name of an option, in bytes.
const maxArgumentName = 48

// Words returns a command line that is split into arguments, the program first. A process that sets its
// own title has only that one, of which the first word is shown.
func (a Arguments) Words(args []string) string {
	if a.Full {
		return strings.Join(args, " ")
	}
	var l commandLine
	for _, arg := range args {
		l.argument(arg)
	}
	return l.String()
}

// Options returns a list of options: their names, and the flags that are listed. Other words may belong to
// a value with the separator in it.
func (a Arguments) Options(options []string, separator string, flags []string) string {
	if a.Full {
		return strings.Join(options, separator)
	}
	var l commandLine
	l.began, l.separator = true, separator
	for _, o := range options {
		name, _, ok := strings.Cut(o, "=")
		switch {
		case ok && isOptionName(name):
			l.add(name + "=" + Omitted)
		case slices.Contains(flags, o):
			l.add(o)
		default:
			l.argument(o)
		}
	}
	return l.String()
}

// A commandLine collects what is shown of a command line.
type commandLine struct {
	words     []string
	separator string
	// began: the program of the command is known. script: it is an interpreter, and the next argument
	// that is no option may be the path of a script.
	began, script bool
}

func (l *commandLine) String() string {
	separator := l.separator
	if separator == "" {
		separator = " "
	}
	return strings.Join(l.words, separator)
}

// add adds a word; of several omitted ones in a row, one.
func (l *commandLine) add(w string) {
	if w == Omitted && len(l.words) > 0 && l.words[len(l.words)-1] == Omitted {
		return
	}
	l.words = append(l.words, w)
}

func (l *commandLine) argument(arg string) {
	if !l.began {
		l.program(arg)
		return
	}
	option, plain := optionName(arg)
	switch {
	case option != "":
		// After -c, -e and -m follows a program text or a module, and not a script.
		l.script = l.script && plain && !isProgramText([]byte(arg))
		l.add(option)
	case l.script && isScriptPath(arg):
		l.script = false
		l.add(arg)
	case isProgramPath(arg):
		l.add(arg)
	default:
		l.script = false
		if name := assigned(arg); name != "" {
			l.add(name + "=" + Omitted)
			return
		}
		l.add(Omitted)
	}
}

// assigned returns the name of NAME=value; "" for anything else, such as base64 with a = at its end.
func assigned(arg string) string {
	name, value, _ := strings.Cut(arg, "=")
	if strings.Trim(value, "=") == "" || !isVariableName(name) {
		return ""
	}
	return name
}

// program takes the first word of a command: a variable for it, or the program.
func (l *commandLine) program(arg string) {
	if name := assigned(arg); name != "" {
		l.add(name + "=" + Omitted)
		return
	}
	title, _, more := strings.Cut(strings.TrimLeft(arg, " "), " ")
	l.began = true
	if option, _ := optionName(arg); option != "" {
		l.add(option)
		return
	}
	if !isPlainPath(title) {
		l.add(Omitted)
		return
	}
	l.add(title)
	base := title[strings.LastIndexByte(title, '/')+1:]
	l.script = !more && isInterpreter(strings.TrimPrefix(base, "-"))
	if more {
		l.add(Omitted)
	}
	if slices.Contains([]string{"chronic", "command", "env", "exec", "ionice", "nice", "nohup", "setsid", "sudo", "time"}, base) {
		l.began = false // the next word is a program, if it is no option
	}
}

// optionName returns what is shown of an option, "" if the argument is none; plain means that nothing was
// left out. Of a short option with a value (-pPASSWORD) the letter is shown.
func optionName(arg string) (shown string, plain bool) {
	switch {
	case arg == "-" || arg == "--":
		return arg, true
	case strings.HasPrefix(arg, "--"):
		end := strings.IndexAny(arg, "=: \t")
		name := arg
		if end >= 0 {
			name = arg[:end]
		}
		if !isOptionName(name[2:]) {
			return "", false
		}
		if end >= 0 {
			return name + strings.TrimSpace(arg[end:end+1]) + Omitted, false
		}
		return name, true
	case len(arg) > 1 && arg[0] == '-' && isLetterOrDigit(arg[1]):
		if len(arg) == 2 {
			return arg, true
		}
		return arg[:2] + Omitted, false
	}
	return "", false
}

func isLetterOrDigit(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// isOptionName reports whether a text is the name of an option: letters, digits, and what joins words.
func isOptionName(s string) bool {
	return s != "" && len(s) <= maxArgumentName && isLetterOrDigit(s[0]) && strings.Trim(s, plainBytes) == "" && !looksRandom(s)
}

// isVariableName reports whether a text is the name of a variable.
func isVariableName(s string) bool {
	return isOptionName(s) && (s[0] < '0' || s[0] > '9') && !strings.ContainsAny(s, "+")
}

// isPlainPath reports whether a text is the name or the path of a program.
func isPlainPath(s string) bool {
	const maxPath = 256
	s = strings.TrimSuffix(s, ":") // a title: "sshd: bob@pts/0"
	return s != "" && len(s) <= maxPath && strings.Trim(s, plainBytes+"/@[]") == "" && !looksRandom(s)
}

// isProgramPath reports whether an argument is the path of a program, as those of nice, timeout, flock
// and PAM are: it is in a folder of programs.
func isProgramPath(s string) bool {
	if !strings.HasPrefix(s, "/") || !isPlainPath(s) {
		return false
	}
	for folder := range strings.SplitSeq(s[1:strings.LastIndexByte(s, '/')+1], "/") {
		if folder == "bin" || folder == "sbin" || folder == "libexec" {
			return true
		}
	}
	return false
}

// isScriptPath reports whether an argument of an interpreter is the path of a script.
func isScriptPath(s string) bool {
	if !isPlainPath(s) {
		return false
	}
	if strings.HasPrefix(s, "/") || strings.HasPrefix(s, "./") {
		return true
	}
	for _, ending := range [...]string{".sh", ".py", ".pl", ".rb", ".js", ".php", ".lua", ".tcl", ".jar"} {
		if strings.HasSuffix(s, ending) {
			return true
		}
	}
	return false
}

// isInterpreter reports whether a program runs scripts; a version may follow its name.
func isInterpreter(name string) bool {
	return slices.Contains([]string{
		"sh", "bash", "dash", "ash", "ksh", "mksh", "zsh", "fish", "csh", "tcsh", "pwsh", "python", "pypy", "perl",
		"ruby", "node", "nodejs", "php", "php-cgi", "lua", "luajit", "tclsh", "guile", "java",
	}, strings.TrimRight(name, "0123456789."))
}

// isProgramText reports whether an option means that a program or a module follows in place of a script.
func isProgramText(option []byte) bool {
	switch string(option) {
	case "-", "-c", "-e", "-E", "-m", "-r", "-p", "--eval", "--print":
		return true
	}
	return false
}
