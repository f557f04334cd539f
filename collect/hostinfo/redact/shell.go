package redact

import "strings"

// Shell returns a line for a shell, such as that of a cron job: of each command the program and the names
// of options, and what joins them. A value, a quoted word and the target of a redirection are Omitted.
func (a Arguments) Shell(line string) string {
	line = Truncate(line, MaxExcerpt)
	if a.Full {
		return line
	}
	var l commandLine
	value := false // the next word is the target of a redirection
	for line = strings.TrimLeft(line, shellBlanks); line != ""; line = strings.TrimLeft(line, shellBlanks) {
		n := operatorLength(line)
		if n > 0 {
			operator := line[:n]
			line = line[n:]
			value = strings.ContainsAny(operator, "<>")
			if !value {
				l.began, l.script = false, false
			}
			l.add(operator)
			continue
		}
		word, quoted := shellWord(line)
		line = line[len(word):]
		switch {
		case strings.Trim(word, "0123456789") == "" && line != "" && (line[0] == '<' || line[0] == '>'):
			continue // the number of a file: 2>&1
		case value, quoted && !l.began:
			l.began = l.began || !value
			l.add(Omitted)
		case quoted:
			l.quoted(word)
		case !l.began && isShellWord(word):
			l.add(word)
		default:
			l.argument(word)
		}
		value = false
	}
	return l.String()
}

const shellBlanks = " \t\r"

// operatorLength returns the length of the operators that a line begins with; 0 if with none.
func operatorLength(line string) int {
	n := 0
	for n < len(line) && strings.IndexByte(";|&()<>\n`", line[n]) >= 0 {
		n++
	}
	return n
}

// shellWord returns the word at the beginning of a line; what is in quotes or after a backslash belongs
// to it. A quote that nothing closes extends to the end.
func shellWord(line string) (word string, quoted bool) {
	var quote byte
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case c == '\\' && quote != '\'':
			quoted = true
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote, quoted = c, true
		case strings.IndexByte(shellBlanks+";|&()<>\n`", c) >= 0:
			return line[:i], quoted
		}
	}
	return line, quoted
}

// quoted adds a word with quotes in it: of an option its name, else nothing.
func (l *commandLine) quoted(word string) {
	plain := word[:strings.IndexAny(word, `"'\`)]
	if name, ok := strings.CutSuffix(plain, "="); ok && (isVariableName(name) || strings.HasPrefix(name, "-")) {
		l.argument(plain + Omitted)
		return
	}
	l.script = false
	if len(plain) > 1 && plain[0] == '-' && plain[1] != '-' && isLetterOrDigit(plain[1]) {
		l.add(plain[:2] + Omitted)
		return
	}
	l.add(Omitted)
}

// isShellWord reports whether a word of the shell's own is followed by a command.
func isShellWord(word string) bool {
	switch word {
	case "if", "then", "else", "elif", "fi", "do", "done", "while", "until", "esac", "{", "}", "!", "[", "[[", "$":
		return true
	}
	return false
}
