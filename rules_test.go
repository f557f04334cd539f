// Package virgo holds no code. Its tests are the rules that hold in every package.
package virgo

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
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
		t.Fatalf("only %d Go files found: the rules read the wrong folder", len(all))
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

// importRow says what one package may import of this module. A pattern that ends with "/..." stands for the
// package and all below it.
type importRow struct {
	dir     string   // a package, or a pattern
	imports []string // packages or patterns, without the module's name
	tests   []string // what its tests may import besides
	reason  string   // why nothing else
}

// importMatrix has a row for every package; the longest one that fits holds. What lies below a package's own
// folder it may always import.
var importMatrix = []importRow{
	{"schedule", nil, nil, "what is due is decided without knowing who runs, stores or sends it"},
	{"schedule/yaml", []string{"schedule/shorttext"}, nil, "it reads a syntax and knows no schedule"},
	{"schedule/yaml/full", []string{"schedule/yaml"}, nil, "it parses what the plain parser leaves to it"},
	{"schedule/detail", nil, nil, "it describes arguments and reads none"},
	{"schedule/catalog", []string{"schedule", "schedule/detail", "schedule/shorttext"}, nil, "it lists checks for programs that have none"},
	{"schedule/ownership", []string{"schedule/shorttext"}, []string{"spool/winetest"}, "whoever reads a file that steers asks it, so it may know none of them"},
	{"schedule/policy", []string{"schedule", "schedule/capability", "schedule/detail", "schedule/number", "schedule/shorttext", "schedule/yaml"}, []string{"schedule/policy/examples"}, "it decides on checks and runs none"},
	{"schedule/alarm", []string{"schedule", "schedule/shorttext", "schedule/number", "schedule/yaml"}, []string{"schedule/yaml/full"}, "a rule is judged without knowing who stored the values"},
	{"schedule/alarm/criteria", []string{"schedule/shorttext"}, nil, "it translates a text and judges nothing"},
	{"schedule/policy/examples", nil, nil, "they are texts, which the tests of policies judge"},
	{"schedule/shorttext", nil, nil, "everybody may use it, so it may use nobody"},
	{"schedule/capability", []string{"schedule/shorttext"}, nil, "it names what scripts use and decides nothing"},
	{"schedule/semver", nil, nil, "it compares versions of anything"},
	{"schedule/scriptbundle", []string{"schedule", "schedule/capability", "schedule/detail", "schedule/semver", "schedule/shorttext"}, []string{"collect/collecttest"}, "agent and endpoint read the same file, and neither runs a script to do so"},
	{"schedule/signature", []string{"schedule/shorttext"}, []string{"collect/collecttest"}, "it verifies bytes"},
	{"schedule/number/numbertest", nil, nil, "it is the table that both sides are tested with"},
	{"schedule/number", nil, nil, "agent and endpoint share what a number is, and nothing else with it"},

	{"spool/...", nil, nil, "records are opaque bytes: what the spool promises must not depend on what they say"},
	{"spool/lz4", nil, nil, "it compresses bytes: the spool's, a bundle's and the wire's"},
	{"spool/winetest", nil, nil, "it runs any Windows program: whoever has code for Windows tests with it"},
	{"spool/fsynctest", nil, nil, "it reads traces of any program: whoever syncs files tests with it"},

	{"transport", nil, []string{"transport/..."}, "params and results are opaque JSON: the session serves any caller"},
	{"transport/agentkey", nil, []string{"transport/transporttest"}, "both sides of a connection sign and verify with it"},
	{"transport/receipt", []string{"transport"}, []string{"transport/transporttest"}, "a receipt is verified by whoever holds one"},
	{"transport/transporttest", []string{"transport", "transport/agentkey"}, nil, "a fake endpoint speaks frames and nothing else"},

	{"collect", []string{"schedule/..."}, []string{"collect/..."}, "a check runs without knowing where its result goes"},
	{"collect/collecttest", []string{"collect", "schedule/..."}, nil, "every family passes the suite, so it may know none"},
	{"collect/program", []string{"collect/timerslack", "schedule/ownership"}, []string{"collect/collecttest"}, "it runs programs for any caller"},
	{"collect/trust", []string{"collect", "schedule/..."}, []string{"collect/collecttest"}, "it reads details and knows no check that has them"},
	{"collect/worker", []string{"collect", "collect/descriptors", "collect/timerslack", "schedule/..."}, []string{"collect/collecttest"}, "it hands checks to another process and knows none of them"},
	{"collect/script", []string{"collect", "schedule/..."}, []string{"collect/collecttest"}, family},
	{"collect/script/api", []string{"collect", "collect/program", "collect/script", "collect/timerslack", "schedule/..."}, []string{"collect/collecttest"}, "modules know a call and no check"},
	{"collect/script/breach", nil, nil, "programs that link no script know why one ended its process"},
	{"collect/script/limits", []string{"collect/script/breach"}, []string{"collect/collecttest"}, "it limits this process, whatever runs in it"},
	{"collect/script/group", []string{"collect/script/breach"}, []string{"collect/collecttest"}, "it makes control groups and knows nothing of what runs in them"},
	{"collect/script/lint", []string{"collect", "collect/script", "collect/script/api", "schedule/..."}, nil, "it reads scripts and runs none"},
	{"collect/script/trial", []string{"collect", "collect/script", "collect/script/lint", "schedule/..."}, []string{"collect/script/api"}, "it runs scripts in the process that it is called in, and starts none"},
	{"collect/script/bundle", nil, []string{"collect", "collect/collecttest", "collect/program", "collect/script/...", "schedule/..."}, "they are texts"},
	{"collect/descriptors", nil, nil, "whoever starts a child uses it, so it may know none of them"},
	{"collect/timerslack", nil, []string{"collect/collecttest"}, "whoever starts a child uses it, so it may know none of them"},
	{"collect/filetime", nil, nil, "it reads a file's time for any caller"},
	{"collect/procfs", nil, nil, "it reads the kernel's files for any caller"},
	{"collect/cgroup", []string{"collect/procfs"}, []string{"collect/host", "collect/hostinfo/hardware", "collect/hostinfo/source", "collect"}, "it reads limits for any caller"},
	{"collect/macos", []string{"collect/program"}, nil, "it reads a Mac's figures for any caller"},
	{"collect/host", []string{"collect", "collect/cgroup", "collect/hostinfo/redact", "collect/filetime", "collect/macos", "collect/procfs", "collect/program", "collect/timerslack", "schedule/..."}, []string{"collect/collecttest"}, family},
	{"collect/plugin", []string{"collect", "collect/descriptors", "collect/hostinfo/redact", "collect/procfs", "collect/timerslack", "schedule/..."}, []string{"collect/collecttest"}, family},
	{"collect/service", []string{"collect", "collect/program", "collect/trust", "schedule/..."}, []string{"collect/collecttest"}, family},
	{"collect/remote", []string{"collect", "collect/trust", "schedule/..."}, []string{"collect/collecttest"}, family},
	{"collect/hostinfo", nil, []string{"collect/collecttest", "collect/program"}, "an answer is no check: it has no schedule and no state"},
	{"collect/hostinfo/redact", nil, nil, "whoever shows a text redacts it, so it may know none of them"},
	{"collect/hostinfo/source", []string{"collect/hostinfo/redact", "collect/program"}, nil, "every family reads hosts through it, so it may know none"},
	{"collect/hostinfo/sourcetest", []string{"collect/collecttest", "collect/hostinfo/source", "collect/program"}, nil, "the tests of every family use it, so it may know none"},
	{"collect/hostinfo/conf", []string{"collect/hostinfo/redact"}, nil, "it parses bytes and reads no host"},
	{"collect/hostinfo/systemd", []string{"collect/hostinfo/redact", "collect/hostinfo/source"}, []string{"collect/collecttest", "collect/hostinfo/sourcetest", "collect/program"}, facts},
	{"collect/hostinfo/accounts", []string{"collect/hostinfo/redact", "collect/hostinfo/source"}, []string{"collect/collecttest", "collect/hostinfo/sourcetest", "collect/program"}, facts},
	{"collect/hostinfo/apps", []string{"collect/hostinfo/conf", "collect/hostinfo/redact", "collect/hostinfo/source"}, []string{"collect/collecttest", "collect/hostinfo/sourcetest", "collect/program"}, facts},
	{"collect/hostinfo/filesystems", []string{"collect/procfs", "collect/hostinfo/redact", "collect/hostinfo/source"}, []string{"collect/collecttest", "collect/hostinfo/sourcetest", "collect/program"}, facts},
	{"collect/hostinfo/hardware", []string{"collect/cgroup", "collect/macos", "collect/hostinfo/redact", "collect/hostinfo/source"}, []string{"collect/collecttest", "collect/hostinfo/sourcetest", "collect/program"}, facts},
	{"collect/hostinfo/network", []string{"collect/macos", "collect/hostinfo/redact", "collect/hostinfo/source"}, []string{"collect/collecttest", "collect/hostinfo/sourcetest", "collect/program"}, facts},
	{"collect/hostinfo/packages", []string{"collect/filetime", "collect/hostinfo/conf", "collect/hostinfo/redact", "collect/hostinfo/source", "collect/hostinfo/systemd", "collect/program"}, []string{"collect/collecttest", "collect/hostinfo/sourcetest", "collect/program"}, facts},
	{"collect/hostinfo/system", []string{"collect/macos", "collect/procfs", "schedule/shorttext", "collect/hostinfo/redact", "collect/hostinfo/source", "collect/hostinfo/systemd"}, []string{"collect/collecttest", "collect/hostinfo/sourcetest", "collect/program"}, facts},
	{"collect/hostinfo/web", []string{"collect/hostinfo/conf", "collect/hostinfo/redact", "collect/hostinfo/source"}, []string{"collect/collecttest", "collect/hostinfo/sourcetest", "collect/program"}, facts},

	{"cmd/internal/...", []string{"cmd/internal/...", "collect/...", "schedule/...", "spool/...", "transport/..."}, []string{"transport/transporttest"}, "the agent's two programs share it; the endpoint is another program"},
	{"cmd/internal/installed", []string{"cmd/internal/atomicfile", "cmd/internal/lines", "collect", "schedule/...", "spool"}, []string{"spool/fsynctest"}, "it knows files and no connection"},
	{"cmd/internal/renewal", []string{"cmd/internal/atomicfile", "cmd/internal/installed", "cmd/internal/link", "schedule/...", "spool", "transport"}, []string{"transport/transporttest"}, "it knows no run"},
	{"cmd/internal/programs", []string{"schedule/semver"}, nil, "agent and endpoint read the same archive"},
	{"cmd/internal/upgrade", []string{"cmd/internal/atomicfile", "cmd/internal/programs", "collect/timerslack", "schedule/ownership", "schedule/semver", "schedule/shorttext", "spool"}, []string{"collect/collecttest", "spool/fsynctest", "spool/winetest"}, "it knows files, no check"},
	{"cmd/internal/term", []string{"schedule/shorttext"}, nil, "it formats what any program prints, the endpoint too"},
	{"cmd/internal/lines", nil, nil, "it stores structs of any package"},
	{"cmd/internal/edsign", nil, nil, "it signs bytes"},
	{"cmd/internal/link", []string{"cmd/internal/edsign", "cmd/internal/installed", "cmd/internal/lines", "collect", "collect/macos", "collect/procfs", "schedule/...", "spool", "spool/lz4", "transport", "transport/agentkey"}, []string{"transport/transporttest"}, "the relation with the endpoint knows no run and no bundle"},
	{"cmd/internal/run", []string{"cmd/internal/installed", "cmd/internal/lines", "cmd/internal/link", "collect", "collect/host", "schedule/...", "spool", "transport"}, []string{"transport/transporttest"}, "a run knows no command and no bundle"},
	{"cmd/internal/localalarm", []string{"collect", "collect/timerslack", "schedule/...", "schedule", "spool"}, nil, "a host's own alarms know no endpoint"},
	{"cmd/internal/airgap", []string{"cmd/internal/link", "spool", "spool/bundle", "transport", "transport/agentkey", "transport/receipt"}, []string{"cmd/internal/run", "transport/transporttest"}, "a bundle is handed over without a run"},
	{"cmd/virgo-run", []string{"cmd/internal/agent", "cmd/internal/footprint", "schedule/yaml"}, []string{"cmd/internal/installed", "collect/collecttest", "transport", "transport/transporttest"}, "what a run does, both programs do in package agent"},
	{"cmd/virgo", []string{"cmd/internal/...", "collect/...", "schedule/...", "spool/...", "transport/..."}, nil, "the endpoint is another program"},
	{"cmd/virgo-bench", []string{"cmd/internal/...", "collect/procfs", "spool/..."}, nil, "it measures programs from outside"},
	{"cmd/virgo-bench/internal/fleet", []string{"transport/agentkey"}, []string{"spool/lz4"}, "it speaks the wire by itself: a client of ours would cost more than what it measures"},
	{"cmd/virgo-bench/bare", nil, nil, "it is what a run is compared with: the libraries alone"},

	{"cmd/virgo-endpoint", []string{"cmd/internal/term", "collect/cgroup", "schedule", "schedule/alarm", "schedule/alarm/criteria", "schedule/capability", "schedule/ownership", "schedule/scriptbundle", "schedule/semver", "schedule/shorttext", "schedule/signature", "schedule/yaml", "schedule/yaml/full", "spool/bundle", "transport", "transport/agentkey", "transport/receipt"}, []string{"cmd/internal/programs", "transport/transporttest"}, "it joins server, store and folder; of the agent it knows the wire, the form of checks and bundles"},
	{"cmd/virgo-endpoint/internal/intake", []string{"schedule/number", "schedule/shorttext", "transport/agentkey", "transport/receipt"}, []string{"schedule/number/numbertest"}, "what is accepted depends on no connection and no store"},
	{"cmd/virgo-endpoint/internal/intake/intaketest", []string{"cmd/virgo-endpoint/internal/intake", "schedule/shorttext", "transport/agentkey", "transport/receipt"}, nil, "every store passes the suite, so it may know none"},
	{"cmd/virgo-endpoint/internal/filelock", nil, nil, "it locks any file"},
	{"cmd/virgo-endpoint/internal/store", []string{"cmd/virgo-endpoint/internal/filelock", "cmd/virgo-endpoint/internal/intake", "cmd/virgo-endpoint/internal/store/...", "schedule/shorttext", "transport/agentkey", "transport/receipt"}, []string{"cmd/virgo-endpoint/internal/intake/intaketest", "cmd/virgo-endpoint/internal/peertest"}, "it stores for any server"},
	{"cmd/virgo-endpoint/internal/store/archive", nil, nil, "it packs files of any kind"},
	{"cmd/virgo-endpoint/internal/store/retention", nil, nil, "it decides on ages and bytes, and knows no file of the store"},
	{"cmd/virgo-endpoint/internal/store/segment", []string{"cmd/virgo-endpoint/internal/intake", "transport/receipt"}, nil, "one file of results knows agents by number, and no tokens"},
	{"cmd/virgo-endpoint/internal/store/history", []string{"cmd/virgo-endpoint/internal/intake", "schedule/shorttext"}, []string{"cmd/virgo-endpoint/internal/intake/intaketest"}, "it knows agents by number, and results from whoever has them"},
	{"cmd/virgo-endpoint/internal/report", []string{"cmd/virgo-endpoint/internal/intake", "schedule/shorttext", "transport/agentkey"}, []string{"cmd/virgo-endpoint/internal/intake/intaketest"}, "commands and the API say the same, so it knows neither"},
	{"cmd/virgo-endpoint/internal/daemon", []string{"schedule/shorttext"}, []string{"collect/collecttest"}, "it starts a program and knows nothing of it"},
	{"cmd/virgo-endpoint/internal/api", []string{"cmd/virgo-endpoint/internal/peer", "cmd/virgo-endpoint/internal/admin", "cmd/virgo-endpoint/internal/folder", "cmd/virgo-endpoint/internal/alarm", "cmd/virgo-endpoint/internal/feed", "cmd/virgo-endpoint/internal/chart", "cmd/virgo-endpoint/internal/figure", "cmd/virgo-endpoint/internal/intake", "cmd/virgo-endpoint/internal/live", "cmd/virgo-endpoint/internal/login", "cmd/virgo-endpoint/internal/output/names", "cmd/virgo-endpoint/internal/report", "cmd/virgo-endpoint/internal/watch", "schedule", "schedule/alarm", "schedule/shorttext"}, []string{"cmd/virgo-endpoint/internal/intake/intaketest", "cmd/virgo-endpoint/internal/watch/watchtest", "transport/receipt"}, "it reads any store, and receives nothing"},
	{"cmd/virgo-endpoint/internal/releases", []string{"cmd/virgo-endpoint/internal/folder", "cmd/internal/programs", "schedule", "schedule/scriptbundle", "schedule/semver", "schedule/signature"}, nil, "it knows files and no connection"},
	{"cmd/virgo-endpoint/internal/plot", nil, nil, "it draws numbers and knows not what of"},
	{"cmd/virgo-endpoint/internal/folder", []string{"cmd/virgo-endpoint/internal/filelock", "schedule/...", "transport/receipt"}, []string{"spool/winetest", "transport"}, "what lies in the folder is read without knowing who serves it"},
	{"cmd/virgo-endpoint/internal/server", []string{"cmd/virgo-endpoint/internal/peer", "cmd/virgo-endpoint/internal/intake", "schedule/shorttext", "spool/bundle", "transport", "transport/agentkey", "transport/receipt"}, []string{"cmd/virgo-endpoint/internal/folder", "cmd/virgo-endpoint/internal/intake/intaketest", "cmd/virgo-endpoint/internal/peertest", "transport/transporttest"}, "it receives for any store"},
	{"cmd/virgo-endpoint/internal/watch", []string{"cmd/virgo-endpoint/internal/intake", "schedule", "schedule/alarm", "schedule/shorttext"}, nil, "whoever stores or uses it knows the shapes, and not each other"},
	{"cmd/virgo-endpoint/internal/watch/watchtest", []string{"cmd/virgo-endpoint/internal/watch", "cmd/virgo-endpoint/internal/intake", "schedule/alarm"}, nil, "every store passes the suite, so it may know none"},
	{"cmd/virgo-endpoint/internal/control", []string{"cmd/virgo-endpoint/internal/watch", "cmd/virgo-endpoint/internal/intake", "schedule/alarm", "schedule/shorttext"}, []string{"cmd/virgo-endpoint/internal/watch/watchtest", "spool/fsynctest"}, "it stores rows, and decides nothing"},
	{"cmd/virgo-endpoint/internal/question", []string{"cmd/virgo-endpoint/internal/watch", "cmd/virgo-endpoint/internal/intake", "schedule/shorttext"}, []string{"cmd/virgo-endpoint/internal/intake/intaketest", "cmd/virgo-endpoint/internal/watch/watchtest"}, "it knows what hosts are asked, and no connection"},
	{"cmd/virgo-endpoint/internal/feed", []string{"cmd/virgo-endpoint/internal/intake"}, []string{"cmd/virgo-endpoint/internal/intake/intaketest"}, "it passes results on and knows no follower"},
	{"cmd/virgo-endpoint/internal/figure", nil, nil, "it describes figures and reads none"},
	{"cmd/virgo-endpoint/internal/chart", []string{"cmd/virgo-endpoint/internal/figure", "cmd/virgo-endpoint/internal/intake", "cmd/virgo-endpoint/internal/watch", "schedule/alarm"}, []string{"cmd/virgo-endpoint/internal/intake/intaketest"}, "it reads points and shows none"},
	{"cmd/virgo-endpoint/internal/live", []string{"cmd/virgo-endpoint/internal/watch", "cmd/virgo-endpoint/internal/intake", "cmd/virgo-endpoint/internal/report", "cmd/virgo-endpoint/internal/feed", "cmd/virgo-endpoint/internal/figure", "schedule/alarm", "schedule/shorttext"}, []string{"cmd/virgo-endpoint/internal/intake/intaketest", "cmd/virgo-endpoint/internal/watch/watchtest"}, "it remembers values and judges none"},
	{"cmd/virgo-endpoint/internal/alarm", []string{"cmd/virgo-endpoint/internal/watch", "cmd/virgo-endpoint/internal/intake", "cmd/virgo-endpoint/internal/feed", "cmd/virgo-endpoint/internal/live", "cmd/virgo-endpoint/internal/report", "schedule", "schedule/..."}, []string{"cmd/virgo-endpoint/internal/intake/intaketest", "cmd/virgo-endpoint/internal/watch/watchtest"}, "it judges, and sends nothing"},
	{"cmd/virgo-endpoint/internal/execute", []string{"schedule/ownership", "schedule/shorttext"}, nil, "it runs any program of the owner"},
	{"cmd/virgo-endpoint/internal/notify", []string{"cmd/virgo-endpoint/internal/watch", "schedule", "schedule/alarm", "schedule/shorttext", "schedule/yaml", "schedule/ownership"}, []string{"cmd/virgo-endpoint/internal/intake", "cmd/virgo-endpoint/internal/watch/watchtest", "schedule/yaml/full"}, "it sends what it is given, and judges nothing"},
	{"cmd/virgo-endpoint/internal/notify/...", []string{"cmd/virgo-endpoint/internal/execute", "cmd/virgo-endpoint/internal/notify", "cmd/virgo-endpoint/internal/watch", "schedule/alarm", "schedule/ownership", "schedule/shorttext"}, []string{"collect/collecttest"}, "a driver knows a message and its way"},
	{"cmd/virgo-endpoint/internal/output", []string{"cmd/virgo-endpoint/internal/watch", "cmd/virgo-endpoint/internal/intake", "cmd/virgo-endpoint/internal/feed", "schedule", "schedule/ownership", "schedule/shorttext", "schedule/yaml"}, []string{"cmd/virgo-endpoint/internal/intake/intaketest", "cmd/virgo-endpoint/internal/watch/watchtest", "schedule/yaml/full"}, "a sink is fed without knowing what it is"},
	{"cmd/virgo-endpoint/internal/output/...", []string{"cmd/virgo-endpoint/internal/execute", "cmd/virgo-endpoint/internal/output", "cmd/virgo-endpoint/internal/output/names", "cmd/virgo-endpoint/internal/intake", "cmd/virgo-endpoint/internal/report"}, []string{"cmd/virgo-endpoint/internal/feed", "cmd/virgo-endpoint/internal/watch/watchtest", "collect/collecttest"}, "a sink knows results and its protocol"},
	{"cmd/virgo-endpoint/internal/output/names", []string{"cmd/virgo-endpoint/internal/figure"}, []string{"collect/collecttest"}, "it knows names, and nobody who writes them"},
	{"cmd/virgo-endpoint/internal/login", []string{"cmd/virgo-endpoint/internal/peer", "cmd/virgo-endpoint/internal/watch", "cmd/virgo-endpoint/internal/intake", "schedule/shorttext"}, []string{"cmd/virgo-endpoint/internal/watch/watchtest"}, "who somebody is depends on no page"},
	{"cmd/virgo-endpoint/internal/admin", []string{"cmd/virgo-endpoint/internal/login", "cmd/virgo-endpoint/internal/watch", "cmd/virgo-endpoint/internal/intake", "cmd/virgo-endpoint/internal/releases", "cmd/virgo-endpoint/internal/folder", "cmd/virgo-endpoint/internal/alarm", "cmd/virgo-endpoint/internal/notify", "schedule", "schedule/...", "transport/agentkey"}, []string{"cmd/virgo-endpoint/internal/intake/intaketest", "cmd/virgo-endpoint/internal/watch/watchtest"}, "it changes what the API and commands ask for, and serves neither"},
	{"cmd/virgo-endpoint/internal/web", []string{"cmd/virgo-endpoint/internal/api", "cmd/virgo-endpoint/internal/watch", "cmd/virgo-endpoint/internal/live", "cmd/virgo-endpoint/internal/alarm", "cmd/virgo-endpoint/internal/login", "cmd/virgo-endpoint/internal/chart", "cmd/virgo-endpoint/internal/figure", "cmd/virgo-endpoint/internal/intake", "cmd/virgo-endpoint/internal/report", "schedule/alarm", "schedule/shorttext"}, []string{"cmd/virgo-endpoint/internal/admin", "cmd/virgo-endpoint/internal/folder", "schedule", "schedule/policy", "schedule/yaml/full", "cmd/virgo-endpoint/internal/browsertest", "cmd/virgo-endpoint/internal/control", "cmd/virgo-endpoint/internal/fleettest", "cmd/virgo-endpoint/internal/store", "cmd/virgo-endpoint/internal/intake/intaketest", "cmd/virgo-endpoint/internal/watch/watchtest", "transport/receipt"}, "it shows what the API says"},
	{"cmd/virgo-endpoint/internal/browsertest", nil, nil, "it shows any page"},
	{"cmd/virgo-endpoint/internal/fleettest", []string{"cmd/virgo-endpoint/internal/intake", "transport/agentkey"}, nil, "it fills any store"},
	{"cmd/virgo-endpoint/internal/peer", nil, nil, "whoever bounds connections asks it, so it may know none of them"},
	{"cmd/virgo-endpoint/internal/peertest", []string{"transport/agentkey"}, nil, "it says what is wrong as easily as what is right, so it uses no client of ours"},
	{"cmd/virgo-endpoint/internal/endtoend", nil, []string{"cmd/virgo-endpoint/...", "collect/collecttest", "spool/bundle", "transport/..."}, "it tests the packages of the endpoint together"},
}

// family is why checks that belong together import no others.
const family = "a family of checks knows the runner's contract only"

// facts is why host information types that belong together import no others.
const facts = "a family of types knows how a host is read and what is secret, and no other family"

// testSupport are packages that only tests may import.
var testSupport = []string{
	"cmd/virgo-endpoint/internal/browsertest", "cmd/virgo-endpoint/internal/fleettest", "cmd/virgo-endpoint/internal/intake/intaketest", "cmd/virgo-endpoint/internal/peertest",
	"cmd/virgo-endpoint/internal/watch/watchtest", "collect/collecttest", "collect/hostinfo/sourcetest", "schedule/number/numbertest", "spool/fsynctest", "spool/winetest", "transport/transporttest",
}

func matches(pattern, dir string) bool {
	if base, ok := strings.CutSuffix(pattern, "/..."); ok {
		return dir == base || strings.HasPrefix(dir, base+"/")
	}
	return dir == pattern
}

func matchesAny(patterns []string, dir string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, dir) })
}

// rowOf finds the row that holds for a package.
func rowOf(dir string) (row importRow, ok bool) {
	for _, r := range importMatrix {
		if matches(r.dir, dir) && (!ok || len(strings.TrimSuffix(r.dir, "/...")) > len(strings.TrimSuffix(row.dir, "/..."))) {
			row, ok = r, true
		}
	}
	return row, ok
}

func TestImportsShowTheArchitecture(t *testing.T) {
	used := make(map[string]bool)
	for _, s := range sources(t) {
		if s.dir == "." || strings.Contains(s.dir, "testdata") {
			continue
		}
		row, ok := rowOf(s.dir)
		if !ok {
			t.Errorf("%s: package %s has no row in importMatrix", s.path, s.dir)
			continue
		}
		used[row.dir] = true
		for _, imp := range s.file.Imports {
			p, _ := strconv.Unquote(imp.Path.Value)
			own, ok := strings.CutPrefix(p, "virgo/")
			switch {
			case !ok, own == s.dir:
				continue
			case !s.test && slices.Contains(testSupport, own) && !slices.Contains(testSupport, s.dir):
				t.Errorf("%s imports %s, which is for tests only", s.path, p)
				continue
			case strings.HasPrefix(own, s.dir+"/"), matchesAny(row.imports, own), matches(row.dir, own):
				continue
			case s.test && matchesAny(row.tests, own):
				continue
			}
			t.Errorf("%s imports %s: %s", s.path, p, row.reason)
		}
	}
	for _, r := range importMatrix {
		if !used[r.dir] {
			t.Errorf("importMatrix: no package is left for the row %q", r.dir)
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

// A linkedSet is what a program links on Linux, where its budget is measured.
type linkedSet struct {
	program string
	modules map[string]string // every module that it links, and what for
	windows map[string]string // what it links on Windows besides; nil: that is not checked
	never   map[string]string // packages that must not be linked although their module is, and why
}

const (
	small   = "resident memory follows the size of what is linked"
	slipped = "a test's part has slipped into the program"
	beside  = "it is in the virgo beside virgo-run"
)

var linkedSets = []linkedSet{
	{
		program: "cmd/virgo",
		modules: map[string]string{
			"aead.dev/minisign":              "signatures of bundles of scripts",
			"filippo.io/age":                 "bundles that are encrypted",
			"filippo.io/edwards25519":        "a signature without the table that crypto/ed25519 makes first; MySQL's ed25519 login",
			"filippo.io/hpke":                "age's own",
			"github.com/alecthomas/kong":     "the command line",
			"github.com/cenkalti/backoff/v4": "retries",
			"github.com/cespare/xxhash/v2":   "checksums of the spool",
			"github.com/expr-lang/expr":      "expressions of alarms",
			"github.com/go-sql-driver/mysql": "agent.mysql",
			"github.com/goccy/go-yaml":       "YAML beyond the plain kind",
			"github.com/icholy/digest":       "digest login of remote.http",
			"github.com/jackc/pgpassfile":    "pgx's own",
			"github.com/jackc/pgservicefile": "pgx's own",
			"github.com/jackc/pgx/v5":        "agent.postgres",
			"github.com/miekg/dns":           "remote.dns",
			"github.com/shirou/gopsutil/v3":  "figures of the host",
			"github.com/tklauser/go-sysconf": "gopsutil's own",
			"github.com/tklauser/numcpus":    "gopsutil's own",
			"github.com/yuin/gopher-lua":     "checks in Lua",
			"go.etcd.io/bbolt":               "the spool",
			"golang.org/x/crypto":            "age's own, and minisign's",
			"golang.org/x/net":               "ICMP, SOCKS and character sets",
			"golang.org/x/sys":               "system calls",
			"golang.org/x/term":              "prompts and the width of a terminal",
			"golang.org/x/text":              "character sets, and pgx's own",
		},
		never: map[string]string{
			"text/template":      small,
			"html/template":      small,
			"log/slog":           "virgo prints lines, its endpoint logs",
			"modernc.org/sqlite": "the store is the endpoint's",
			"testing":            slipped,
		},
	},
	{
		program: "cmd/virgo-run",
		modules: map[string]string{
			"filippo.io/edwards25519":        "a signature without the table that crypto/ed25519 makes first",
			"github.com/cenkalti/backoff/v4": "retries",
			"github.com/cespare/xxhash/v2":   "checksums of the spool",
			"go.etcd.io/bbolt":               "the spool",
			"golang.org/x/sys":               "system calls",
			"golang.org/x/term":              "whether a person reads the output",
		},
		windows: map[string]string{
			"github.com/shirou/gopsutil/v3": "figures of the host",
			"github.com/go-ole/go-ole":      "gopsutil's own",
			"github.com/yusufpapurcu/wmi":   "gopsutil's own",
		},
		never: map[string]string{
			"net/http":                      small,
			"database/sql":                  small,
			"encoding/xml":                  small,
			"text/template":                 small,
			"html/template":                 small,
			"log/slog":                      small,
			"testing":                       slipped,
			"virgo/cmd/internal/airgap":     beside,
			"virgo/cmd/internal/localalarm": beside,
			"virgo/cmd/internal/renewal":    beside,
			"virgo/cmd/internal/upgrade":    beside,
			"virgo/collect/script":          "scripts run in a process of virgo",
			"virgo/collect/script/limits":   "it limits the process of scripts, which is of virgo",
			"virgo/schedule/signature":      "what is installed was verified when it came",
			"virgo/cmd/internal/timer":      beside,
			"virgo/collect/hostinfo":        beside,
			"virgo/schedule/alarm":          beside,
			"virgo/collect/remote":          beside,
			"virgo/collect/service":         beside,
			"virgo/schedule/yaml/full":      beside,
			"virgo/spool/bundle":            beside,
		},
	},
	{
		program: "cmd/virgo-endpoint",
		modules: map[string]string{
			"aead.dev/minisign":                       "signatures of bundles of checks are verified before they are published",
			"filippo.io/age":                          "bundles that are encrypted",
			"filippo.io/hpke":                         "age's own",
			"github.com/alecthomas/kong":              "the command line",
			"github.com/klauspost/compress":           "results in segments are compressed with zstd",
			"github.com/cenkalti/backoff/v4":          "linked with transport",
			"github.com/danielgtaylor/huma/v2":        "the HTTP API with its OpenAPI document",
			"github.com/dustin/go-humanize":           "SQLite's own",
			"github.com/expr-lang/expr":               "expressions of alarms",
			"github.com/goccy/go-yaml":                "schedules.d",
			"github.com/google/uuid":                  "SQLite's own",
			"github.com/mattn/go-colorable":           "shoutrrr's own",
			"github.com/mattn/go-isatty":              "shoutrrr's own",
			"github.com/nicholas-fedor/shoutrrr":      "notifications to chat and push services; 0.4 MiB resident",
			"github.com/prometheus/client_golang/exp": "messages of remote write 2.0",
			"github.com/wneessen/go-mail":             "notifications by mail",
			"go.opentelemetry.io/proto/otlp":          "messages of OTLP",
			"google.golang.org/protobuf":              "encodes the messages of OTLP; remote write's own",
			"golang.org/x/net":                        "names of hosts that ACME certifies",
			"golang.org/x/text":                       "go-mail's own, and x/net's",
			"github.com/pierrec/lz4/v4":               "compressed results are expanded",
			"github.com/remyoudompheng/bigfft":        "SQLite's own",
			"golang.org/x/crypto":                     "hashes of passwords; age's own",
			"golang.org/x/sys":                        "system calls",
			"golang.org/x/term":                       "prompts",
			"modernc.org/libc":                        "SQLite's own",
			"modernc.org/mathutil":                    "SQLite's own",
			"modernc.org/memory":                      "SQLite's own",
			"modernc.org/sqlite":                      "the store",
		},
		never: map[string]string{
			"go.etcd.io/bbolt":       "the spool is the agent's",
			"virgo/spool":            "the spool is the agent's; the endpoint reads bundles only",
			"virgo/collect":          "the endpoint runs no checks",
			"google.golang.org/grpc": "7 MB for requests that net/http makes as well",
			"testing":                slipped,
		},
	},
	{
		program: "cmd/virgo-bench",
		modules: map[string]string{
			"github.com/alecthomas/kong":   "the command line",
			"github.com/cespare/xxhash/v2": "the spool's own",
			"go.etcd.io/bbolt":             "spools that it fills",
			"golang.org/x/sys":             "system calls",
		},
		never: map[string]string{
			"virgo/collect": "it measures programs from outside",
			"testing":       slipped,
		},
	},
}

func TestProgramsLinkOnlyWhatTheyNeed(t *testing.T) {
	for _, set := range linkedSets {
		checkLinked(t, set, "linux")
		if set.windows != nil {
			set.modules = maps.Clone(set.modules)
			maps.Copy(set.modules, set.windows)
			checkLinked(t, set, "windows")
		}
	}
}

// checkLinked compares what a program links on a system with its set.
func checkLinked(t *testing.T, set linkedSet, system string) {
	t.Helper()
	list := exec.Command("go", "list", "-deps", "-f", "{{.ImportPath}} {{with .Module}}{{.Path}}{{end}}", "./"+set.program)
	list.Env = append(os.Environ(), "GOOS="+system, "CGO_ENABLED=0")
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list -deps ./%s: %v", set.program, err)
	}
	linked := make(map[string]bool)
	for l := range strings.Lines(string(out)) {
		pkg, module, _ := strings.Cut(strings.TrimSpace(l), " ")
		if why, bad := set.never[pkg]; bad {
			t.Errorf("%s links %s on %s: %s", set.program, pkg, system, why)
		}
		if own, ok := strings.CutPrefix(pkg, "virgo/"); ok && slices.Contains(testSupport, own) {
			t.Errorf("%s links %s, which is for tests only", set.program, pkg)
		}
		if module != "" && module != "virgo" {
			linked[module] = true
		}
	}
	if len(linked) < 2 {
		t.Fatalf("go list named only the modules %v for %s", linked, set.program)
	}
	for m := range linked {
		if set.modules[m] == "" {
			t.Errorf("%s links the module %s on %s: a new dependency is a decision, and has its reason here", set.program, m, system)
		}
	}
	for m := range set.modules {
		if !linked[m] {
			t.Errorf("%s links %s no more on %s: take it out here", set.program, m, system)
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
		"go.mod", "go.sum", "README.md", "CONTRIBUTING.md", "LICENSE", "CHANGELOG.md", "Makefile", "rules_test.go",
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
