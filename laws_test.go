// Package virgo holds no code. Its test holds the laws of the house: what a reader may rely on in every room.
package virgo

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// source is one Go file of the tree.
type source struct {
	path string // slash-separated, from the root
	dir  string
	test bool
	file *ast.File
	fset *token.FileSet
	line int
}

func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	fset := token.NewFileSet()
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && p != "." && (strings.HasPrefix(name, ".") || name == "testdata") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") {
			return nil
		}
		f, err := parser.ParseFile(fset, p, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		slash := filepath.ToSlash(p)
		all = append(all, source{
			path: slash, dir: path.Dir(slash), test: strings.HasSuffix(name, "_test.go"),
			file: f, fset: fset, line: fset.Position(f.End()).Line,
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 50 {
		t.Fatalf("only %d Go files found: the laws look at the wrong folder", len(all))
	}
	return all
}

func inCmd(dir string) bool { return dir == "cmd" || strings.HasPrefix(dir, "cmd/") }

func TestEveryPackageHasOneComment(t *testing.T) {
	comments := make(map[string][]string)
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		if _, ok := comments[s.dir]; !ok {
			comments[s.dir] = nil
		}
		if s.file.Doc != nil {
			comments[s.dir] = append(comments[s.dir], s.path)
		}
	}
	for dir, files := range comments {
		if len(files) != 1 {
			t.Errorf("%s: %d package comments %v, want one", dir, len(files), files)
		}
	}
}

// rooms is the import matrix: what a room may import of this module, and why nothing else.
var rooms = []struct {
	dir     string
	below   bool // the folders below it as well
	imports []string
	reason  string
}{
	{"schedule", true, nil, "what is due is decided without knowing who runs, keeps or sends it"},
	{"spool", true, nil, "its records are opaque bytes: what it promises must not depend on what they say"},
	{"transport", false, nil, "params and results are opaque JSON: the session serves any caller"},
	{"transport/transporttest", true, []string{"transport"}, "a fake endpoint speaks frames and nothing else"},
	{"transport/endpoint", true, []string{"transport", "transport/receipt", "schedule"}, "the other side shares the wire and the checks' form, not the agent"},
	{"collect", false, []string{"schedule"}, "a check is run without knowing where its result goes"},
	{"collect/collecttest", true, []string{"collect", "schedule"}, "every family passes the suite, so it may know none"},
	{"collect/host", true, []string{"collect", "collect/collecttest", "collect/program", "schedule"}, "a family knows the runner's contract only"},
	{"collect/plugin", true, []string{"collect", "collect/collecttest", "schedule"}, "a family knows the runner's contract only"},
	{"collect/service", true, []string{"collect", "collect/collecttest", "collect/program", "collect/trust", "schedule"}, "a family knows the runner's contract only"},
	{"collect/remote", true, []string{"collect", "collect/collecttest", "collect/trust", "schedule"}, "a family knows the runner's contract only"},
	{"collect/hostinfo", true, []string{"collect/collecttest", "collect/program"}, "an answer is no check: it has no schedule and no state"},
	{"collect/program", true, nil, "it runs programs and knows nobody who asks"},
	{"collect/trust", true, []string{"collect", "schedule"}, "it reads details and knows no check that has them"},
	{"collect/worker", true, []string{"collect", "collect/collecttest", "schedule"}, "it carries checks to another process and knows none of them"},
}

func TestImportsShowTheArchitecture(t *testing.T) {
	for _, s := range sources(t) {
		for _, r := range rooms {
			if s.dir != r.dir && !(r.below && strings.HasPrefix(s.dir, r.dir+"/")) {
				continue
			}
			for _, imp := range s.file.Imports {
				p, _ := strconv.Unquote(imp.Path.Value)
				own, ok := strings.CutPrefix(p, "virgo/")
				if !ok || own == r.dir || strings.HasPrefix(own, r.dir+"/") || slices.Contains(r.imports, own) {
					continue
				}
				t.Errorf("%s imports %s: %s", s.path, p, r.reason)
			}
		}
	}
}

func TestBackoffHasOneOwner(t *testing.T) {
	var owners []string
	for _, s := range sources(t) {
		for _, imp := range s.file.Imports {
			if strings.Contains(imp.Path.Value, "cenkalti/backoff") {
				owners = append(owners, s.path)
			}
		}
	}
	if len(owners) != 1 {
		t.Errorf("files that import backoff: %v, want one: retries have one owner", owners)
	}
}

func TestOnlyCommandsTouchTheProcess(t *testing.T) {
	banned := map[string]string{
		"os.Exit":      "only main exits, so that every defer runs",
		"log.Fatal":    "only main exits, so that every defer runs",
		"log.Fatalf":   "only main exits, so that every defer runs",
		"log.Fatalln":  "only main exits, so that every defer runs",
		"os.Getenv":    "a setting arrives as an argument",
		"os.LookupEnv": "a setting arrives as an argument",
		"os.Environ":   "a setting arrives as an argument",
	}
	for _, s := range sources(t) {
		if s.test || inCmd(s.dir) || strings.HasSuffix(s.dir, "test") { // collecttest, transporttest: never linked, see below
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := sel.X.(*ast.Ident); ok {
				if why, bad := banned[x.Name+"."+sel.Sel.Name]; bad {
					t.Errorf("%s: %s.%s: %s", s.fset.Position(sel.Pos()), x.Name, sel.Sel.Name, why)
				}
			}
			return true
		})
	}
}

func TestNoInitAndNoMutablePackageState(t *testing.T) {
	vars := make(map[string]map[string]token.Position) // by folder and name
	all := sources(t)
	for _, s := range all {
		if s.test {
			continue
		}
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s: init(): what a package does at start-up, every run pays", s.fset.Position(f.Pos()))
			}
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR {
				continue
			}
			for _, spec := range g.Specs {
				v := spec.(*ast.ValueSpec)
				if sel, ok := v.Type.(*ast.SelectorExpr); ok {
					if x, ok := sel.X.(*ast.Ident); ok && (x.Name == "sync" || x.Name == "atomic") {
						t.Errorf("%s: package-level %s.%s: state belongs to a value", s.fset.Position(v.Pos()), x.Name, sel.Sel.Name)
					}
				}
				for _, n := range v.Names {
					if vars[s.dir] == nil {
						vars[s.dir] = make(map[string]token.Position)
					}
					vars[s.dir][n.Name] = s.fset.Position(n.Pos())
				}
			}
		}
	}
	for _, s := range all {
		if s.test {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				if n.Tok == token.DEFINE {
					return true
				}
				for _, l := range n.Lhs {
					reportAssigned(t, s, vars[s.dir], l)
				}
			case *ast.IncDecStmt:
				reportAssigned(t, s, vars[s.dir], n.X)
			}
			return true
		})
	}
}

// reportAssigned complains of an assignment whose root is a package-level variable.
func reportAssigned(t *testing.T, s source, vars map[string]token.Position, e ast.Expr) {
	for {
		switch x := e.(type) {
		case *ast.IndexExpr:
			e = x.X
			continue
		case *ast.SelectorExpr:
			e = x.X
			continue
		case *ast.StarExpr:
			e = x.X
			continue
		case *ast.ParenExpr:
			e = x.X
			continue
		case *ast.Ident:
			// The parser resolves an identifier that a function declares; only the file's own stay.
			if x.Obj != nil && x.Obj.Decl != nil {
				if _, global := x.Obj.Decl.(*ast.ValueSpec); !global || x.Obj.Pos() != x.Pos() && !samePosition(s, vars[x.Name], x.Obj.Pos()) {
					return
				}
			}
			if p, ok := vars[x.Name]; ok {
				t.Errorf("%s: package-level variable %s (%s) is assigned: state belongs to a value", s.fset.Position(x.Pos()), x.Name, p)
			}
		}
		return
	}
}

func samePosition(s source, p token.Position, pos token.Pos) bool { return s.fset.Position(pos) == p }

func TestFilesStaySmall(t *testing.T) {
	const most, median = 450, 150
	var lines []int
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		lines = append(lines, s.line)
		if s.line > most {
			t.Errorf("%s has %d lines, more than %d: is it one concept?", s.path, s.line, most)
		}
		for _, word := range []string{"util", "common", "helper", "types", "misc"} {
			if strings.Contains(path.Base(s.path), word) || strings.Contains(path.Base(s.dir), word) {
				t.Errorf("%s: %q names no concept", s.path, word)
			}
		}
	}
	slices.Sort(lines)
	if m := lines[len(lines)/2]; m > median {
		t.Errorf("half of the files have more than %d lines, want %d at most", m, median)
	}
}

// notInTheAgent lists what must never be linked into virgo, and why: every run pays for it.
var notInTheAgent = map[string]string{
	"net/http":                      "resident memory follows the size of what is linked",
	"text/template":                 "resident memory follows the size of what is linked",
	"html/template":                 "resident memory follows the size of what is linked",
	"encoding/xml":                  "resident memory follows the size of what is linked",
	"log/slog":                      "virgo prints lines, its endpoint logs",
	"database/sql":                  "the store is the endpoint's",
	"modernc.org/sqlite":            "the store is the endpoint's",
	"testing":                       "a test's part has slipped into the program",
	"virgo/transport/endpoint":      "the other side is another program",
	"virgo/collect/service":         "database drivers and an HTTP client are virgo-checks's",
	"virgo/collect/remote":          "an HTTP client and DNS are virgo-checks's",
	"virgo/collect/hostinfo":        "its parsers and gopsutil's packages are virgo-checks's",
	"virgo/transport/transporttest": "a test's part has slipped into the program",
	"virgo/collect/collecttest":     "a test's part has slipped into the program",
}

func TestTheAgentLinksOnlyWhatItNeeds(t *testing.T) {
	list := exec.Command("go", "list", "-deps", "./cmd/virgo")
	list.Env = append(os.Environ(), "GOOS=linux") // where the budget is measured
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list -deps ./cmd/virgo: %v", err)
	}
	deps := strings.Fields(string(out))
	if len(deps) < 50 {
		t.Fatalf("go list named only %d packages", len(deps))
	}
	for _, d := range deps {
		if why, bad := notInTheAgent[d]; bad {
			t.Errorf("virgo links %s: %s", d, why)
		}
	}
}

func TestModuleReplacesNothing(t *testing.T) {
	b, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for l := range strings.Lines(string(b)) {
		if strings.HasPrefix(strings.TrimSpace(l), "replace") {
			t.Errorf("go.mod: %s: a build must not depend on what lies beside the checkout", strings.TrimSpace(l))
		}
	}
}

func TestTheTopLevelIsWhatTheDesignDraws(t *testing.T) {
	want := []string{
		"cmd", "collect", "schedule", "spool", "testdata", "transport",
		"go.mod", "go.sum", "README.md", "LICENSE", "CHANGELOG.md", "Makefile", "laws_test.go",
	}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && e.Name() != "bin" && !slices.Contains(want, e.Name()) {
			t.Errorf("%s does not belong at the top level", e.Name())
		}
	}
}
