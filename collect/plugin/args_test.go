package plugin

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"virgo/schedule"
)

func TestArguments(t *testing.T) {
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
		{"$HOME `id` $(id) * ; | & > x", []string{"$HOME", "`id`", "$(id)", "*", ";", "|", "&", ">", "x"}, ""},
		{`"a`, nil, `detail "args": a quotation mark is not closed`},
		{`it's`, nil, `detail "args": a quotation mark is not closed`},
		{[]any{"a", []any{"b"}}, nil, `detail "args": number 2 is neither text nor a number`},
		{[]any{nil}, nil, `detail "args": number 1 is neither text nor a number`},
		{map[string]any{"a": "b"}, nil, `detail "args": neither a list nor a text`},
		{"a\x00b", nil, `detail "args": it holds a NUL byte`},
		{strings.Repeat("a ", maxArgs+1), nil, `detail "args": 257 arguments of 514 bytes, there may be 256 of 8192`},
		{strings.Repeat("a", maxArgBytes), nil, `detail "args": 1 arguments of 8193 bytes, there may be 256 of 8192`},
	} {
		got, err := arguments(schedule.Details{"args": tt.args})
		if text := errText(err); text != tt.err || !slices.Equal(got, tt.want) {
			t.Errorf("%.40q: got %q, %q; want %q, %q", tt.args, got, text, tt.want, tt.err)
		}
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func FuzzSplit(f *testing.F) {
	f.Add(`a "b c" 'd\' \\ "\""`)
	f.Add("'")
	f.Fuzz(func(t *testing.T, text string) {
		args, err := split(text)
		if err != nil {
			return
		}
		n := 0
		for _, a := range args {
			n += len(a)
		}
		if n > len(text) {
			t.Errorf("%q became longer: %q", text, args)
		}
		// What is quoted comes back as it is.
		quoted := make([]string, len(args))
		for i, a := range args {
			quoted[i] = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(a) + `"`
		}
		again, err := split(strings.Join(quoted, " "))
		if err != nil || !slices.Equal(again, args) {
			t.Errorf("%q, quoted: %q, %v", args, again, err)
		}
	})
}

func TestBatchLine(t *testing.T) {
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
		// Each of these would end the quotation marks or name a variable.
		{[]string{`"&calc`}, ""},
		{[]string{"%PATH%"}, ""},
		{[]string{"%CMDCMDLINE:~-1%&calc"}, ""},
		{[]string{"a\nb"}, ""},
		{[]string{"a\rb"}, ""},
		{[]string{"a\x00b"}, ""},
		{[]string{strings.Repeat("a", maxBatchLine)}, ""},
	} {
		got, err := batchLine(cmd, file, tt.args)
		if (err == nil) != (tt.want != "") || got != tt.want {
			t.Errorf("%.40q: got %.200s, %v", tt.args, got, err)
		}
	}
	if line, err := batchLine(cmd, `C:\%x%.bat`, nil); err == nil {
		t.Errorf("a path with %%: %s", line)
	}
}

func TestKindOf(t *testing.T) {
	for name, want := range map[string]kind{
		`a.EXE`: programKind, `a.bat`: batchKind, `a.Cmd`: batchKind, `a.ps1`: powershellKind, `a.py`: pythonKind,
		`a`: unknownKind, `a.sh`: unknownKind, `a.bat.txt`: unknownKind, `a.vbs`: unknownKind,
	} {
		if got := kindOf(name); got != want {
			t.Errorf("%s: %d, want %d", name, got, want)
		}
	}
}
