//go:build unix

package api

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"virgo/collect/script"
)

func TestPrograms(t *testing.T) {
	guard := &allowing{list: []string{"programs sh", "programs sleep", "programs none-such", "programs sudo none-such"}}
	runRows(t, guard, []row{
		{code: `local r = program.run("sh", {"-c", "echo $1 $LC_ALL; echo two >&2", "x", "a b"}) return r.out, r.err, r.code`, want: "a b C\n | two\n | 0"},
		{code: `local r = program.run("sh", {"-c", "echo a; echo b >&2; echo c"}, {merge=true}) return r.out, r.err`, want: "a\nb\nc\n | "},
		{code: `return program.run("sh", {"-c", "cat; echo $TZ$LD_PRELOAD; pwd"}, {input="in", env={TZ="UTC"}}).out`, want: "inUTC\n/\n"},
		{code: `return program.run("sh", {"-c", "echo why   not >&2; exit 3"})`, want: "nil | sh ended with code 3: why not"},
		{code: `return program.run("sh", {"-c", "exit 3"}, {ok={0, 3}}).code, program.run("sh", {"-c", "exit 7"}, {ok="any"}).code`, want: "3 | 7"},
		{code: `return program.run("sh", {"-c", "kill -9 $$"})`, want: "nil | sh was ended by a signal"},
		{code: `return program.run("sleep", {"600"}, {timeout=0.05})`, want: "nil | sleep did not end within 50ms"},
		{code: `return program.run("sh", {"-c", "while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done"})`,
			want: "nil | sh printed too much (over 1048576 bytes)"},
		{code: `return program.run("none-such")`, want: "nil | none-such is not installed"},
		{code: `return program.run("sudo none-such")`, want: "nil | none-such is not installed"},
		{code: `return program.find("none-such")`, want: "nil | none-such is not installed"},
		{code: `return program.find("sh"):match("[^/]*$")`, want: "sh"},
		{code: `return program.find("cat")`, raises: `uses program "cat", which it does not declare`},
		{code: `return pcall(program.run, "cat")`, raises: `uses program "cat", which it does not declare`},
		{code: `return program.run("sudo sh")`, raises: `uses program "sudo sh", which it does not declare`},
		{code: `return program.run("../bin/sh")`, raises: `uses program "../bin/sh", which it does not declare`},
		{code: `return program.run("sh", {}, {env={LD_PRELOAD="x"}})`, raises: `option env: a script cannot set "LD_PRELOAD", only TZ`},
		{code: `return program.run("sh", {}, {env={PATH="/tmp"}})`, raises: `option env: a script cannot set "PATH"`},
		{code: `return program.run("sh", {"a\0b"})`, raises: "an argument or variable has a zero byte"},
		{code: `return program.run("sh", {{}})`, raises: "want a list of texts; number 1 is a table"},
		{code: `return program.run("sh", {string.rep("x", 70000)})`, raises: "have more than 65536 bytes"},
		{code: `local t = {} for i = 1, 257 do t[i] = "" end return program.run("sh", t)`, raises: "more than 256 texts"},
		{code: `return program.run("sh", {}, {timeout=0})`, raises: "option timeout: want more than 0 seconds"},
		{code: `return program.run("sh", {}, {ok=true})`, raises: "option ok: want a table, got boolean"},
		{code: `return program.run("sh", {}, {ok={"x"}})`, raises: `option ok: want a list of exit codes or "any"`},
	})
}

// "sudo NAME" is run by sudo, which never asks for a password.
func TestSudo(t *testing.T) {
	p := hostPrograms{}
	if path, err := p.Find("sudo sh"); err != nil || !strings.HasSuffix(path, "/sh") {
		t.Errorf("%s, %v", path, err)
	}
	out, err := p.Run(t.Context(), script.ProgramRun{Name: "sudo sh", Args: []string{"-c", "echo $0"}})
	if _, missing := p.Find("sudo"); missing != nil {
		if err == nil || err.Error() != missing.Error() {
			t.Errorf("without sudo: %+v, %v", out, err)
		}
		return
	}
	if err != nil || out.Code == 0 && !strings.HasSuffix(out.Out, "/sh\n") || out.Code != 0 && !strings.Contains(out.Err, "sudo") {
		t.Errorf("%+v, %v", out, err)
	}
}

// A program is started the way that the script process wants it, and a captured one not at all.
func TestProgramsOfAWorld(t *testing.T) {
	guard := &allowing{list: []string{"programs sh", "programs smartctl"}}
	started := 0
	got, err := run(t, guard, `return program.run("sh", {"-c", "echo x"}).out`, func(o *script.Options) {
		o.World.Start = func(start func() error) error { started++; return start() }
	})
	if err != nil || got != "x\n" || started != 1 {
		t.Errorf("%q, %v, started %d times", got, err, started)
	}
	got, err = run(t, guard, `return program.run("smartctl", {"-j"}).out`, func(o *script.Options) { o.World.Programs = captured{} })
	if err != nil || got != "smartctl [-j]" {
		t.Errorf("%q, %v", got, err)
	}
}

// Programs are counted in all, and those that go on behind their time at the same time.
func TestCountOfPrograms(t *testing.T) {
	guard := &allowing{list: []string{"programs sh"}}
	runRows(t, guard, []row{
		{code: `for i = 1, 64 do program.run("sh") end return "all"`, want: "all"},
		{code: `for i = 1, 65 do program.run("sh") end`, raises: "more than 64 programs"},
	}, func(o *script.Options) { o.World.Programs = captured{} })
	hang := make(chan struct{})
	defer close(hang)
	runRows(t, guard, []row{
		{code: `for i = 1, 8 do program.run("sh", {}, {timeout=0.001}) end return "all"`, want: "all"},
		{code: `for i = 1, 9 do program.run("sh", {}, {timeout=0.001}) end`, raises: "8 programs that could not be ended still run"},
	}, func(o *script.Options) { o.World.Programs = hanging{until: hang} })
}

// hanging are programs that nobody can kill.
type hanging struct {
	hostPrograms
	until chan struct{}
}

func (h hanging) Run(context.Context, script.ProgramRun) (script.ProgramOutput, error) {
	<-h.until
	return script.ProgramOutput{}, nil
}

type captured struct{ hostPrograms }

func (captured) Run(_ context.Context, r script.ProgramRun) (script.ProgramOutput, error) {
	return script.ProgramOutput{Out: fmt.Sprint(r.Name, " ", r.Args)}, nil
}
