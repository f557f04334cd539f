package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"virgo/cmd/internal/agent"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the test binary act as the programs that the scripts call.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"virgo":   virgoOrFakeWorker,
		"crontab": fakeCrontab,
	})
}

func TestScripts(t *testing.T) {
	real := realEndpoint{builtProgram{name: "virgo-endpoint", dir: t.TempDir()}}
	testscript.Run(t, testscript.Params{
		Dir:                filepath.Join("..", "..", "testdata", "script"),
		RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("VIRGO_STATE", filepath.Join(env.WorkDir, "state"))
			env.Setenv("VIRGO_PLUGINS", filepath.Join(env.WorkDir, "plugins"))
			env.Setenv("VIRGO_SCRIPTS", filepath.Join(env.WorkDir, "scripts"))
			env.Setenv("XDG_CONFIG_HOME", filepath.Join(env.WorkDir, "xdg"))
			env.Setenv("NO_COLOR", "1")
			env.Setenv("GORACE", "atexit_sleep_ms=0") // the race detector lets each program wait a second at its end
			env.Setenv("BUILD", agent.BuildID())
			for _, common := range []string{"HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"} {
				env.Setenv(common, "")
			}
			// A configuration of the script, so that it does not depend on the user or the host.
			path := filepath.Join(env.WorkDir, "virgo.yaml")
			env.Setenv("VIRGO_CONFIG", path)
			return os.WriteFile(path, []byte("agent_id: script\n"), 0o600)
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"endpoint":         startEndpoint,
			"proxy":            startProxy,
			"stored":           storedIs,
			"virgo-endpoint":   real.run,
			"serve":            real.serve,
			"answered":         answeredIs,
			"listens":          listens,
			"expand":           expand,
			"store-has":        real.storeHas,
			"readme":           real.readme,
			"api":              askAPI,
			"register-key":     real.registerKey,
			"await":            await,
			"lock-spool":       lockSpool(),
			"exit-code":        exitCodeIs,
			"mode":             modeIs,
			"forge":            forge,
			"forge-bundle":     forgeBundle,
			"truncate":         truncate,
			"for-each-command": forEachCommand,
		},
	})
}

// virgoOrFakeWorker is virgo. Where the script sets FAKE_WORKER to one of its files, that file is
// run in the place of the worker.
func virgoOrFakeWorker() {
	fake := os.Getenv("FAKE_WORKER")
	if fake == "" || !isWorker(os.Args[1:]) {
		main()
		return
	}
	cmd := exec.Command(fake)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), fmt.Sprintf("AGENT_PID=%d", os.Getppid()))
	if err := cmd.Run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// exitCodeIs runs a program that must end with the code: exit-code 2 virgo run --nonsense.
func exitCodeIs(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exit-code N program args…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	got := 0
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("%s ended with %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}

// forge replaces text in a file: forge FILE OLD NEW.
func forge(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: forge FILE OLD NEW")
	}
	text := ts.ReadFile(args[0])
	if !strings.Contains(text, args[1]) {
		ts.Fatalf("%s does not contain %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.ReplaceAll(text, args[1], args[2])), 0o600))
}

// expand replaces variables of the script in a file: expand FILE.
func expand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: expand FILE")
	}
	text := os.Expand(ts.ReadFile(args[0]), ts.Getenv)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

// truncate removes bytes from the end of a file: truncate FILE -N.
func truncate(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: truncate FILE -N")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[0]), int64(len(ts.ReadFile(args[0]))+n)))
}

// modeIs checks a file's permission bits: mode 0600 FILE.
func modeIs(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: mode OCTAL FILE")
	}
	want, err := strconv.ParseUint(args[0], 8, 32)
	ts.Check(err)
	info, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	if info.Mode().Perm() != os.FileMode(want) {
		ts.Fatalf("%s has mode %o, want %o", args[1], info.Mode().Perm(), want)
	}
}

// forEachCommand runs every command with --help.
func forEachCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: for-each-command")
	}
	commands := []string{
		"run", "check", "targets", "plugin", "plugin new", "plugin test", "hostinfo", "flush", "schedule", "schedule show", "schedule fetch",
		"spool", "spool status", "spool list", "spool retry", "spool drop", "spool export", "spool import-receipt", "status", "last", "setup", "install", "uninstall", "version",
	}
	for _, c := range commands {
		ts.Check(ts.Exec("virgo", append(strings.Fields(c), "--help")...))
		out := ts.ReadFile("stdout")
		if !strings.HasPrefix(out, "Usage: virgo "+c) {
			ts.Fatalf("virgo %s --help begins with %.60q", c, out)
		}
		if !strings.HasSuffix(out, agent.ExitCodes) {
			ts.Fatalf("virgo %s --help does not end with the exit codes", c)
		}
	}
}

// fakeCrontab acts as crontab(1), with the file $CRONTAB.
func fakeCrontab() {
	path := os.Getenv("CRONTAB")
	fail := func(text string) {
		fmt.Fprintln(os.Stderr, text)
		os.Exit(1)
	}
	if os.Getenv("CRONTAB_FAILS") != "" {
		fail("crontab: you are not allowed to use this program")
	}
	switch {
	case len(os.Args) == 2 && os.Args[1] == "-l":
		b, err := os.ReadFile(path)
		if err != nil {
			fail("no crontab for tester")
		}
		os.Stdout.Write(b)
	case len(os.Args) == 2 && !strings.HasPrefix(os.Args[1], "-"):
		b, err := os.ReadFile(os.Args[1])
		if err == nil {
			err = os.WriteFile(path, b, 0o600)
		}
		if err != nil {
			fail(err.Error())
		}
	default:
		fail("crontab: usage")
	}
}
