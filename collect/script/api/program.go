package api

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"virgo/collect/script"
	"virgo/schedule/capability"
)

const (
	maxArguments     = 256
	maxArgumentBytes = 64 << 10 // of all together, and of the input
	programTimeout   = 10 * time.Second
	sudoPrefix       = "sudo "
)

// variables are those of the environment that a script may set. None of them names a program to run,
// a library to load or a file of options: a program that a script may run would be any program.
func variables() []string {
	return []string{
		"TZ",
		"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "MYSQL_PWD", "PGPASSWORD", "REDISCLI_AUTH",
		"BORG_BASE_DIR", "BORG_PASSPHRASE", "BORG_RELOCATED_REPO_ACCESS_IS_OK", "BORG_REPO",
		"BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK",
		"RESTIC_CACHE_DIR", "RESTIC_PASSWORD", "RESTIC_PASSWORD_FILE", "RESTIC_REPOSITORY", "RESTIC_REPOSITORY_FILE",
	}
}

func programModule() script.Module {
	return script.Module{
		Name: "program",
		Doc: "Programs of the system, by name: they are looked for in the system's folders. No shell " +
			`is involved, and the language of what they print is that of the locale C. "sudo NAME" ` +
			"runs a program by sudo without asking for a password; it is declared like this, too, " +
			"and the host's sudoers must allow it.",
		Functions: []script.Function{
			{Name: "find", Signature: "program.find(name) -> path", MinArgs: 1, MaxArgs: 1, Needs: capability.Programs,
				Doc: "Where a program is; nil and why if it is not installed.",
				Call: func(c *script.Call, l *lua.LState) int {
					name := l.CheckString(1)
					c.Charge(l, callCost)
					if err := c.Guard.Program(name); err != nil {
						return decline(c, l, err)
					}
					path, err := programsOf(c).Find(name)
					if err != nil {
						return c.Fail(l, err)
					}
					return c.Push(l, path)
				}},
			{Name: "run", Signature: "program.run(name [, arguments " +
				"[, {input, timeout=10, env={}, ok={0}, merge=false}]]) -> {out, err, code}",
				MinArgs: 1, MaxArgs: 3, Needs: capability.Programs,
				Doc: "Runs a program to its end with a list of arguments. out is what it printed, " +
					"err the first 4 KiB of its standard error (in out with merge=true), code its " +
					`exit code. A code that is not in ok, which may also be "any", gives nil and ` +
					"why, as do more than 1 MiB printed, the end of the time (seconds) and a signal. " +
					"At most 64 programs are run in a check. env can have " + strings.Join(variables(), ", ") +
					": secrets belong there or into input, because others see arguments.",
				Call: runProgram},
		},
	}
}

func programsOf(c *script.Call) script.Programs {
	if c.World.Programs != nil {
		return c.World.Programs
	}
	return hostPrograms{start: c.World.Start}
}

func runProgram(c *script.Call, l *lua.LState) int {
	r := script.ProgramRun{
		Name: l.CheckString(1), Args: texts(l, 2, maxArguments),
		MaxOutput: min(c.Limits.OutputBytes, c.Limits.StringBytes),
	}
	o := optionsAt(l, 3, "input", "timeout", "env", "ok", "merge")
	r.Input, r.Merge = o.text("input", ""), o.flag("merge", false)
	timeout := o.seconds("timeout", programTimeout, c.Limits.Time)
	accepted, all := codes(o)
	o.pairs("env", func(name, value string) {
		if !slices.Contains(variables(), name) {
			l.ArgError(3, fmt.Sprintf("option env: a script cannot set %.40q, only %s",
				name, strings.Join(variables(), ", ")))
		}
		r.Env = append(r.Env, name+"="+value)
	})
	size := len(r.Input)
	for _, text := range slices.Concat(r.Args, r.Env) {
		if strings.IndexByte(text, 0) >= 0 {
			return c.Raise(l, "program.run: an argument or variable has a zero byte")
		}
		size += len(text)
	}
	if size > maxArgumentBytes {
		return c.Raise(l, "program.run: input, arguments and variables have more than %d bytes", maxArgumentBytes)
	}
	if err := c.Guard.Program(r.Name); err != nil {
		return decline(c, l, err)
	}
	release := c.Program(l)
	var out script.ProgramOutput
	err := c.Blocking(func(check context.Context) (err error) {
		ctx, cancel := context.WithTimeout(check, timeout)
		defer cancel()
		// One that runs as another user may not be killed.
		out, err = within(ctx, func() (script.ProgramOutput, error) {
			defer release()
			return programsOf(c).Run(ctx, r)
		})
		if errors.Is(err, context.DeadlineExceeded) && check.Err() == nil {
			err = fmt.Errorf("%s did not end within %v", r.Name, timeout)
		}
		return err
	})
	switch {
	case err != nil:
		return c.Fail(l, err)
	case !all && !slices.Contains(accepted, out.Code):
		return c.Fail(l, errors.New(ended(r.Name, out)))
	}
	work(c, l, len(out.Out)+len(out.Err))
	t := l.CreateTable(0, 3)
	t.RawSetString("out", lua.LString(out.Out))
	t.RawSetString("err", lua.LString(out.Err))
	t.RawSetString("code", lua.LNumber(out.Code))
	l.Push(t)
	return 1
}

// codes returns the exit codes that are no failure.
func codes(o options) (accepted []int, all bool) {
	if !o.has("ok") {
		return []int{0}, false
	}
	if o.get("ok") == lua.LString("any") {
		return nil, true
	}
	t := o.table("ok")
	for i := 1; i <= t.Len(); i++ {
		n, ok := t.RawGetInt(i).(lua.LNumber)
		if !ok {
			o.wrong("ok", `a list of exit codes or "any"`)
		}
		accepted = append(accepted, int(n))
	}
	return accepted, false
}

// ended says how a program ended.
func ended(name string, out script.ProgramOutput) string {
	text := fmt.Sprintf("%s ended with code %d", name, out.Code)
	if out.Code < 0 {
		text = name + " was ended by a signal"
	}
	if why := strings.Join(strings.Fields(out.Err), " "); why != "" {
		text += ": " + why
	}
	return text
}
