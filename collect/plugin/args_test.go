package plugin

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"virgo/schedule"
)

func TestParseArgs(t *testing.T) {
	for _, tt := range []struct {
		args any
		want []string
		err  string
	}{
		{nil, nil, ""},
		{"", nil, ""},
		{[]any{}, nil, ""},
		{[]any{"foo_bar", "a b", "", json.Number("5"), true}, []string{"foo_bar", "a b", "", "5", "true"}, ""},
		{[]string{"a", "b"}, []string{"a", "b"}, ""},
		{json.Number("7"), []string{"7"}, ""},
		{"  -w 5\t-c\n10 ", []string{"-w", "5", "-c", "10"}, ""},
		{`"a b" 'c "d"' e"f g"h '' ""`, []string{"a b", `c "d"`, "ef gh", "", ""}, ""},
		{`"a \"b\" \\ \n" C:\x\ '\'`, []string{`a "b" \ \n`, `C:\x\`, `\`}, ""},
		{`\\srv\x '\\srv' a\"b c"`, []string{`\\srv\x`, `\\srv`, `a\b c`}, ""},
		{"$HOME `id` $(id) * ; | & > x", []string{"$HOME", "`id`", "$(id)", "*", ";", "|", "&", ">", "x"}, ""},
		{`"a`, nil, `detail "args": a quotation mark is not closed`},
		{`it's`, nil, `detail "args": a quotation mark is not closed`},
		{[]any{"a", []any{"b"}}, nil, `detail "args" is "a list whose item 2 is neither a text nor a number", not a list of texts`},
		{[]any{nil}, nil, `detail "args" is "a list whose item 1 is neither a text nor a number", not a list of texts`},
		{map[string]any{"a": "b"}, nil, `detail "args" is "an object", not a list or a text`},
		{"a\x00b", nil, `detail "args": a NUL byte is not allowed`},
		{strings.Repeat("a ", maxArgs+1), nil, `detail "args": 257 arguments of 514 bytes, the limits are 256 and 8192`},
		{strings.Repeat("a", maxArgBytes), nil, `detail "args": 1 arguments of 8193 bytes, the limits are 256 and 8192`},
	} {
		got, err := parseArgs(schedule.Details{"args": tt.args})
		if text := errText(err); text != tt.err || !slices.Equal(got, tt.want) {
			t.Errorf("%.40q: got %q, %q; want %q, %q", tt.args, got, text, tt.want, tt.err)
		}
	}
}

// errText returns the error's text; empty for nil.
func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func FuzzSplitArgs(f *testing.F) {
	f.Add(`a "b c" 'd\' \\ "\""`)
	f.Add("'")
	f.Fuzz(func(t *testing.T, text string) {
		args, err := schedule.SplitArguments(text)
		if err != nil {
			return
		}
		n := 0
		for _, a := range args {
			n += len(a)
		}
		if n > len(text) {
			t.Errorf("%q is split into more bytes: %q", text, args)
		}
		// Quoted arguments are unchanged by another split.
		quoted := make([]string, len(args))
		for i, a := range args {
			quoted[i] = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(a) + `"`
		}
		again, err := schedule.SplitArguments(strings.Join(quoted, " "))
		if err != nil || !slices.Equal(again, args) {
			t.Errorf("%q, quoted: %q, %v", args, again, err)
		}
	})
}

func TestBatchCommandLine(t *testing.T) {
	const cmd, file = `C:\Windows\System32\cmd.exe`, `C:\ProgramData\virgo\plugins\disk check.bat`
	const head = `"C:\Windows\System32\cmd.exe" /e:ON /v:OFF /d /s /c ""C:\ProgramData\virgo\plugins\disk check.bat"`
	for _, tt := range []struct {
		args []string
		want string
	}{
		{nil, head + `"`},
		{[]string{"a", "", "b c"}, head + ` "a" "" "b c""`},
		{[]string{`C:\dir\`}, head + ` "C:\dir\\""`},
		{[]string{"a&calc", "^", "!x!", "(|>"}, head + ` "a&calc" "^" "!x!" "(|>""`},
		// Each of these would end the quotation or name a variable.
		{[]string{`"&calc`}, ""},
		{[]string{"%PATH%"}, ""},
		{[]string{"%CMDCMDLINE:~-1%&calc"}, ""},
		{[]string{"a\nb"}, ""},
		{[]string{"a\rb"}, ""},
		{[]string{"a\x00b"}, ""},
		{[]string{strings.Repeat("a", maxBatchLine)}, ""},
	} {
		got, err := batchCommandLine(cmd, file, tt.args)
		if (err == nil) != (tt.want != "") || got != tt.want {
			t.Errorf("%.40q: got %.200s, %v", tt.args, got, err)
		}
	}
	if line, err := batchCommandLine(cmd, `C:\%x%.bat`, nil); err == nil {
		t.Errorf("a path with %%: %s", line)
	}
}

func TestKindOfFile(t *testing.T) {
	for name, want := range map[string]kind{
		`a.EXE`: programKind, `a.bat`: batchKind, `a.Cmd`: batchKind, `a.ps1`: powershellKind, `a.py`: pythonKind,
		`a`: unknownKind, `a.sh`: unknownKind, `a.bat.txt`: unknownKind, `a.vbs`: unknownKind,
	} {
		if got := kindOfFile(name); got != want {
			t.Errorf("%s: %d, want %d", name, got, want)
		}
	}
}
