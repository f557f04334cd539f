package winetest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// startTime bounds one program: the first start creates the drive C:.
const startTime = 2 * time.Minute

// testsTime bounds the tests of one package.
const testsTime = 8 * time.Minute

// A Wine is a drive C: of its own for one test.
type Wine struct {
	// Dir is the folder in which programs run, C:\test.
	Dir string

	t       testing.TB
	prefix  string // the folder of the drive
	program string
}

// New creates a drive C:. It skips the test unless VIRGO_TEST=all asks for it, and where Wine is
// missing.
func New(t testing.TB) *Wine {
	t.Helper()
	if os.Getenv("VIRGO_TEST") != "all" {
		t.Skip("starts Wine, which takes half a minute: VIRGO_TEST=all runs this test")
	}
	program, err := exec.LookPath("wine")
	if err != nil {
		lacks(t, "wine is not installed (Debian: apt-get install --no-install-recommends wine wine64)")
	}
	prefix := filepath.Join(t.TempDir(), "prefix")
	w := &Wine{Dir: filepath.Join(prefix, "drive_c", "test"), t: t, prefix: prefix, program: program}
	if err := os.MkdirAll(w.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	// Wine's server ends 3 s after its last program and resets the connection of a program that starts
	// just then, which a busy machine reaches between two programs. So it stays until the test ends,
	// see wineserver(1).
	w.server("--persistent")
	t.Cleanup(w.stop)
	if out, code := w.Run("wineboot", "--init"); code != 0 {
		t.Fatalf("wine is installed and does not start (%d): %s", code, out)
	}
	// Go programs need this library, which Wine before 8.17 does not have.
	path := filepath.Join(w.Drive(), "windows", "system32", "bcryptprimitives.dll")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if err := os.WriteFile(path, forwarder("bcryptprimitives.dll", "ProcessPrng", "ADVAPI32.SystemFunction036"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// stop ends what runs on the drive, and waits for Wine's server, which writes its registry at the end.
func (w *Wine) stop() {
	w.Run("wineboot", "--kill")
	w.server("--kill")
	w.server("--wait")
}

// server runs a command of Wine's server for this drive.
func (w *Wine) server(command string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	out := w.Output()
	cmd := w.Command(ctx, out)
	cmd.Path, cmd.Args = filepath.Join(filepath.Dir(w.program), "wineserver"), []string{"wineserver", command}
	err := cmd.Run()
	if text := w.Read(out); err != nil {
		w.t.Logf("wineserver %s: %v: %s", command, err, text)
	}
}

func lacks(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("VIRGO_REQUIRE_SERVICES") == "1" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// Drive returns this machine's path of the drive C:.
func (w *Wine) Drive() string { return filepath.Join(w.prefix, "drive_c") }

// Build builds Windows programs from packages or a file.
func (w *Wine) Build(to string, what ...string) {
	w.t.Helper()
	w.build(append([]string{"build", "-o", to}, what...)...)
}

func (w *Wine) build(args ...string) {
	w.t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		w.t.Fatalf("go %s: %v: %s", strings.Join(args, " "), err, out)
	}
}

// RunTests runs the tests of the current package whose names match under Wine; each is a subtest of
// t that fails or is skipped with its output.
func RunTests(t *testing.T, match string) {
	t.Helper()
	w := New(t)
	program := filepath.Join(w.Dir, "package.test.exe")
	w.build("test", "-c", "-overlay", w.overlay(), "-o", program, ".")
	ctx, cancel := context.WithTimeout(context.Background(), testsTime)
	defer cancel()
	out := w.Output()
	cmd := w.Command(ctx, out, program, "-test.v=test2json", "-test.run=^("+match+")$", "-test.timeout="+testsTime.String())
	cmd.Dir = "." // the tests read their testdata
	err := cmd.Run()
	text := w.Read(out)
	results := w.results(text)
	for _, r := range results {
		t.Run(r.name, func(t *testing.T) {
			switch r.outcome {
			case "fail":
				t.Errorf("under Wine:\n%s", r.output)
			case "skip":
				t.Skipf("under Wine:\n%s", r.output)
			}
		})
	}
	if err != nil && !t.Failed() || len(results) == 0 {
		t.Errorf("under Wine: %v:\n%s", err, text)
	}
}

// overlay returns a file for the flag -overlay of go: os.RemoveAll, which ends each t.TempDir, asks
// for the deletion in a way that Wine 8.0 answers with another error (STATUS_NOT_IMPLEMENTED) than
// those upon which package os deletes in the older way.
func (w *Wine) overlay() string {
	w.t.Helper()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		w.t.Fatal(err)
	}
	path := filepath.Join(strings.TrimSpace(string(root)), "src", "internal", "syscall", "windows", "at_windows.go")
	text, err := os.ReadFile(path)
	if err != nil {
		w.t.Fatal(err)
	}
	const list = "case STATUS_INVALID_INFO_CLASS,"
	changed := filepath.Join(w.Dir, "at_windows.go")
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{path: changed}})
	if err != nil {
		w.t.Fatal(err)
	}
	file := filepath.Join(w.Dir, "overlay.json")
	err = errors.Join(
		os.WriteFile(changed, bytes.Replace(text, []byte(list), []byte(list+" NTStatus(0xC0000002),"), 1), 0o600),
		os.WriteFile(file, overlay, 0o600))
	if err != nil {
		w.t.Fatal(err)
	}
	return file
}

// A result is that of one test with its subtests.
type result struct{ name, outcome, output string }

// results reads the output of tests that ran with -test.v=test2json.
func (w *Wine) results(text string) (results []result) {
	w.t.Helper()
	convert := exec.Command("go", "tool", "test2json")
	convert.Stdin = strings.NewReader(text)
	out, err := convert.Output()
	if err != nil {
		w.t.Fatalf("go tool test2json: %v", err)
	}
	output := make(map[string]string)
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var event struct{ Action, Test, Output string }
		if err := d.Decode(&event); err != nil {
			w.t.Fatal(err)
		}
		name, _, sub := strings.Cut(event.Test, "/")
		switch {
		case event.Action == "output":
			output[name] += event.Output
		case name != "" && !sub && slices.Contains([]string{"pass", "fail", "skip"}, event.Action):
			results = append(results, result{name, event.Action, output[name]})
		}
	}
	return results
}

// Run runs a Windows program and returns its output and exit code, -1 if it did not end by itself.
func (w *Wine) Run(args ...string) (string, int) {
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	out := w.Output()
	cmd := w.Command(ctx, out, args...)
	err := cmd.Run()
	output := w.Read(out)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		w.t.Fatal(err)
	}
	return output, cmd.ProcessState.ExitCode()
}

// Command returns a command that runs a Windows program in the folder with its output in a file.
func (w *Wine) Command(ctx context.Context, out *os.File, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, w.program, args...)
	cmd.Dir = w.Dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Dir(w.prefix), "WINEPREFIX=" + w.prefix,
		"WINEDEBUG=-all", "WINEDLLOVERRIDES=mscoree,mshtml=", // do not offer to install .NET or a browser
	}
	cmd.Stdout, cmd.Stderr = out, out
	return cmd
}

// Output returns a file for output. It is not a pipe: Wine's server outlives the program and keeps it
// open.
func (w *Wine) Output() *os.File {
	out, err := os.CreateTemp(w.Dir, "out")
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

// Read closes a file of output and returns its text.
func (w *Wine) Read(out *os.File) string {
	out.Close()
	text, err := os.ReadFile(out.Name())
	if err != nil {
		w.t.Fatal(err)
	}
	return string(text)
}
