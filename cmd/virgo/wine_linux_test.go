package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"virgo/collect/collecttest"
	"virgo/spool/winetest"
)

// Wine is not Windows, but shows more than a successful build.
func TestWindowsProgramInWine(t *testing.T) {
	w := winetest.New(t)
	w.Build(w.Dir, "virgo/cmd/virgo", "virgo/cmd/virgo-run")
	plugins := filepath.Join(w.Drive(), "ProgramData", "virgo", "plugins")
	if err := os.MkdirAll(plugins, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"a batch.bat": "@echo status %~1 %~2 %RAX_CHECK_TYPE%\r\n@exit /b 0\r\n",
		"fails.cmd":   "@exit /b 7\r\n",
	} {
		if err := os.WriteFile(filepath.Join(plugins, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, program := range map[string]string{"alone": "", "hangs": hangingProgram} {
		folder := filepath.Join(w.Dir, name)
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Link(filepath.Join(w.Dir, "virgo-run.exe"), filepath.Join(folder, "virgo-run.exe")); err != nil {
			t.Fatal(err)
		}
		if program != "" {
			w.Build(filepath.Join(folder, "virgo.exe"), collecttest.WriteFile(t, folder, "main.go", program))
		}
	}
	for _, tt := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"version"}, 0, "windows/amd64"},
		{[]string{"check", "agent.memory"}, 0, "agent.memory  available  success"},
		{[]string{"check", "--list"}, 0, "not available on this system: load average"},
		{[]string{"check", "agent.filesystem", `target=c:\`}, 0, "agent.filesystem  available  success"},
		{[]string{"check", "agent.load_average"}, 1, "Load Average checks are not supported on Windows."},
		{[]string{"check", "agent.plugin", "file=a batch.bat", `args="b c" d`}, 0, "b c d agent.plugin"},
		{[]string{"check", "agent.plugin", "file=fails.cmd"}, 1, "Plugin exited with non-zero status code (code=7)"},
		{[]string{"check", "agent.plugin", "file=fails.cmd", "run_as=nobody"}, 1, `detail "run_as": not supported on Windows`},
		{[]string{"check", "remote.tcp", "target=127.0.0.1", "port=1"}, 1, "connecting to 127.0.0.1:1: "},
		{[]string{"hostinfo", "hostname"}, 0, `"error": null`},
		{[]string{"plugin", "new", "disk"}, 0, `plugins\disk.ps1`},
		{[]string{"run", "--verbose"}, 0, "agent.memory"},
		{[]string{"spool", "status"}, 0, "results wait"},
		{[]string{"install", "--print"}, 0, `virgo-run.exe</Command>`},
		{[]string{"virgo-run.exe", "--verbose", `--state=C:\second`}, 0, "agent.memory"},
		{[]string{"virgo-run.exe", "--json", `--state=C:\third`}, 0, `"check_type": "agent.memory"`},
		{[]string{"virgo-run.exe", "--json", "--strict"}, 2, "no endpoint is configured"},
		{[]string{`alone\virgo-run.exe`, "--json"}, 2, "virgo, which may understand it, cannot be started: the program virgo.exe is not in"},
	} {
		args := tt.args
		if !strings.HasSuffix(args[0], ".exe") {
			args = append([]string{"virgo.exe"}, args...)
		}
		out, code := w.Run(args...)
		if code != tt.code || !strings.Contains(out, tt.want) {
			t.Errorf("%s ended with %d and printed %q; want %d and %q", strings.Join(args, " "), code, out, tt.code, tt.want)
		}
	}
	testRepair(t, w)
	testFolders(t, w)
	testUnsafeFiles(t, w)
	testStateElsewhere(t, w)
	testUpgrade(t, w)
	testHangingVirgo(t, w)
}

// testRepair tests that the next run repairs a damaged spool with what is in it.
func testRepair(t *testing.T, w *winetest.Wine) {
	t.Helper()
	path := filepath.Join(w.Drive(), "ProgramData", "virgo", "state", "virgo.db")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	clear(b[:8<<10]) // both headers
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, code := w.Run("virgo.exe", "run"); code != 5 || !strings.Contains(out, "results were saved to a new one, an unknown number is lost") {
		t.Errorf("with a damaged spool, virgo run ended with %d and printed %q", code, out)
	}
	kept, err := os.ReadFile(path + ".damaged-1")
	if err != nil || !bytes.Equal(kept, b) {
		t.Errorf("%d bytes of %d are kept of the damaged file: %v", len(kept), len(b), err)
	}
	if out, code := w.Run("virgo.exe", "spool", "status"); code != 0 || strings.Contains(out, "damaged (") || !strings.Contains(out, "results wait") {
		t.Errorf("after the repair, virgo spool status ended with %d and printed %q", code, out)
	}
}

// testUnsafeFiles tests that what others can change steers nothing. Wine shows everybody in a list where
// others may write to the file, and this user as the owner of all files.
func testUnsafeFiles(t *testing.T, w *winetest.Wine) {
	t.Helper()
	const others = " can be changed by "
	for _, tt := range []struct {
		path string // below the drive
		args []string
		code int
		want string
	}{
		{"test/virgo.exe", []string{"virgo-run.exe", "--json", "--strict"}, 2, `C:\test\virgo.exe` + others},
		{"test", []string{"virgo-run.exe", "--json", "--strict"}, 2, `C:\test` + others},
		{"ProgramData/virgo/plugins/a batch.bat", []string{"virgo.exe", "check", "agent.plugin", "file=a batch.bat"}, 1, `C:\ProgramData\virgo\plugins\a batch.bat` + others},
		{"ProgramData/virgo/plugins", []string{"virgo.exe", "check", "agent.plugin", "file=a batch.bat"}, 1, `C:\ProgramData\virgo\plugins` + others},
		{"ProgramData/virgo/virgo.yaml", []string{"virgo.exe", "run", "--strict"}, 2, `C:\ProgramData\virgo\virgo.yaml` + others},
		{"ProgramData/virgo/checks.d/c.yaml", []string{"virgo.exe", "schedule", "show"}, 0, `C:\ProgramData\virgo\checks.d\c.yaml: is not used: it` + others},
		{"", []string{"virgo.exe", "install"}, 2, `SYSTEM would start "C:\\test\\virgo-run.exe": `},
	} {
		path := filepath.Join(w.Drive(), tt.path)
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			text := "[]\n"
			if filepath.Base(path) == "virgo.yaml" {
				text = "agent_id: a\n"
			}
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o600)); err != nil {
				t.Fatal(err)
			}
		}
		info, err := os.Stat(path)
		if err == nil && tt.path != "" {
			err = os.Chmod(path, 0o777)
		}
		if err != nil {
			t.Fatal(err)
		}
		out, code := w.Run(tt.args...)
		if code != tt.code || !strings.Contains(out, tt.want) || !strings.Contains(out, "icacls ") && tt.path != "" {
			t.Errorf("others may write to %s: %s ended with %d and printed %q; want %d and %q",
				tt.path, strings.Join(tt.args, " "), code, out, tt.code, tt.want)
		}
		if err := os.Chmod(path, info.Mode()); err != nil {
			t.Fatal(err)
		}
	}
}

// testFolders tests that folders of earlier versions are protected, and new ones are made so.
func testFolders(t *testing.T, w *winetest.Wine) {
	t.Helper()
	virgo := filepath.Join(w.Drive(), "ProgramData", "virgo")
	if err := os.Chmod(virgo, 0o777); err != nil {
		t.Fatal(err)
	}
	w.Run("virgo.exe", "status")
	// Wine 8 lets a folder inherit from a protected list's parent all the same, when the list is replaced.
	for path, bits := range map[string]fs.FileMode{virgo: 0o002, filepath.Join(virgo, "state"): 0o007} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm()&bits != 0 {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
	for path, args := range map[string][]string{
		"plugins": {"plugin", "new", "a", `--plugins=C:\made\plugins`},
		"config":  {"setup", "--endpoint=127.0.0.1:1", "--token=env:T", "--no-check", `--config=C:\made\config\virgo.yaml`, `--state=C:\made\state`},
	} {
		out, code := w.Run(append([]string{"virgo.exe"}, args...)...)
		for _, path := range []string{"", path} {
			info, err := os.Stat(filepath.Join(w.Drive(), "made", path))
			if err != nil || info.Mode().Perm()&0o007 != 0 {
				t.Errorf("%q: %v, %v; %d %s", args, info, err, code, out)
			}
		}
	}
}

// testStateElsewhere tests that a state folder that others can change is refused, unless an earlier version
// has stored something there: then its list is changed.
func testStateElsewhere(t *testing.T, w *winetest.Wine) {
	t.Helper()
	state := filepath.Join(w.Drive(), "elsewhere")
	if err := errors.Join(os.Mkdir(state, 0o777), os.Chmod(state, 0o777)); err != nil {
		t.Fatal(err)
	}
	const want = `C:\elsewhere can be changed by `
	out, code := w.Run("virgo.exe", "spool", "status", `--state=C:\elsewhere`)
	if code != 2 || !strings.Contains(out, want) || !strings.Contains(out, "icacls ") {
		t.Errorf("others may write to the state: ended with %d and printed %q, want %q", code, out, want)
	}
	b, err := os.ReadFile(filepath.Join(w.Drive(), "ProgramData", "virgo", "state", "virgo.db"))
	if err == nil {
		err = os.WriteFile(filepath.Join(state, "virgo.db"), b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if out, code := w.Run("virgo.exe", "spool", "status", `--state=C:\elsewhere`); code != 0 || !strings.Contains(out, "results wait") {
		t.Errorf("the state of an earlier version: ended with %d and printed %q", code, out)
	}
	if info, err := os.Stat(state); err != nil || info.Mode().Perm()&0o002 != 0 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// hangTime bounds how long a program that hangs runs.
const hangTime = 2 * time.Minute

// hangingProgram is a virgo that connects to the address in its last argument and never ends. The text
// is that of the build that it claims to be.
const hangingProgram = `package main

import (
	"net"
	"os"
	"strings"
)

func main() {
	_, address, _ := strings.Cut(os.Args[len(os.Args)-1], "=")
	conn, err := net.Dial("tcp", address)
	if err != nil {
		panic(err)
	}
	println("virgo-build 0.1.0-dev ;")
	conn.Read(make([]byte, 1)) // nothing comes
}
`

// testHangingVirgo tests that a virgo that hangs ends when virgo-run ends it, and when virgo-run is killed.
// The end of a connection shows the end of the process that has it.
func testHangingVirgo(t *testing.T, w *winetest.Wine) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, killed := range []bool{false, true} {
		deadline := "--deadline=1ms"
		if killed {
			deadline = "--deadline=1h"
		}
		ctx, cancel := context.WithTimeout(context.Background(), hangTime)
		defer cancel()
		out := w.Output()
		cmd := w.Command(ctx, out, `hangs\virgo-run.exe`, deadline, "--nonsense="+l.Addr().String())
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		context.AfterFunc(ctx, func() { l.Close() })
		conn, err := l.Accept()
		if err != nil {
			t.Fatalf("virgo-run.exe starts no virgo.exe: %v: %s", err, w.Read(out))
		}
		defer conn.Close()
		if killed {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
		_ = cmd.Wait() // its exit code is looked at below
		if text := w.Read(out); !killed && (cmd.ProcessState.ExitCode() != 1 || !strings.Contains(text, "did not end by itself")) {
			t.Errorf("virgo-run.exe ended with %d and printed %q", cmd.ProcessState.ExitCode(), text)
		}
		if deadline, ok := ctx.Deadline(); ok {
			_ = conn.SetReadDeadline(deadline)
		}
		if _, err := conn.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("virgo.exe still runs; virgo-run.exe was killed: %v", killed)
		}
	}
}
