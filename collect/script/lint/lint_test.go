package lint

import (
	"fmt"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"virgo/collect/script"
	"virgo/schedule/capability"
)

// known has a few functions as package api documents them.
func known() *index {
	modules := append(script.Language(),
		script.Module{Name: "file", Functions: []script.Function{
			{Name: "read", Signature: "file.read(path [, max]) -> text", MinArgs: 1, MaxArgs: 2, Needs: capability.Files},
		}},
		script.Module{Name: "net", Functions: []script.Function{
			{Name: "tcp", Signature: "net.tcp(host, port)", MinArgs: 2, MaxArgs: 3, Needs: capability.TCP},
		}},
		script.Module{Name: "http", Functions: []script.Function{
			{Name: "get", Signature: "http.get(url [, options])", MinArgs: 1, MaxArgs: 2, Needs: capability.HTTP},
			{Name: "request", Signature: "http.request { url = ... }", MinArgs: 1, MaxArgs: 1, Needs: capability.HTTP},
		}},
		script.Module{Name: "json", Functions: []script.Function{{Name: "decode", MinArgs: 1, MaxArgs: 1}},
			Constants: []script.Constant{{Name: "null", Value: lua.LTrue}}},
	)
	return newIndex(modules)
}

// inCheck puts statements into run.
func inCheck(declaration, statements string) string {
	return "return check { summary = \"x\", " + declaration + " run = function(details, now, saved)\n" + statements + "\nend }"
}

func TestFindings(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"nothing", inCheck("", `status("fine")`), ""},
		{"syntax", "return check {", `x.lua: syntax error at the end of the file`},
		{"syntax in a line", "local x = = 1", `:1: `},
		{"no check", "local x = 1", `does not return check { … }`},
		{"unknown name", inCheck("", `statuss("x")`), `:2: unknown name "statuss"; did you mean status?`},
		{"os is not there", inCheck("", `os.execute("x")`), `:2: unknown name "os"`},
		{"local names", inCheck("", "local function f(a, ...) return a, ... end\nfor i, v in ipairs({}) do f(i, v) end"), ""},
		{"a local ends with its block", inCheck("", "do local x = 1 end\nlog(x)"), `:3: unknown name "x"`},
		{"a local that is used after repeat", inCheck("", "repeat local done = true until done"), ""},
		{"a global that is set elsewhere", "function helper() end\n" + inCheck("", "helper()"), `:1: helper is set as a global name; write local helper`},
		{"a function that is not there", inCheck("", `json.parse("{}")`), `:2: json has no function "parse"; there are decode`},
		{"a constant of a module", inCheck("", `log(json.null)`), ""},
		{"a local in place of a module", inCheck("", `local json = {}; json.parse()`), ""},
		{"too few arguments", inCheck("", `metric("x", "double")`), `:2: metric needs 3 arguments, not 2: metric(`},
		{"too many", inCheck("", `status("a", "b")`), `status takes at most 1 argument, not 2`},
		{"several values", inCheck("", `status(unpack({}))`), ""},
		{"type of a metric", inCheck("", `metric("x", "float", 1)`), `unknown type of a metric "float"`},
		{"declared file", inCheck(`needs = { files = { "/proc/*" } },`, `file.read("/proc/mdstat")`), ""},
		{"undeclared file", inCheck(`needs = { files = { "/proc/*" } },`, `file.read("/proc/net/dev")`),
			`:2: file.read uses files "/proc/net/dev", which needs does not declare`},
		{"undeclared file in a local", "local path = \"/etc/\" .. \"shadow\"\n" + inCheck(`needs = { files = { "/proc/**" } },`, `file.read(path)`),
			`:3: file.read uses files "/etc/shadow"`},
		{"a local that is set anew", inCheck(`needs = { files = { "/proc/**" } },`, "local path = \"/etc/shadow\"\npath = \"/proc/\" .. now\nfile.read(path)"), ""},
		{"nothing of the kind is declared", inCheck("", `file.read("/x")`), `needs declares no files: needs = { files = { "/x" } }`},
		{"nothing is declared for a computed file", inCheck("", `file.read("/x" .. now)`), `file.read uses files, and needs declares none`},
		{"a computed file", inCheck(`needs = { files = { "/proc/*" } },`, `file.read("/x" .. now)`), ""},
		{"a file from a detail", inCheck(`details = { dir = { kind = "path" } }, needs = { files = { "${dir}/**" } },`, `file.read("/srv/a/b")`), ""},
		{"host and port", inCheck(`needs = { tcp = { "127.0.0.1:80" } },`, `net.tcp("127.0.0.1", 81)`), `net.tcp uses tcp "127.0.0.1:81"`},
		{"URL of a table", inCheck(`needs = { http = { "https://a.example/**" } },`, `http.request { url = "https://b.example/" }`), `http.request uses http "https://b.example/"`},
		{"socket of a URL", inCheck(`needs = { unix = { "/run/docker.sock" } },`, `http.get("http://unix:/run/docker.sock:/v1/info")`), ""},
		{"another socket", inCheck(`needs = { unix = { "/run/docker.sock" } },`, `http.get("http://unix:/run/x.sock:/")`), `uses unix "/run/x.sock"`},
		{"a computed socket", inCheck(`needs = { unix = { "/run/docker.sock" } },`, `http.get("http://unix:/run/docker.sock:" .. now)`), ""},
		{"unknown need", inCheck(`needs = { file = { "/x" } },`, ""), `needs has no kind "file"; did you mean files?`},
		{"unknown key", inCheck(`detail = {},`, ""), `check has no "detail"; did you mean details?`},
		{"no run", `return check { summary = "x" }`, `check lacks run`},
		{"kind of a detail", inCheck(`details = { a = { kind = "int" } },`, ""), `the detail "a" has the unknown kind "int"`},
		{"default of a detail", inCheck(`details = { a = { kind = "number", default = true } },`, ""), `the default of the detail "a" is a boolean; its kind number wants a number`},
		{"choice without choices", inCheck(`details = { a = { kind = "choice" } },`, ""), `is a choice and lacks choices`},
		{"role of a detail", inCheck(`details = { a = { kind = "path", role = "free" } },`, ""), `a detail of the kind path cannot have the role "free", as "a" has`},
		{"undeclared detail", inCheck(`details = { path = { kind = "path" } },`, "log(details.pth)"), `:2: the detail "pth" is not declared; did you mean path?`},
		{"no detail at all", inCheck("", "log(details.path)"), `:2: the detail "path" is not declared`},
		{"another table of that name", inCheck("", "local details = {}\nlog(details.path)"), ""},
		{"run that is named", "local function run(d) log(d.x) end\nreturn check { summary = \"x\", run = run }", `:1: the detail "x" is not declared`},
		{"system", inCheck(`systems = { "macos" },`, ""), `unknown system "macos"`},
		{"library that is not there", inCheck("", `require("lib.parse")`), `there is no file "lib/parse.lua" beside the script`},
		{"library that is there", inCheck("", `require("lib.there")`), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			found := check(known(), "x.lua", []byte(c.text), map[string][]byte{"lib/there.lua": nil})
			var all []string
			for _, f := range found {
				all = append(all, f.String())
			}
			got := strings.Join(all, "\n")
			if c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q\n%s", got, c.want, c.text)
			}
		})
	}
}

// A library declares nothing, and a test has a global of its own.
func TestOtherFiles(t *testing.T) {
	for name, text := range map[string]string{
		"lib/x.lua":  `return { read = function(path) return file.read("/etc/x") end }`,
		"x_test.lua": `return tests { ["a"] = function(t) t:run {} end }`,
	} {
		if found := check(known(), name, []byte(text), nil); len(found) > 0 {
			t.Errorf("%s: %v", name, found)
		}
	}
}

func TestFindingsAreBounded(t *testing.T) {
	var text strings.Builder
	for i := range 3 * maxFindings {
		fmt.Fprintf(&text, "log(a%d)\n", i)
	}
	if n := len(check(known(), "lib/x.lua", []byte(text.String()), nil)); n != maxFindings {
		t.Errorf("%d findings", n)
	}
}

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		kind           capability.Kind
		pattern, value string
		want           bool
	}{
		{capability.Files, "/a/*", "/a/b", true},
		{capability.Files, "/a/*", "/a/b/c", false},
		{capability.Files, "/a/**", "/a/b/c", true},
		{capability.Files, "/a/**/x*z", "/a/b/c/xyz", true},
		{capability.Files, "/a/**/x*z", "/a/b/c/x/z", false},
		{capability.Files, "${dir}/*.log", "/var/log/a.log", true},
		{capability.Files, "/a/*", "/a/", true},
		{capability.Files, "", "x", false},
		{capability.Programs, "sudo smartctl", "smartctl", true},
		{capability.TCP, "*.example.com:443", "a.example.com:443", true},
		{capability.TCP, "*.example.com:443", "a.b.example.com:443", false},
		{capability.DNS, "**.example.com", "a.b.example.com", true},
		{capability.HTTP, "https://a.example/api/*", "https://a.example/api/queues", true},
		{capability.HTTP, "https://a.example/api/*", "https://a.example/api/queues?page=1", false},
		{capability.HTTP, "https://a.example/api/**", "https://a.example/api/queues?page=1", true},
		{capability.HTTP, "https://a.example/api/*?page=*", "https://a.example/api/queues?page=1", true},
		{capability.HTTP, "${url}", "https://a.example/api?page=1", true},
	} {
		if got := Declares(c.kind, []string{c.pattern}, c.value); got != c.want {
			t.Errorf("%s %q fits %q: %v", c.kind, c.value, c.pattern, got)
		}
	}
}

// The walk ends, and says where what it found is.
func FuzzCheck(f *testing.F) {
	f.Add(inCheck(`needs = { files = { "/proc/*" } },`, `file.read("/proc/mdstat")`))
	f.Add("local a = a\nlocal b = {b}\nreturn check(b)")
	f.Fuzz(func(t *testing.T, text string) {
		for _, found := range check(known(), "x.lua", []byte(text), nil) {
			if found.Line > strings.Count(text, "\n")+strings.Count(text, "\r")+1 {
				t.Errorf("line %d of %q: %s", found.Line, text, found.Text)
			}
		}
	})
}
