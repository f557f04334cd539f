package plugin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"virgo/collect"
	"virgo/schedule"
)

// roleVariable makes the test binary act as a plugin.
const roleVariable = "PLUGIN_TEST_ROLE"

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		os.Exit(runRole(role, os.Args[1:]))
	}
	os.Exit(m.Run())
}

// runRole is the main function of a plugin's process.
func runRole(role string, args []string) int {
	child := func(role string) *exec.Cmd {
		cmd := exec.Command(os.Args[0], args...)
		cmd.Env = append(os.Environ(), roleVariable+"="+role)
		cmd.Stdout = os.Stdout
		return cmd
	}
	switch role {
	case "args":
		_, err := io.ReadFull(os.Stdin, make([]byte, 1))
		fmt.Printf("status %q %v %s %s\n", args, err, os.Getenv("RAX_CHECK_ID"), os.Getenv("VIRGO_TOKEN"))
	case "fail":
		return 7
	case "connect": // keeps a connection open until the process or the test ends
		conn, err := net.Dial("tcp", args[0])
		if err != nil {
			return 1
		}
		conn.Write([]byte("r"))
		io.Copy(io.Discard, conn)
	case "parent":
		return child("connect").Run().(*exec.ExitError).ExitCode()
	case "leave":
		fmt.Println("status left something behind")
		if child("connect").Start() != nil {
			return 1
		}
	}
	return 0
}

// folder returns a plugin folder that contains the test binary as p.exe.
func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	b, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"p.exe":       string(b),
		"a batch.bat": "@echo status %~1 %~2 %RAX_CHECK_ID%\r\n@exit /b 0\r\n",
		"fail.cmd":    "@exit /b 7\r\n",
		"pass.bat":    "@\"%~dp0p.exe\" %*\r\n",
		"readme.txt":  "",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func checkIn(ctx context.Context, dir, role string, details schedule.Details) (collect.Report, error) {
	typ := Type(Options{Dir: dir, Environ: append(os.Environ(), roleVariable+"="+role, "VIRGO_TOKEN=secret")})
	return typ.Checker.Check(ctx, collect.Request{Check: schedule.Check{ID: "ch1", Timeout: time.Minute, Details: details}})
}

func TestPluginRuns(t *testing.T) {
	dir := folder(t)
	special := []any{"a b", "", "a&echo", `C:\x\`, "^|<>", "!x!"}
	const quoted = `["a b" "" "a&echo" "C:\\x\\" "^|<>" "!x!"] EOF ch1`
	for _, tt := range []struct {
		file, role string
		args       []any
		want       string
	}{
		{"p.exe", "args", special, quoted},
		{"P.EXE", "args", []any{`say "hi" 100%`}, `["say \"hi\" 100%"] EOF ch1`},
		{"pass.bat", "args", special, quoted},
		{"a batch.bat", "none", []any{"b c", "d"}, "b c d ch1"},
		{"a batch.bat", "none", []any{"100%"}, `detail "args": a batch file cannot take '%' in an argument`},
		{"a batch.bat", "none", []any{`"&calc`}, `detail "args": a batch file cannot take '"' in an argument`},
		{"p.exe", "fail", nil, "Plugin exited with non-zero status code (code=7)"},
		{"fail.cmd", "none", nil, "Plugin exited with non-zero status code (code=7)"},
		{"gone.exe", "none", nil, "Plugin exited with non-zero status code (code=-127)"},
		{"readme.txt", "none", nil, `detail "file": readme.txt is not one of .exe, .bat, .cmd, .ps1, .py`},
		{`..\p.exe`, "none", nil, `detail "file": "..\\p.exe" leads out of the plugin folder`},
		{`C:\Windows\System32\cmd.exe`, "none", nil, `detail "file": "C:\\Windows\\System32\\cmd.exe" leads out of the plugin folder`},
		{`\p.exe`, "none", nil, `detail "file": "\\p.exe" leads out of the plugin folder`},
		{`p.exe:stream.exe`, "none", nil, `detail "file": "p.exe:stream.exe" leads out of the plugin folder`},
		{`fail.cmd.`, "none", nil, `detail "file": "fail.cmd." leads out of the plugin folder`},
		{"NUL", "none", nil, `detail "file": "NUL" leads out of the plugin folder`},
	} {
		r, err := checkIn(t.Context(), dir, tt.role, schedule.Details{"file": tt.file, "args": tt.args})
		got := strings.TrimSpace(r.Status) + errText(err)
		if i := strings.Index(got, ": there is no file"); i > 0 {
			got = got[:i]
		}
		if got != tt.want {
			t.Errorf("%s %q: %q, want %q", tt.file, tt.args, got, tt.want)
		}
	}
}

func TestTargets(t *testing.T) {
	got, err := Type(Options{Dir: folder(t)}).Checker.(collect.Targeter).Targets(t.Context())
	if want := []string{"a batch.bat", "fail.cmd", "p.exe", "pass.bat"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v", got, err)
	}
}

// TestStopEndsJob: when a plugin is stopped, all processes that it started end.
func TestStopEndsJob(t *testing.T) {
	dir := folder(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, role := range []string{"connect", "parent"} {
		ctx, cancel := context.WithCancel(t.Context())
		conns := make(chan net.Conn, 1)
		go func() {
			conn, err := l.Accept()
			if err == nil {
				io.ReadFull(conn, make([]byte, 1))
				conns <- conn
			}
			cancel()
		}()
		_, err := checkIn(ctx, dir, role, schedule.Details{"file": "p.exe", "args": []any{l.Addr().String()}})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("%s: %v", role, err)
		}
		conn := <-conns
		conn.SetReadDeadline(time.Now().Add(30 * time.Second)) // a process that is left is a failure, not a hang
		if _, err := conn.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: a process is left", role)
		}
		conn.Close()
	}
	_, err = checkIn(t.Context(), dir, "connect", schedule.Details{"file": "p.exe", "args": []any{l.Addr().String()}, "timeout": 300})
	if want := "Plugin didn't finish in 0.3 seconds"; errText(err) != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// TestDetachedProcess: a process that a plugin leaves running does not delay the check and is not
// ended.
func TestDetachedProcess(t *testing.T) {
	dir := folder(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	r, err := checkIn(t.Context(), dir, "leave", schedule.Details{"file": "p.exe", "args": []any{l.Addr().String()}})
	if err != nil || r.Status != "left something behind" {
		t.Errorf("status %q, error %v", r.Status, err)
	}
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil {
		t.Errorf("the detached process has ended: %v", err)
	}
}
