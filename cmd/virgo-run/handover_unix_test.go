//go:build unix

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"virgo/cmd/internal/footprint"
)

// flowStyle is YAML beyond the plain kind.
const flowStyle = "{agent_id: a}\n"

// What is found before the splay is virgo's with the whole command line, once; what is found after it,
// with no splay and the time that is left.
func TestHandOverPassesTheCommandLine(t *testing.T) {
	for _, tt := range []struct {
		name, config, checks string
		env, args, want      []string
	}{
		{"unknown flag", "", "", nil, []string{"--splay=30s", "--deadline=20s", "--nonsense"}, nil},
		{"unknown word", "", "", nil, []string{"status", "-v", "--state=" + "s"}, nil},
		{"VIRGO_JSON", "", "", []string{"VIRGO_JSON=1"}, []string{"--splay", "--strict"}, nil},
		{"virgo.yaml", flowStyle, "", nil, []string{"--splay", "--deadline", "20s", "--no-deliver"}, nil},
		{"virgo.yaml, no flags", flowStyle, "", nil, nil, nil},
		{"virgo.yaml and checks.d", flowStyle, "{}", nil, []string{"--splay=59s"}, nil},
		{"checks.d", "", "{}", nil, []string{"--splay=1ms", "--deadline=20s", "--strict", "--state="}, []string{"--splay=0s", "--deadline="}},
		{"checks.d, no flags", "", "{}", nil, nil, []string{"--splay=0s", "--deadline="}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newCouple(t, "exit 0")
			if tt.config != "" {
				c.write("virgo.yaml", tt.config)
			}
			if tt.checks != "" {
				c.write("checks.d/mem.yaml", tt.checks)
			}
			c.env = append(c.env, tt.env...)
			if i := slices.Index(tt.args, "--state="); i >= 0 {
				tt.args[i] += c.path("other state")
			}
			code, stdout, stderr := c.run(tt.args...)
			s := c.record()
			if code != 0 || s == nil || stdout != "output of the fake virgo\n" || strings.TrimPrefix(stderr, firstLineIf(slices.Contains(tt.args, "-v"), stderr)) != "errors of the fake virgo\n" {
				t.Fatalf("exit code %d, start %+v, output %q, errors %q", code, s, stdout, stderr)
			}
			got, want := s.Args, append([]string{c.path("virgo"), "run"}, tt.args...)
			if tt.want != nil {
				limit := 50 * time.Second
				if slices.Contains(tt.args, "--deadline=20s") {
					limit = 20 * time.Second
				}
				last := len(got) - 1
				text, ok := strings.CutPrefix(got[last], "--deadline=")
				left, err := time.ParseDuration(text)
				if !ok || err != nil || left <= 0 || left >= limit {
					t.Errorf("the last argument is %q, want what is left of %s", got[last], limit)
				}
				got, want = got[:last], append(want, tt.want[:1]...)
			}
			if !slices.Equal(got, want) {
				t.Errorf("arguments %q, want %q", got, want)
			}
			if files, err := filepath.Glob(c.path("*state/*")); err != nil || len(files) > 0 {
				t.Errorf("virgo-run wrote %v (%v)", files, err)
			}
		})
	}
}

// firstLineIf returns the first line of a text if there is one of --verbose.
func firstLineIf(verbose bool, text string) string {
	if !verbose {
		return ""
	}
	line, _, _ := strings.Cut(text, "\n")
	return line + "\n"
}

// virgo gets the streams, the folder and the environment, without what is for virgo-run alone.
func TestHandOverPassesTheEnvironment(t *testing.T) {
	for _, processors := range []string{"GOMAXPROCS=1", "GOMAXPROCS=4"} {
		c := newCouple(t, "exit 0")
		c.env = append(c.env, processors, "SECRET=s")
		cmd := c.command("--nonsense")
		cmd.Dir, cmd.Stdin = t.TempDir(), strings.NewReader("input")
		if code, _, stderr := c.finish(cmd); code != 0 {
			t.Fatalf("exit code %d: %s", code, stderr)
		}
		s := c.record()
		if s.In != "input" || s.Folder != cmd.Dir || s.Name != "" && s.Name != "virgo" {
			t.Errorf("input %q, folder %q, name %q", s.In, s.Folder, s.Name)
		}
		want := slices.DeleteFunc(slices.Clone(c.env), func(pair string) bool { return pair == footprint.OneProcessor })
		slices.Sort(s.Env)
		slices.Sort(want)
		s.Env = slices.DeleteFunc(s.Env, func(pair string) bool { return strings.HasPrefix(pair, "PWD=") })
		if !slices.Equal(s.Env, want) {
			t.Errorf("environment %q, want %q", s.Env, want)
		}
	}
}

func TestHandOverPassesTheExitCode(t *testing.T) {
	for code := range 6 {
		c := newCouple(t, fmt.Sprint("exit ", code))
		if got, _, stderr := c.run("--nonsense"); got != code || stderr != "errors of the fake virgo\n" {
			t.Errorf("exit code %d and %q, want %d", got, stderr, code)
		}
	}
	c := newCouple(t, "killed")
	got, _, stderr := c.run("--nonsense")
	if want := "errors of the fake virgo\nvirgo: error: " + c.path("virgo") + " died: signal: killed\n"; got != 128+9 || stderr != want {
		t.Errorf("exit code %d and %q, want %q", got, stderr, want)
	}
}

// A virgo that cannot be used is not started; the error says why, and what to do.
func TestVirgoThatIsNotStarted(t *testing.T) {
	for _, tt := range []struct {
		name        string
		change      func(t *testing.T, path string) error
		error, hint string
		root        bool // only root can make it so
	}{
		{"missing", func(_ *testing.T, path string) error { return os.Remove(path) },
			`the program virgo is not in "DIR"`, "install virgo beside virgo-run; without it, ", false},
		{"another build", otherBuild,
			"DIR/virgo is of another build than virgo-run", "install both programs of one release", false},
		{"empty", func(_ *testing.T, path string) error { return os.Truncate(path, 0) },
			"DIR/virgo is of another build than virgo-run", "install both programs of one release", false},
		{"not executable", func(_ *testing.T, path string) error { return os.Chmod(path, 0o644) },
			"DIR/virgo is not executable (mode 0644)", "chmod a+rx DIR/virgo", false},
		{"unreadable", func(_ *testing.T, path string) error { return os.Chmod(path, 0o111) },
			"open DIR/virgo: permission denied", "chmod a+rx DIR/virgo", false},
		{"group may write", func(_ *testing.T, path string) error { return os.Chmod(path, 0o775) },
			"DIR/virgo is writable by others (mode 0775)", "chmod go-w DIR/virgo", false},
		{"others may write", func(_ *testing.T, path string) error { return os.Chmod(path, 0o757) },
			"DIR/virgo is writable by others (mode 0757)", "chmod go-w DIR/virgo", false},
		{"another owner", func(_ *testing.T, path string) error { return os.Chown(path, 4711, 0) },
			"DIR/virgo belongs to user 4711, who could change it", "chown root DIR/virgo", true},
		{"a folder", func(_ *testing.T, path string) error { return errors.Join(os.Remove(path), os.Mkdir(path, 0o755)) },
			"DIR/virgo is not a regular file", "install ", false},
		{"a pipe", func(_ *testing.T, path string) error {
			return errors.Join(os.Remove(path), syscall.Mkfifo(path, 0o755))
		},
			"DIR/virgo is not a regular file", "install ", false},
		{"a link to nothing", func(_ *testing.T, path string) error {
			return errors.Join(os.Remove(path), os.Symlink("nothing", path))
		}, "DIR/virgo is a symbolic link to a file that does not exist", "install it beside virgo-run", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.root && os.Geteuid() != 0 {
				t.Skip("only root can give a file to another user")
			}
			c := newCouple(t, "exit 0")
			if err := tt.change(t, c.path("virgo")); err != nil {
				t.Fatal(err)
			}
			for reason, change := range map[string]func(cmd *exec.Cmd){
				`virgo-run does not know the argument "--nonsense"`: func(cmd *exec.Cmd) { cmd.Args = append(cmd.Args, "--nonsense") },
			} {
				c.write("virgo.yaml", "agent_id: a\n")
				c.write("checks.d/mem.yaml", "id: mem\ntype: agent.memory\nperiod: 86400\n")
				cmd := c.command()
				change(cmd)
				if os.Geteuid() == 0 && !tt.root { // root may read and execute what others may not
					chownTree(t, c.dir)
					cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: ordinaryUser, Gid: ordinaryUser}}
				}
				code, stdout, stderr := c.finish(cmd)
				in := strings.NewReplacer("DIR", c.dir)
				first := in.Replace("virgo: error: " + reason + "; virgo, which may understand it, cannot be started: ")
				lines := strings.Split(stderr, "\n")
				if code != 2 || stdout != "" || len(lines) != 3 || !strings.HasPrefix(lines[0], first) ||
					!strings.HasSuffix(lines[0], in.Replace(tt.error)) || !strings.HasPrefix(lines[1], in.Replace("virgo: hint: "+tt.hint)) {
					t.Errorf("exit code %d, output %q, errors\n%s\nwant\n%s… %s\nvirgo: hint: %s", code, stdout, stderr, first, tt.error, tt.hint)
				}
			}
			if c.record() != nil {
				t.Error("it was started")
			}
		})
	}
}

func chownTree(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, ordinaryUser, ordinaryUser)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Both programs may be symbolic links, to one folder or to several.
func TestVirgoBehindLinks(t *testing.T) {
	for _, tt := range []struct{ name, link, to string }{
		{"virgo is a link", "virgo", "elsewhere/virgo"},
		{"virgo-run is a link", "virgo-run", "elsewhere/virgo-run"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newCouple(t, "exit 3")
			if err := os.Mkdir(c.path("elsewhere"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(c.path(tt.link), c.path(tt.to)); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(tt.to, c.path(tt.link)); err != nil {
				t.Fatal(err)
			}
			if tt.link == "virgo-run" { // the real virgo-run has the virgo beside it
				if err := os.Rename(c.path("virgo"), c.path("elsewhere/virgo")); err != nil {
					t.Fatal(err)
				}
			}
			if code, _, stderr := c.run("--nonsense"); code != 3 {
				t.Errorf("exit code %d: %s", code, stderr)
			}
		})
	}
}

// Who owns virgo-run could change it, so a virgo of the same owner gains nothing.
func TestVirgoOfTheOwnerOfVirgoRun(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file to another user")
	}
	c := newCouple(t, "exit 3")
	for _, name := range []string{"virgo", "virgo-run"} {
		if err := os.Chown(c.path(name), 4711, 4711); err != nil {
			t.Fatal(err)
		}
	}
	if code, _, stderr := c.run("--nonsense"); code != 3 {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}

// A virgo that does not end gets SIGTERM some seconds after its deadline, and is then killed.
func TestVirgoThatHangs(t *testing.T) {
	for _, tt := range []struct {
		name, end string
		prepare   func(c *couple) []string
	}{
		{"unknown flag", "hang", func(*couple) []string { return []string{"--nonsense", "--deadline=1ms"} }},
		{"VIRGO_JSON", "on a signal", func(c *couple) []string {
			c.env = append(c.env, "VIRGO_JSON=1")
			return []string{"--deadline=1ms"}
		}},
		{"virgo.yaml", "hang", func(c *couple) []string {
			c.write("virgo.yaml", flowStyle)
			return []string{"--splay=1ms", "--deadline=1ms"}
		}},
		{"checks.d", "hang", func(c *couple) []string {
			c.write("checks.d/mem.yaml", "{}")
			return []string{"--splay=1ms", "--deadline=1ms"}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newCouple(t, tt.end)
			code, _, stderr := c.run(tt.prepare(c)...)
			if code != 1 || !strings.Contains(stderr, "virgo: error: "+c.path("virgo")+" did not end by itself within ") ||
				!strings.Contains(stderr, "virgo: hint: virgo status shows what is stored") {
				t.Errorf("exit code %d: %s", code, stderr)
			}
			if s := c.record(); s == nil || syscall.Kill(s.Pid, 0) == nil {
				t.Errorf("virgo still runs: %+v", s)
			}
		})
	}
}

// SIGTERM is passed on. SIGINT is not, because a terminal sends it to both; virgo-run waits for virgo.
func TestHandOverAndSignals(t *testing.T) {
	for _, tt := range []struct {
		name, end string
		send      func(virgoRun, virgo int) error
		code      int
	}{
		{"SIGTERM", "on a signal", func(virgoRun, _ int) error { return syscall.Kill(virgoRun, syscall.SIGTERM) }, onSIGTERM},
		{"SIGINT of a terminal", "hang", func(virgoRun, _ int) error { return syscall.Kill(-virgoRun, syscall.SIGINT) }, 130},
		{"SIGINT of virgo-run alone", "on a signal", func(virgoRun, virgo int) error {
			return errors.Join(syscall.Kill(virgoRun, syscall.SIGINT), syscall.Kill(virgoRun, syscall.SIGINT), syscall.Kill(virgo, syscall.SIGHUP))
		}, onSIGHUP},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newCouple(t, tt.end)
			cmd := c.command("--nonsense")
			cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			s := c.awaitRecord()
			err := tt.send(cmd.Process.Pid, s.Pid)
			if code := exitCode(t, cmd.Wait()); code != tt.code || err != nil {
				t.Errorf("exit code %d, want %d; %v", code, tt.code, err)
			}
			if syscall.Kill(s.Pid, 0) == nil {
				t.Error("virgo still runs")
			}
		})
	}
}

// Whoever can put a program beside virgo-run, or replace the folder of both, does not have it started.
func TestVirgoInAFolderOfOthers(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(dir string) error
	}{
		{"its folder", func(dir string) error { return os.Chmod(dir, 0o777) }},
		{"the folder above", func(dir string) error { return os.Chmod(filepath.Dir(dir), 0o777) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newCouple(t, "exit 0")
			above := filepath.Join(c.dir, "above")
			programs := filepath.Join(above, "programs")
			if err := errors.Join(os.MkdirAll(programs, 0o755), os.Rename(c.path("virgo"), programs+"/virgo"), os.Rename(c.path("virgo-run"), programs+"/virgo-run")); err != nil {
				t.Fatal(err)
			}
			if err := tt.change(programs); err != nil {
				t.Fatal(err)
			}
			cmd := c.command("--nonsense")
			cmd.Path = programs + "/virgo-run"
			code, _, stderr := c.finish(cmd)
			if code != 2 || !strings.Contains(stderr, "is writable by others (mode 0777)") || !strings.Contains(stderr, "virgo: hint: chmod go-w "+above) {
				t.Errorf("exit code %d, %s", code, stderr)
			}
			if c.record() != nil {
				t.Error("it was started")
			}
		})
	}
}
