package timerslack

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Every file that starts a child in a run imports this package. Excepted are files of Windows, and
// packages that no timer starts: commands of a person, benchmarks, and support for tests.
func TestEveryStartUsesThisPackage(t *testing.T) {
	starts := []string{"os.StartProcess", "exec.Command", "exec.CommandContext", "syscall.Exec", "unix.Exec", "syscall.ForkExec"}
	excepted := []string{"cmd/internal/timer", "cmd/internal/torture", "cmd/virgo-bench", "cmd/virgo-endpoint"}
	root, found := filepath.Join("..", ".."), 0
	for _, top := range []string{"cmd", "collect"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			dir, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			if d.IsDir() {
				if slices.Contains(excepted, filepath.ToSlash(dir)) || strings.HasSuffix(dir, "test") || d.Name() == "testdata" {
					return fs.SkipDir
				}
				return nil
			}
			if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, "_windows.go") {
				return nil
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			imports := slices.ContainsFunc(file.Imports, func(s *ast.ImportSpec) bool {
				return s.Path.Value == `"virgo/collect/timerslack"`
			})
			for n := range ast.Preorder(file) {
				called, ok := n.(*ast.SelectorExpr)
				if !ok {
					continue
				}
				pkg, ok := called.X.(*ast.Ident)
				if !ok || !slices.Contains(starts, pkg.Name+"."+called.Sel.Name) {
					continue
				}
				found++
				if !imports {
					t.Errorf("%s calls %s.%s: start the child with ForChild", path, pkg.Name, called.Sel.Name)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if found < 4 {
		t.Errorf("only %d starts of a child found, want plugins, programs, workers and statfs children", found)
	}
}
