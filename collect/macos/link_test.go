package macos

import (
	"debug/macho"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func imports(t *testing.T) (names []string) {
	t.Helper()
	b, err := os.ReadFile("libsystem_darwin.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`//go:cgo_import_dynamic libc_(\w+) (\w+) "/usr/lib/libSystem.B.dylib"`).FindAllStringSubmatch(string(b), -1) {
		if m[1] != m[2] {
			t.Errorf("%s is imported as %s", m[2], m[1])
		}
		names = append(names, m[2])
	}
	if len(names) < 8 {
		t.Fatalf("only %d imports found: %q", len(names), names)
	}
	return names
}

// Each function that is imported has a jump to it, whose address is in a variable.
func TestEachImportHasAJump(t *testing.T) {
	source, err := os.ReadFile("libsystem_darwin.go")
	if err != nil {
		t.Fatal(err)
	}
	jumps, err := os.ReadFile("libsystem_darwin.s")
	if err != nil {
		t.Fatal(err)
	}
	names := imports(t)
	for _, n := range names {
		jump := "TEXT libc_" + n + "_trampoline<>(SB),NOSPLIT,$0-0\n\tJMP\tlibc_" + n + "(SB)\n" +
			"GLOBL\t·libc_" + n + "_trampoline_addr(SB), RODATA, $8\n" +
			"DATA\t·libc_" + n + "_trampoline_addr(SB)/8, $libc_" + n + "_trampoline<>(SB)\n"
		if !strings.Contains(string(jumps), jump) {
			t.Errorf("no jump to %s", n)
		}
		if got := strings.Count(string(source), "libc_"+n+"_trampoline_addr"); got < 2 {
			t.Errorf("%s is not called", n)
		}
	}
	if got := strings.Count(string(jumps), "TEXT "); got != len(names) {
		t.Errorf("%d jumps for %d imports", got, len(names))
	}
}

// A program for each kind of Mac names the functions in its table of imports.
func TestProgramsImportTheSystemLibrary(t *testing.T) {
	if os.Getenv("VIRGO_TEST") != "all" {
		t.Skip("compiling the standard library for macOS takes a minute: set VIRGO_TEST=all")
	}
	for _, arch := range []string{"amd64", "arm64"} {
		program := filepath.Join(t.TempDir(), arch)
		build := exec.Command("go", "build", "-o", program, "virgo/cmd/virgo")
		build.Env = append(os.Environ(), "GOOS=darwin", "GOARCH="+arch, "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", arch, err, out)
		}
		f, err := macho.Open(program)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		symbols, err := f.ImportedSymbols()
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range imports(t) {
			if !slices.Contains(symbols, "_"+n) {
				t.Errorf("%s: %s is not imported", arch, n)
			}
		}
	}
}
