package trial

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"virgo/collect/script"
	"virgo/collect/script/api"
)

// readsNumber is a script that reads a number from a file.
const readsNumber = `return check {
  summary = "a number",
  details = { file = { kind = "path", default = "/n" } },
  needs = { files = { "${file}" } },
  run = function(details, now, saved)
    local text, why = file.read(details.file)
    if not text then unavailable(why) end
    if text == "raise" then error("no number") end
    if text == "other" then file.read("/other") end
    metric("n", "int64", tonumber(text) or 0, "apples", "a")
    metric("at", "double", now)
    metric("yes", "bool", saved and saved.yes or false)
    save { list = { 1, 2 }, yes = true }
    status("read")
  end,
}`

func scriptOptions() script.Options { return script.Options{Modules: api.Modules()} }

func run(t *testing.T, test string) []Result {
	t.Helper()
	f := Folder{"n.lua": readsNumber, "n_test.lua": test, "testdata/three.txt": "3"}
	answer, err := Job{Files: f.For("n_test.lua"), Test: &TestJob{File: "n_test.lua"}}.Do(t.Context(), scriptOptions())
	if err != nil {
		t.Fatal(err)
	}
	return answer.Results
}

func TestAssertions(t *testing.T) {
	for _, c := range []struct{ name, body, want string }{
		{"all is well", `t:run { now = 12.5, saved = { yes = true }, files = { ["/n"] = "testdata/three.txt" } }
			t:metric("n", 3, "a", "apples") t:metric("at", 12.5) t:metric("yes", true) t:metric("n", "3", "a") t:metric("n", nil, "a")
			t:no_metric("n") t:metrics(3) t:status("read") t:saved { yes = true, list = { 1, 2 } } t:equal({ 1 }, { 1 })`, ""},
		{"details", `t:run { details = { file = "/m" }, files = { ["/m"] = "4" } } t:metric("n", 4, "a")`, ""},
		{"unavailable", `t:run { files = { ["/n"] = false } } t:unavailable("open /n: file does not exist")`, ""},
		{"failed", `t:run { files = { ["/n"] = "raise" } } t:failed("n.lua:8: no number")`, ""},
		{"two runs", `t:run { files = { ["/n"] = "1" } } t:run { files = { ["/n"] = "2" } } t:metric("n", 2, "a")`, ""},
		{"wrong value", `t:run { files = { ["/n"] = "3" } } t:metric("n", 4, "a")`, `2: the metric "n" of "a" is 3, not 4`},
		{"wrong unit", `t:run { files = { ["/n"] = "3" } } t:metric("n", 3, "a", "pears")`, `the unit of "n" of "a" is "apples", not "pears"`},
		{"no such metric", `t:run { files = { ["/n"] = "3" } } t:metric("m")`, `there is no metric "m"; there are "n" of "a" = 3, "at" = `},
		{"a metric too many", `t:run { files = { ["/n"] = "3" } } t:no_metric("n", "a")`, `there is the metric "n" of "a" = 3`},
		{"number of metrics", `t:run { files = { ["/n"] = "3" } } t:metrics(2)`, `there are 3 metrics, not 2: "n" of "a" = 3`},
		{"wrong status", `t:run { files = { ["/n"] = "3" } } t:status("x")`, `the status is "read", not "x"`},
		{"wrong saved", `t:run { files = { ["/n"] = "3" } } t:saved { yes = false }`, `it saved {"list":[1,2],"yes":true}, not {"yes":false}`},
		{"more was to be saved", `t:run { files = { ["/n"] = "3" } } t:saved { yes = true, list = { 1, 2 }, more = 1 }`, `it saved {"list":[1,2],"yes":true}, not `},
		{"available after all", `t:run { files = { ["/n"] = "3" } } t:unavailable()`, `the check is available: "read"`},
		{"unavailable for another reason", `t:run { files = { ["/n"] = false } } t:unavailable("x")`, `it is unavailable with "open /n: file does not exist", not "x"`},
		{"a failure is not unavailable", `t:run { files = { ["/n"] = "raise" } } t:unavailable()`, `the script failed: n.lua:8: no number`},
		{"unavailable where a metric is wanted", `t:run { files = { ["/n"] = false } } t:metric("n")`, `the check is unavailable: open /n: file does not exist`},
		{"not captured", `t:run {}`, `the script asked for what the test does not capture: file "/n"`},
		{"not declared", `t:run { files = { ["/n"] = "other", ["/other"] = "" } } t:metric("n")`, `script.n uses file "/other", which it does not declare`},
		{"no such file of testdata", `t:run { files = { ["/n"] = "testdata/none.txt" } }`, `files["/n"]: open testdata/none.txt: file does not exist`},
		{"unknown key", `t:run { file = {} }`, `run has no "file"; it has details, `},
		{"no run", ``, `1: the test does not call t:run`},
		{"run comes first", `t:status("x")`, `t:status comes after t:run`},
		{"no colon", `t.run {}`, `write t:run(…), with a colon`},
		{"an error of the test", `local x = nil; x.y = 1`, `2: attempt to index`},
		{"not equal", `t:run { files = { ["/n"] = "3" } } t:equal({ 1 }, { 2 })`, `got [1], want [2]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			results := run(t, fmt.Sprintf("return tests { [%q] = function(t)\n%s\nend }", c.name, c.body))
			if len(results) != 1 || results[0].Name != c.name {
				t.Fatalf("%+v", results)
			}
			got := fmt.Sprintf("%d: %s", results[0].Line, results[0].Fault)
			if c.want == "" && results[0].Fault != "" || !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// A test runs on the system that its input is from, wherever it is run.
func TestSystemOfTests(t *testing.T) {
	script := `return check { summary = "x", systems = { "freebsd" }, run = function() status("ran") end }`
	for system, want := range map[string]string{
		`system = { os = "freebsd" }`: "", "": "the check is unavailable: script.n is for freebsd only",
	} {
		f := Folder{"n.lua": script, "n_test.lua": `return tests { ["a"] = function(t) t:run { ` + system + ` } t:status("ran") end }`}
		answer, err := Job{Files: f, Test: &TestJob{File: "n_test.lua"}}.Do(t.Context(), scriptOptions())
		if err != nil || len(answer.Results) != 1 || answer.Results[0].Fault != want {
			t.Errorf("%s: %+v, %v; want %q", system, answer.Results, err, want)
		}
	}
}

func TestFilesOfTests(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"return tests {", "syntax error"},
		{"local x = 1", "does not return tests"},
		{"return tests { 1 }", `tests wants ["name of the test"]`},
		{`return tests { ["a"] = 1 }`, `tests wants ["name of the test"]`},
		{"os.exit(1)", "index a non-table object(nil) with key 'exit'"},
		{`return tests { ["b"] = function(t) t:run {} end, ["a"] = function(t) t:run {} end }`, `file "/n"`},
	} {
		results := run(t, c.text)
		if len(results) == 0 || !strings.Contains(results[0].Fault, c.want) {
			t.Errorf("%s: %+v, want %q", c.text, results, c.want)
		}
	}
}

// Tests run in the order of the file, and only those whose names are asked for.
func TestOrderAndNames(t *testing.T) {
	text := "return tests {\n[\"z\"] = function(t) t:run {} end,\n[\"a\"] = function(t) t:run {} end,\n[\"m\"] = function(t) t:run {} end }"
	f := Folder{"n.lua": readsNumber, "n_test.lua": text}
	var names []string
	f.Run(t.Context(), "n_test.lua", regexp.MustCompile("[az]"), scriptOptions(), func(r Result) { names = append(names, r.Name) })
	if strings.Join(names, "") != "za" {
		t.Errorf("%q", names)
	}
}

func TestReadFolder(t *testing.T) {
	dir := fstest.MapFS{
		"a.lua": {Data: []byte("a")}, "a_test.lua": {Data: []byte(`"testdata/x"`)}, "b.lua": {}, "README.md": {},
		"lib/l.lua": {}, "testdata/x": {}, "testdata/y": {}, "other/c.lua": {},
	}
	all, err := ReadFolder(dir)
	if err != nil || strings.Join(all.Files(), " ") != "a.lua b.lua lib/l.lua" || strings.Join(all.Tests(), " ") != "a_test.lua" {
		t.Errorf("%q, %q, %v", all.Files(), all.Tests(), err)
	}
	if only, err := ReadFolder(dir, "b.lua"); err != nil || strings.Join(only.Files(), " ") != "b.lua lib/l.lua" {
		t.Errorf("%q, %v", only.Files(), err)
	}
	if got := strings.Join(sortedKeys(all.For("a_test.lua")), " "); got != "a.lua a_test.lua lib/l.lua testdata/x" {
		t.Errorf("for a test: %s", got)
	}
	dir["testdata/large"] = &fstest.MapFile{Data: make([]byte, maxFileBytes+1)}
	if _, err := ReadFolder(dir); err == nil || !strings.Contains(err.Error(), "testdata/large: 2097153 bytes") {
		t.Errorf("%v", err)
	}
}

func TestDeclarationsAndRuns(t *testing.T) {
	opt := scriptOptions()
	f := Folder{"n.lua": readsNumber, "bad.lua": "return check { summary = 1 }"}
	if a, err := (Job{Files: f, Declare: "n.lua"}).Do(t.Context(), opt); err != nil || a.Declared == nil || a.Declared.Type != "script.n" {
		t.Errorf("%+v, %v", a, err)
	}
	if a, err := (Job{Files: f, Declare: "bad.lua"}).Do(t.Context(), opt); err != nil || a.Failed == nil || a.Failed.File != "bad.lua" {
		t.Errorf("%+v, %v", a, err)
	}
	if a, err := (Job{Files: f, Run: &RunJob{File: "bad.lua"}}).Do(t.Context(), opt); err != nil || a.Failed == nil {
		t.Errorf("%+v, %v", a, err)
	}
	if _, err := (Job{}).Do(t.Context(), opt); err == nil {
		t.Error("a job without anything to do")
	}
}

// A job arrives as it was, also with files that are no text.
func TestJobsArriveWhole(t *testing.T) {
	sent := Job{Files: Folder{"a_test.lua": "x", "testdata/b": "\x01\xa8\x00"}, Test: &TestJob{File: "a_test.lua"}}
	line, err := json.Marshal(sent)
	if err != nil {
		t.Fatal(err)
	}
	var got Job
	if err := json.Unmarshal(line, &got); err != nil || !reflect.DeepEqual(got, sent) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestTrees(t *testing.T) {
	tr, err := parseTree("comment\n-- /a/b --\none\ntwo\n-- /a/l -> b --\n-- /d/ --\n-- /x -> /a --\n")
	if err != nil {
		t.Fatal(err)
	}
	c := &Captured{files: tr}
	f := files{c}
	for name, want := range map[string]string{"/a/l": "/a/b", "/x/l": "/a/b", "/a": "/a", "/d": "/d", "/": "/"} {
		if got, err := f.Resolve(t.Context(), name); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", name, got, err, want)
		}
	}
	entries, err := f.Entries(t.Context(), "/", 10)
	if err != nil || len(entries) != 3 || !entries[0].Mode.IsDir() || entries[2].Name != "x" {
		t.Errorf("%+v, %v", entries, err)
	}
	if _, err := f.Open(t.Context(), "/a/c"); err == nil || len(c.absent) != 0 {
		t.Errorf("a file beside a captured one: %v, %q", err, c.absent)
	}
	other := &Captured{files: tree{"/a/b": newFile("/a/b")}}
	if _, err := (files{other}).Open(t.Context(), "/q/c"); err == nil || len(other.absent) != 1 {
		t.Errorf("a file of another folder: %v, %q", err, other.absent)
	}
	if _, err := parseTree("-- a --\n"); err == nil {
		t.Error("a relative path in a tree")
	}
}

// A tree has the paths that its lines name, whatever else is in the text.
func FuzzTree(f *testing.F) {
	f.Add("c\n-- /a/b --\none\n-- /a/l -> b --\n-- /d/ --\n")
	f.Add("-- / --\n-- /x -> /x --\n")
	f.Fuzz(func(t *testing.T, text string) {
		tree, err := parseTree(text)
		if err != nil {
			return
		}
		captured := &Captured{files: tree}
		for name := range tree {
			if !strings.HasPrefix(name, "/") {
				t.Errorf("%q of %q", name, text)
			}
			_, _ = files{captured}.Resolve(t.Context(), name) // it ends, also where links lead in a circle
		}
	})
}
