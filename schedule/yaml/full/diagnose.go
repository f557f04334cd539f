package full

import (
	"bytes"
	"errors"
	"strings"

	"virgo/schedule/yaml"

	"github.com/goccy/go-yaml/token"
)

// A reason is a mistake in words that a person understands who does not know YAML.
type reason struct {
	text, help string
}

// syntaxError returns the error for a file that the parser rejects. It quotes nothing of the file, which
// may have secrets.
func syntaxError(file string, data []byte, err error) error {
	out := &yaml.Error{File: file, Text: "not valid YAML"}
	var positioned interface {
		GetMessage() string
		GetToken() *token.Token
	}
	if !errors.As(err, &positioned) {
		return out
	}
	if t := positioned.GetToken(); t != nil && t.Position != nil {
		out.Line, out.Column = t.Position.Line, t.Position.Column
	}
	lines := strings.Split(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n")
	if line, column := indentingTab(lines); line > 0 && (line <= out.Line || out.Line == 0) {
		out.Line, out.Column = line, column
		out.Text, out.Help = "a tab stands in the indentation", "YAML is indented with spaces: replace the tab by spaces"
		return out
	}
	why := diagnose(positioned.GetMessage(), lines, out)
	out.Text, out.Help = why.text, why.help
	return out
}

// indentingTab returns the place of the first tab in the indentation of a line; 0 where there is none.
func indentingTab(lines []string) (line, column int) {
	for i, text := range lines {
		indent := text[:len(text)-len(strings.TrimLeft(text, " \t-"))]
		rest := text[len(indent):]
		if at := strings.IndexByte(indent, '\t'); at >= 0 && rest != "" && rest[0] != '#' {
			return i + 1, at + 1
		}
	}
	return 0, 0
}

// diagnose returns what the parser's message means at a place of the file. It may move the place.
func diagnose(message string, lines []string, at *yaml.Error) reason {
	has := func(text string) bool { return strings.Contains(message, text) }
	line := lineAt(lines, at.Line)
	switch {
	case has("reserved character"):
		return reason{
			"a value that begins with " + characterAt(line, at.Column) + " needs quotes", "put the value between \" and \"",
		}
	case has("end character of"):
		return reason{"a quote is opened here and never closed", "add the closing quote, or a backslash before a quote within the text"}
	case has("flow mapping end"), has("flow map"):
		return reason{"a { is opened here and never closed", "add the closing }"}
	case has("must be specified"), has("sequence end"):
		if open := openBracket(lines, at.Line); open > 0 {
			at.Line, at.Column = open, strings.LastIndexByte(lines[open-1], '[')+1
			return reason{"a [ is opened here and never closed", "add the closing ], and commas between the values"}
		}
		return reason{"a comma or a closing bracket is missing in a list", "write lists as [a, b]"}
	case has("corresponding to"):
		return reason{"a bracket is closed that was never opened", "quote the value if it is text"}
	case has("undefined anchor"), has("anchor"), has("alias"):
		return reason{"a value that begins with & or * needs quotes", "put the value between \" and \""}
	case has("directive"):
		return reason{"a value that begins with % needs quotes", "put the value between \" and \""}
	case has("escape"):
		return reason{
			"a backslash within double quotes begins a character that does not exist", `write \\ for a backslash, or use single quotes`,
		}
	case has("pre-defined"):
		return reason{"text follows a closing quote", "put the quotes around the whole value"}
	case has("sequence entries are not allowed"):
		return reason{"a list begins in the line of its key", "begin it in the next line, or write [a, b]"}
	}
	if has("is not allowed") || has("unexpected key name") || has("non-map value") {
		return diagnoseStructure(lines, at)
	}
	if i := strings.IndexAny(message, `"':`); i >= 0 { // from there on it may quote the file
		message = message[:i]
	}
	return reason{"not valid YAML: " + strings.TrimSpace(message), ""}
}

// diagnoseStructure finds the reason in the form of the lines, where the parser only says that a key or
// a value does not belong where it stands.
func diagnoseStructure(lines []string, at *yaml.Error) reason {
	for n := max(at.Line, 1); n <= min(at.Line+1, len(lines)); n++ {
		text := strings.TrimLeft(lines[n-1], " -")
		if text == "" || text[0] == '#' {
			continue
		}
		column := len(lines[n-1]) - len(text) + 1
		key, value, found := strings.Cut(text, ":")
		isKey := found && !strings.ContainsAny(key, " \"'{[")
		switch {
		case isKey && value != "" && value[0] != ' ' && !strings.Contains(text, ": "):
			at.Line, at.Column = n, column+len(key)
			return reason{"a space is missing after the colon", "write key: value"}
		case isKey && colonWithin(value):
			at.Line, at.Column = n, column
			return reason{"the value has a colon in it and needs quotes", "put the value between \" and \""}
		case !found && n == at.Line:
			at.Column = column
			return reason{"a line without a colon stands where a key belongs", "write key: value, or indent the line if it continues a text"}
		}
	}
	if at.Line < 1 || at.Line > len(lines) {
		return reason{text: "not valid YAML"}
	}
	n := at.Line
	if n < len(lines) && strings.TrimSpace(lines[n]) != "" && indentation(lines[n]) > indentation(lines[n-1]) {
		n++ // the parser names the line before
	}
	at.Line, at.Column = n, indentation(lines[n-1])+1
	return reason{
		"the indentation does not fit the lines above", "begin the keys of one check in the same column, with spaces",
	}
}

// colonWithin reports whether a value without quotes has a colon that ends a key.
func colonWithin(value string) bool {
	value, _, _ = strings.Cut(strings.TrimLeft(value, " "), " #")
	if value == "" || strings.IndexByte("\"'[{|>", value[0]) >= 0 {
		return false
	}
	return strings.Contains(value, ": ") || strings.HasSuffix(value, ":")
}

// indentation returns the column, from 0, at which the key of a line begins.
func indentation(line string) int { return len(line) - len(strings.TrimLeft(line, " -")) }

// openBracket returns the last line up to this one that opens a [ and does not close it; 0 where there is
// none.
func openBracket(lines []string, line int) int {
	for n := min(line, len(lines)); n > 0; n-- {
		if strings.Count(lines[n-1], "[") > strings.Count(lines[n-1], "]") {
			return n
		}
	}
	return 0
}

func lineAt(lines []string, n int) string {
	if n < 1 || n > len(lines) {
		return ""
	}
	return lines[n-1]
}

// characterAt returns the punctuation at a column, which is not part of a secret.
func characterAt(line string, column int) string {
	if column < 1 || column > len(line) || !bytes.ContainsRune([]byte("@`%&*!|>"), rune(line[column-1])) {
		return "this character"
	}
	return line[column-1 : column]
}
