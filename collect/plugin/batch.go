package plugin

import (
	"path/filepath"
	"strings"
)

// A kind is the way in which Windows runs a plugin.
type kind int

const (
	unknownKind kind = iota
	programKind      // .exe, run directly
	batchKind        // .bat and .cmd, run by cmd.exe
	powershellKind
	pythonKind
)

// kindOfFile returns the kind that a file's extension stands for.
func kindOfFile(path string) kind {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".exe":
		return programKind
	case ".bat", ".cmd":
		return batchKind
	case ".ps1":
		return powershellKind
	case ".py":
		return pythonKind
	}
	return unknownKind
}

// maxBatchLine is the longest command line, in characters, that cmd.exe accepts.
const maxBatchLine = 8191

// batchCommandLine returns the command line with which cmd.exe runs a batch file: without AutoRun
// commands (/d), only the outer quotation marks removed (/s), command extensions on, no "!"
// expansion.
//
// cmd.exe interprets the line before it splits the arguments: after an unbalanced quotation mark &,
// | and > are operators, and %NAME% is expanded even within quotation marks. No quoting is safe for
// both, so an argument with one of these or a control character is refused.
func batchCommandLine(interpreter, path string, args []string) (string, error) {
	var b strings.Builder
	b.WriteString(`"` + interpreter + `" /e:ON /v:OFF /d /s /c "`)
	for i, a := range append([]string{path}, args...) {
		unsafe := func(r rune) bool { return r < ' ' || r == '"' || r == '%' || r == 0x7f }
		if at := strings.IndexFunc(a, unsafe); at >= 0 {
			detail := "args"
			if i == 0 {
				detail = "file"
			}
			return "", failuref("detail %q: a batch file cannot take %q in an argument", detail, a[at])
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		// To the programs that the batch file passes its arguments to, a backslash before a
		// quotation mark escapes it, so trailing backslashes are doubled.
		trailing := len(a) - len(strings.TrimRight(a, `\`))
		b.WriteString(`"` + a + strings.Repeat(`\`, trailing) + `"`)
	}
	b.WriteByte('"')
	if b.Len() > maxBatchLine {
		return "", failuref(`detail "args": %d characters exceed the %d that cmd.exe takes`, b.Len(), maxBatchLine)
	}
	return b.String(), nil
}
