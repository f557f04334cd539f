package sourcetest

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"virgo/collect/collecttest"
	"virgo/collect/hostinfo/source"
	"virgo/collect/program"
)

// Tree makes a host of a few files, by name without the first slash. What a program prints is found
// by its command line; one that is not in prints is missing.
func Tree(t testing.TB, files, prints map[string]string) *source.Host {
	t.Helper()
	root := t.TempDir()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(files[name]), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return &source.Host{Root: root, Output: func(_ context.Context, name string, args ...string) ([]byte, error) {
		out, ok := prints[strings.Join(append([]string{name}, args...), " ")]
		if !ok {
			return nil, fmt.Errorf("%s %w", name, program.ErrMissing)
		}
		return []byte(out), nil
	}}
}

// Read returns what a type answers on a host. An error ends the test.
func Read[T any](t testing.TB, h *source.Host, typ source.Type) T {
	t.Helper()
	metrics, err := typ.Read(t.Context(), h)
	if err != nil {
		t.Fatalf("%s: %v", typ.Name, err)
	}
	return metrics.(T)
}

// Find returns the type of that name.
func Find(t testing.TB, types []source.Type, name string) source.Type {
	t.Helper()
	i := slices.IndexFunc(types, func(typ source.Type) bool { return typ.Name == name })
	if i < 0 {
		t.Fatalf("there is no type %s", name)
	}
	return types[i]
}

// Secret stands for a secret in tests: no answer may have it.
const Secret = "hunter2Zq7"

// Lines returns the words of each line that a program of this host prints. Where it is missing the
// test is skipped, or fails, as collecttest.Program says.
func Lines(t testing.TB, debianPackage, name string, args ...string) [][]string {
	t.Helper()
	out, err := exec.Command(collecttest.Program(t, name, debianPackage), args...).Output()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	var all [][]string
	for line := range strings.Lines(string(out)) {
		all = append(all, strings.Fields(line))
	}
	return all
}
