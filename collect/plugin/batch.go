package plugin

import (
	"path/filepath"
	"strings"
)

// A kind is how Windows runs a plugin.
type kind int

const (
	unknownKind kind = iota
	programKind      // .exe, by itself
	batchKind        // .bat and .cmd, by cmd.exe
	powershellKind
	pythonKind
)

// kindOf tells a plugin's kind by its name.
func kindOf(path string) kind {
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

// maxBatchLine is how many characters cmd.exe takes.
const maxBatchLine = 8191

// batchLine is the command line that has cmd.exe run a batch file: no AutoRun commands (/d), the line as
// it stands but for the outer quotation marks (/s), command extensions on, "!" plain.
//
// cmd.exe reads the line before the batch file's arguments are told apart, by rules of its own: a
// quotation mark that is not closed lets &, | and > through as commands, and % names a variable even
// inside of quotation marks. No way of quoting is safe for both, so an argument that holds one of
// them, or a control character, is refused.
func batchLine(interpreter, path string, args []string) (string, error) {
	var b strings.Builder
	b.WriteString(`"` + interpreter + `" /e:ON /v:OFF /d /s /c "`)
	for i, a := range append([]string{path}, args...) {
		if at := strings.IndexFunc(a, func(r rune) bool { return r < ' ' || r == '"' || r == '%' || r == 0x7f }); at >= 0 {
			what := "args"
			if i == 0 {
				what = "file"
			}
			return "", failed("detail %q: a batch file cannot be given a text with %q in it", what, a[at])
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		// A backslash before a quotation mark would be taken for its escape by the programs that the
		// batch file hands its arguments on to.
		trailing := len(a) - len(strings.TrimRight(a, `\`))
		b.WriteString(`"` + a + strings.Repeat(`\`, trailing) + `"`)
	}
	b.WriteByte('"')
	if b.Len() > maxBatchLine {
		return "", failed(`detail "args": %d characters are more than the %d that cmd.exe takes`, b.Len(), maxBatchLine)
	}
	return b.String(), nil
}
