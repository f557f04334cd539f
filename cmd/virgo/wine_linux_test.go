package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"virgo/collect/collecttest"
)

// Wine is not Windows, but shows more than a successful build.
func TestWindowsProgramInWine(t *testing.T) {
	collecttest.Thorough(t, "starts Wine, which takes half a minute")
	program, err := exec.LookPath("wine")
	if err != nil {
		t.Skip("wine is not installed (Debian: apt-get install --no-install-recommends wine wine64)")
	}
	w := wine{t: t, program: program, dir: t.TempDir()}
	w.build(w.dir, "virgo/cmd/virgo", "virgo/cmd/virgo-run")
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
	for name, program := range map[string]string{"alone": "", "hangs": hangingProgram} {
		folder := filepath.Join(w.dir, name)
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Link(filepath.Join(w.dir, "virgo-run.exe"), filepath.Join(folder, "virgo-run.exe")); err != nil {
			t.Fatal(err)
		}
		if program != "" {
			w.build(filepath.Join(folder, "virgo.exe"), collecttest.WriteFile(t, folder, "main.go", program))
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
		out, code := w.run(args...)
		if code != tt.code || !strings.Contains(out, tt.want) {
			t.Errorf("%s ended with %d and printed %q; want %d and %q", strings.Join(args, " "), code, out, tt.code, tt.want)
		}
	}
	w.hangingVirgo()
}

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

// hangingVirgo tests that a virgo that hangs ends when virgo-run ends it, and when virgo-run is killed.
// The end of a connection shows the end of the process that has it.
func (w wine) hangingVirgo() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	defer l.Close()
	for _, killed := range []bool{false, true} {
		deadline := "--deadline=1ms"
		if killed {
			deadline = "--deadline=1h"
		}
		ctx, cancel := context.WithTimeout(context.Background(), wineTime)
		defer cancel()
		out := w.output()
		cmd := w.command(ctx, out, `hangs\virgo-run.exe`, deadline, "--nonsense="+l.Addr().String())
		if err := cmd.Start(); err != nil {
			w.t.Fatal(err)
		}
		context.AfterFunc(ctx, func() { l.Close() })
		conn, err := l.Accept()
		if err != nil {
			w.t.Fatalf("virgo-run.exe starts no virgo.exe: %v: %s", err, w.read(out))
		}
		defer conn.Close()
		if killed {
			if err := cmd.Process.Kill(); err != nil {
				w.t.Fatal(err)
			}
		}
		_ = cmd.Wait() // its exit code is looked at below
		if text := w.read(out); !killed && (cmd.ProcessState.ExitCode() != 1 || !strings.Contains(text, "did not end by itself")) {
			w.t.Errorf("virgo-run.exe ended with %d and printed %q", cmd.ProcessState.ExitCode(), text)
		}
		if deadline, ok := ctx.Deadline(); ok {
			_ = conn.SetReadDeadline(deadline)
		}
		if _, err := conn.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) {
			w.t.Errorf("virgo.exe still runs; virgo-run.exe was killed: %v", killed)
		}
	}
}

// build builds Windows programs from packages or a file.
func (w wine) build(to string, what ...string) {
	w.t.Helper()
	build := exec.Command("go", append([]string{"build", "-o", to}, what...)...)
	build.Env = append(os.Environ(), "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		w.t.Fatalf("building %s: %v: %s", what, err, out)
	}
}

// wine is a Wine prefix in dir.
type wine struct {
	t            *testing.T
	program, dir string
}

// wineTime bounds one program in Wine: the first start creates the C: drive.
const wineTime = 2 * time.Minute

func (w wine) drive() string { return filepath.Join(w.dir, "prefix", "drive_c") }

// prepare creates the C: drive and adds what this Wine lacks.
func (w wine) prepare() {
	if out, code := w.run("wineboot", "--init"); code != 0 {
		w.t.Fatalf("wine is installed and does not start (%d): %s", code, out)
	}
	w.t.Cleanup(func() { w.run("wineboot", "--kill") })
	// Go programs need this library, which Wine before 8.17 does not have.
	path := filepath.Join(w.drive(), "windows", "system32", "bcryptprimitives.dll")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if err := os.WriteFile(path, forwarder("bcryptprimitives.dll", "ProcessPrng", "ADVAPI32.SystemFunction036"), 0o644); err != nil {
			w.t.Fatal(err)
		}
	}
}

// run runs a Windows program and returns its output and exit code, -1 if it did not end by itself.
func (w wine) run(args ...string) (string, int) {
	ctx, cancel := context.WithTimeout(context.Background(), wineTime)
	defer cancel()
	out := w.output()
	cmd := w.command(ctx, out, args...)
	err := cmd.Run()
	output := w.read(out)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		w.t.Fatal(err)
	}
	return output, cmd.ProcessState.ExitCode()
}

// command returns a command that runs a Windows program in the folder with its output in a file.
func (w wine) command(ctx context.Context, out *os.File, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, w.program, args...)
	cmd.Dir = w.dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + w.dir, "WINEPREFIX=" + filepath.Join(w.dir, "prefix"),
		"WINEDEBUG=-all", "WINEDLLOVERRIDES=mscoree,mshtml=", // do not offer to install .NET or a browser
	}
	cmd.Stdout, cmd.Stderr = out, out
	return cmd
}

// output returns a file for output. It is not a pipe: Wine's server outlives the program and keeps it
// open.
func (w wine) output() *os.File {
	out, err := os.CreateTemp(w.dir, "out")
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

// read closes a file of output and returns its text.
func (w wine) read(out *os.File) string {
	out.Close()
	text, err := os.ReadFile(out.Name())
	if err != nil {
		w.t.Fatal(err)
	}
	return string(text)
}

// forwarder returns a library (PE32+, no code) that forwards its only export to another library, see
// Microsoft's "PE Format".
func forwarder(library, export, to string) []byte {
	const (
		onDisk   = 0x200  // size of the headers, and of the one section
		inMemory = 0x1000 // address of the section
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
