package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The Windows program runs: in Wine, which is not Windows, but shows more than a build that passed. Wine is
// no service that the tests ask for: where it is not there, nothing is.
func TestWindowsProgramInWine(t *testing.T) {
	program, err := exec.LookPath("wine")
	if err != nil {
		t.Skip("wine is not installed (Debian: apt-get install --no-install-recommends wine wine64)")
	}
	w := wine{t: t, program: program, dir: t.TempDir()}
	exe := filepath.Join(w.dir, "virgo.exe")
	build := exec.Command("go", "build", "-o", exe, ".")
	build.Env = append(os.Environ(), "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building virgo.exe: %v: %s", err, out)
	}
	w.prepare()
	plugins := filepath.Join(w.drive(), "ProgramData", "virgo", "plugins")
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
	for _, tt := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"version"}, 0, "windows/amd64"},
		{[]string{"check", "agent.memory"}, 0, "agent.memory  available  success"},
		{[]string{"check", "agent.load_average"}, 1, "Load Average checks are not supported on Windows."},
		{[]string{"check", "agent.plugin", "file=a batch.bat", `args="b c" d`}, 0, "b c d agent.plugin"},
		{[]string{"check", "agent.plugin", "file=fails.cmd"}, 1, "Plugin exited with non-zero status code (code=7)"},
		{[]string{"check", "agent.plugin", "file=fails.cmd", "run_as=nobody"}, 1, `detail "run_as": it is not supported on Windows`},
		{[]string{"plugin", "new", "disk"}, 0, `plugins\disk.ps1`},
		{[]string{"run", "--verbose"}, 0, "agent.memory"},
		{[]string{"spool", "status"}, 0, "results wait"},
	} {
		out, code := w.run(append([]string{exe}, tt.args...)...)
		if code != tt.code || !strings.Contains(out, tt.want) {
			t.Errorf("virgo %s ended with %d and said %q; want %d and %q", strings.Join(tt.args, " "), code, out, tt.code, tt.want)
		}
	}
}

// wine is a Windows of the test's own in dir.
type wine struct {
	t            *testing.T
	program, dir string
}

// wineTime bounds one program in Wine: the first start makes the whole C: drive.
const wineTime = 2 * time.Minute

func (w wine) drive() string { return filepath.Join(w.dir, "prefix", "drive_c") }

// prepare makes the C: drive and adds what this Wine lacks.
func (w wine) prepare() {
	if out, code := w.run("wineboot", "--init"); code != 0 {
		w.t.Fatalf("wine is installed and does not start (%d): %s", code, out)
	}
	w.t.Cleanup(func() { w.run("wineboot", "--kill") })
	// Go's programs ask for this library, which Wine before 8.17 has not got.
	path := filepath.Join(w.drive(), "windows", "system32", "bcryptprimitives.dll")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if err := os.WriteFile(path, forwarder("bcryptprimitives.dll", "ProcessPrng", "ADVAPI32.SystemFunction036"), 0o644); err != nil {
			w.t.Fatal(err)
		}
	}
}

// run runs a Windows program and gives what it said and its exit code, -1 where it did not end by itself.
func (w wine) run(args ...string) (string, int) {
	ctx, cancel := context.WithTimeout(context.Background(), wineTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, w.program, args...)
	cmd.Dir = w.dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + w.dir, "WINEPREFIX=" + filepath.Join(w.dir, "prefix"),
		"WINEDEBUG=-all", "WINEDLLOVERRIDES=mscoree,mshtml=", // neither .NET nor a browser is offered
	}
	// A file, not a pipe: Wine's own server outlives the program and holds it open.
	out, err := os.CreateTemp(w.dir, "out")
	if err != nil {
		w.t.Fatal(err)
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	err = cmd.Run()
	said, readErr := os.ReadFile(out.Name())
	if readErr != nil {
		w.t.Fatal(readErr)
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		w.t.Fatal(err)
	}
	return string(said), cmd.ProcessState.ExitCode()
}

// forwarder is a library (PE32+, no code) that has another one answer for its only export. The form is
// Microsoft's "PE Format".
func forwarder(library, export, to string) []byte {
	const (
		onDisk   = 0x200  // size of the headers, and of the one section
		inMemory = 0x1000 // where the section lies
		tables   = 40 + 4 + 4 + 2
	)
	at := uint32(inMemory + tables)
	place := func(s string) (here uint32) {
		here, at = at, at+uint32(len(s))+1
		return here
	}
	libraryAt, exportAt, toAt := place(library), place(export), place(to)
	size := at - inMemory

	var b bytes.Buffer
	put := func(values ...any) {
		for _, v := range values {
			binary.Write(&b, binary.LittleEndian, v) // to memory: never fails
		}
	}
	pad := func(to int) { b.Write(make([]byte, to-b.Len())) }
	// The DOS header: where the PE header is.
	put([]byte("MZ"), make([]byte, 58), uint32(64), []byte("PE\x00\x00"))
	// COFF: amd64, one section, a library for large addresses.
	put(uint16(0x8664), uint16(1), make([]byte, 12), uint16(240), uint16(0x2022))
	// The optional header up to the image's base and alignments, then versions, sizes and stacks.
	put(uint16(0x20b), uint16(0), make([]byte, 4), uint32(onDisk), make([]byte, 8), uint32(inMemory))
	put(uint64(0x6b8000000), uint32(inMemory), uint32(onDisk), uint16(6), make([]byte, 6), uint16(6), make([]byte, 6))
	put(uint32(2*inMemory), uint32(onDisk), uint32(0), uint16(3), uint16(0))
	put(uint64(1<<20), uint64(1<<12), uint64(1<<20), uint64(1<<12), uint32(0), uint32(16))
	// The sixteen data directories, of which exports are the first, and the section's header.
	put(uint32(inMemory), size, make([]byte, 15*8))
	put([]byte(".edata\x00\x00"), size, uint32(inMemory), uint32(onDisk), uint32(onDisk), make([]byte, 12), uint32(0x40000040))
	pad(onDisk)
	// The export directory and its tables of one address, one name and one ordinal.
	put(make([]byte, 12), libraryAt, uint32(1), uint32(1), uint32(1), uint32(inMemory+40), uint32(inMemory+44), uint32(inMemory+48))
	put(toAt, exportAt, uint16(0), []byte(library+"\x00"+export+"\x00"+to+"\x00"))
	pad(2 * onDisk)
	return b.Bytes()
}
