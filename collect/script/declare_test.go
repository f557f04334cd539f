package script

import (
	"reflect"
	"strings"
	"testing"

	"virgo/schedule"
	"virgo/schedule/capability"
	"virgo/schedule/detail"
	"virgo/schedule/scriptbundle"
)

func TestDeclare(t *testing.T) {
	got, err := Declare("disk.lua", []byte(`
local systems = { "linux" }
return check {
  summary = "how full a disk is",
  details = {
    warn = { kind = "number", default = 80.5, doc = "percent", role = "free" },
    path = { kind = "path", required = true, doc = "folder" },
    mode = { kind = "choice", choices = { "fast", "slow" }, default = "fast" },
    tags = { kind = "list", default = { "a", "b" } },
    key  = { kind = "text", role = "secret" },
    deep = { kind = "boolean", default = true },
    n    = { kind = "integer", min = 1, max = 9 },
  },
  needs = { files = { "${path}/**" }, programs = "smartctl" },
  systems = systems,
  metrics = { "used", "free" },
  run = function() end,
}`), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	want := scriptbundle.Script{
		File: "disk.lua", Type: "script.disk", Summary: "how full a disk is",
		Details: []schedule.Detail{
			{Name: "deep", Kind: detail.Boolean, Role: schedule.Switch, Default: "true"},
			{Name: "key", Role: schedule.Secret},
			{Name: "mode", Kind: detail.Choice, Role: schedule.Other, Choices: []string{"fast", "slow"}, Default: "fast"},
			{Name: "n", Kind: detail.Integer, Role: schedule.Other, Min: 1, Max: 9},
			{Name: "path", Summary: "folder", Kind: detail.Path, Role: schedule.Path, Required: true},
			{Name: "tags", Kind: detail.List, Role: schedule.Other, Default: `["a","b"]`},
			{Name: "warn", Summary: "percent", Kind: kindNumber, Role: schedule.Free, Default: "80.5"},
		},
		Needs:      capability.Set{capability.Files: {"${path}/**"}, capability.Programs: {"smartctl"}},
		KeyMetrics: []string{"used", "free"}, Systems: []string{"linux"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestWrongDeclarations(t *testing.T) {
	check := func(fields string) string {
		return "return check { summary = 'a', run = function() end, " + fields + " }"
	}
	for _, c := range []struct{ text, want string }{
		{"", "a.lua: a script ends with: return check { ... }"},
		{"check { summary = 'a' }", "a.lua: a script ends with: return check { ... }"},
		{"return { summary = 'a' }", "a.lua: a script ends with: return check { ... }"},
		{"return 1 +", "a.lua: syntax error at the end of the file"},
		{"local x = 5 5", `a.lua:1: syntax error near "5"`},
		{"\n\nfoo()", `a.lua:3: attempt to call "foo", which is no function`},
		{"while true do end", "a.lua:1: needed more than 1000000 instructions"},
		{"return check { summary = 'a' }", "a.lua: check has no function run"},
		{"return check { run = function() end }", "a.lua: there is no summary"},
		{"return check { summary = 5, run = function() end }", "a.lua: summary is a number, not a text"},
		{check("sumary = 'b'"), `a.lua: check has no key "sumary"; did you mean "summary"?`},
		{check("5"), "a.lua: check has a number without a name"},
		{check("targets = {}"), "a.lua: targets is a table, not a function"},
		{check("metrics = { 5 }"), "a.lua: metrics is not a list of texts"},
		{check("metrics = { a = 'b' }"), "a.lua: metrics is not a list of texts"},
		{check("needs = { file = { '/x' } }"), `a.lua: needs has no key "file"; did you mean "files"?`},
		{check("needs = 'files'"), "a.lua: needs is a string, not a table"},
		{check("needs = { files = { '' } }"), "a.lua: needs: files: empty pattern"},
		{check("details = { A = {} }"), `a.lua: detail "A": its name must be of a-z, 0-9 and _, at most 64`},
		{check("details = { a = { kind = 'float' } }"), `a.lua: detail "a": unknown kind "float"; want one of`},
		{check("details = { a = { default = function() end } }"), `a.lua: detail "a": its default is a function`},
		{check("details = { a = { kind = 'integer', default = 1.5 } }"), `a.lua: default: detail "a" is "1.5", not a whole number`},
		{check("details = { a = { kind = 'integer', min = 0.5 } }"), `a.lua: detail "a": min is not a whole number`},
		{check("details = { a = { role = 'free' } }"), `a.lua: detail "a": a detail of kind "" may not have the role "free"`},
		{check("details = { a = { requird = true } }"), `a.lua: detail "a": it has no key "requird"; did you mean "required"?`},
		{check("details = { a = { required = 1 } }"), `a.lua: detail "a": required is a number, not true or false`},
		{check("details = { 'a' }"), "a.lua: details is not a table of tables by name"},
	} {
		_, err := Declare("a.lua", []byte(c.text), Limits{})
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s\n got %v\nwant %s", c.text, err, c.want)
			continue
		}
		if e, ok := err.(*Error); !ok || e.Kind != KindLoad {
			t.Errorf("%s: %#v is no error of loading", c.text, err)
		}
	}
}

func FuzzDeclare(f *testing.F) {
	f.Add("return check { summary = 'a', run = function() end }")
	f.Add("return check { details = { a = { kind = 'list', default = { 1, {} } } }, needs = { files = '/x' } }")
	f.Add("local x = [==[ ]==] --[[ ]] return -x .. #x")
	limits := DefaultLimits()
	limits.Instructions = 2000
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1000 {
			return
		}
		s, err := Declare("a.lua", []byte(text), limits)
		if err != nil {
			if _, ok := err.(*Error); !ok {
				t.Errorf("%T: %v", err, err)
			}
			return
		}
		if err := s.Validate(); err != nil {
			t.Error(err)
		}
	})
}
