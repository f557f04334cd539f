package main

import (
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// The short way must say what kong says, or leave it to kong.
func TestPlainRunAgreesWithKong(t *testing.T) {
	none := func(string) string { return "" }
	for _, line := range []string{
		"", "run", "run --splay=17s", "run --splay", "--config=/a/b.yaml run", "--config /a/b.yaml --state=/s run --strict",
		"run --plugins /p --no-deliver -v", "run --checks-program /c", "--checks-program=/c run", "run --checks-program", "run --json --verbose", "run --deadline=40s", "--strict", "--deadline=1m run",
		"run --splay=70s", "run --splay=x", "run --deadline 40s", "run --deadline=x", "run --help", "-h", "run run", "status",
		"run --config", "run --config --strict", "run --strict=false", "run extra", "--nonsense", "run --config=", "run -vv", "run --state a --state b",
		"run -v=true", "run --no-splay", "run -- x",
	} {
		args := strings.Fields(line)
		g, run, ok := plainRun(args, none)
		var c cli
		parser, err := newParser(&c, stdio{strings.NewReader(""), io.Discard, io.Discard})
		if err != nil {
			t.Fatal(err)
		}
		command, err := parse(parser, args)
		isRun := err == nil && command == "run"
		if ok && !isRun {
			t.Errorf("%q: taken for a run, which kong does not: %q, %v", line, command, err)
		}
		if ok && isRun && (!reflect.DeepEqual(g, c.globals) || !reflect.DeepEqual(run, c.Run)) {
			t.Errorf("%q:\n got %+v %+v\nkong %+v %+v", line, g, run, c.globals, c.Run)
		}
	}
	for _, line := range []string{"run", "run --splay=17s", "--config=/a run --splay=3s", "--state /s run --strict"} {
		if _, _, ok := plainRun(strings.Fields(line), none); !ok {
			t.Errorf("%q is what a timetable starts, and kong is built for it", line)
		}
	}
}

func TestPlainRunReadsTheEnvironmentAsKongDoes(t *testing.T) {
	for name, value := range map[string]string{
		"VIRGO_CONFIG": "/c", "VIRGO_STATE": "/s", "VIRGO_PLUGINS": "/p", "VIRGO_CHECKS_PROGRAM": "/k", "VIRGO_VERBOSE": "true", "VIRGO_JSON": "1",
	} {
		t.Setenv(name, value)
		g, _, ok := plainRun([]string{"run"}, func(n string) string {
			if n == name {
				return value
			}
			return ""
		})
		var c cli
		parser, err := newParser(&c, stdio{strings.NewReader(""), io.Discard, io.Discard})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parse(parser, []string{"run"}); err != nil || !ok {
			t.Errorf("%s: %v, %v", name, ok, err)
		}
		want := globals{}
		named := func(f string) bool {
			return strings.EqualFold(f, strings.ReplaceAll(strings.TrimPrefix(name, "VIRGO_"), "_", ""))
		}
		field := reflect.ValueOf(&want).Elem().FieldByNameFunc(named)
		field.Set(reflect.ValueOf(c.globals).FieldByNameFunc(named))
		if !reflect.DeepEqual(g, want) {
			t.Errorf("%s: got %+v, kong has %+v", name, g, want)
		}
	}
	if _, _, ok := plainRun([]string{"run"}, func(n string) string { return map[string]string{"VIRGO_JSON": "perhaps"}[n] }); ok {
		t.Error("a variable that is neither true nor false is kong's to explain")
	}
}

// parse catches the end that --help brings.
func parse(p *kong.Kong, args []string) (command string, err error) {
	defer func() {
		if r := recover(); r != nil {
			command = "help"
		}
	}()
	ctx, err := p.Parse(args)
	if err != nil {
		return "", err
	}
	return ctx.Command(), nil
}
