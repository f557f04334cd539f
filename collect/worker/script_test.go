package worker

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"virgo/collect"
	"virgo/schedule"
)

// The script process gets its bundle as a descriptor, opened anew for each process, and is told which one it is.
func TestBundleIsPassed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "bundle")
	if err := os.WriteFile(file, []byte("the bundle"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := program(t, "")
	p.Settings = func() (Settings, error) { return Settings{Scripts: &ScriptSettings{Dir: "/scripts"}}, nil }
	p.Open = func(s *ScriptSettings) (*os.File, error) {
		s.Version = "1.2.3"
		return os.Open(file)
	}
	want := ScriptSettings{Dir: "/scripts", Version: "1.2.3", Descriptor: true}
	if runtime.GOOS == "windows" {
		want.Descriptor, want.Path = false, file
	}
	for range 2 {
		text, err := p.HostInfo(t.Context(), "bundle")
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			Settings ScriptSettings
			Text     string
		}
		if err := json.Unmarshal(text, &got); err != nil || got.Text != "the bundle" || !reflect.DeepEqual(got.Settings, want) {
			t.Errorf("%+v, %v", got, err)
		}
		p.Close()
	}
	p.Open = func(*ScriptSettings) (*os.File, error) { return nil, errors.New("no bundle can be read") }
	_, err := p.HostInfo(t.Context(), "bundle")
	if start := (*StartError)(nil); !errors.As(err, &start) || err.Error() != "no bundle can be read" {
		t.Errorf("%v", err)
	}
}

// readBundle is what the worker of the test says about its bundle.
func readBundle(s *ScriptSettings) (any, error) {
	f := os.NewFile(3, "bundle")
	if !s.Descriptor {
		var err error
		if f, err = os.Open(s.Path); err != nil {
			return nil, err
		}
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	return map[string]any{"Settings": s, "Text": string(text)}, err
}

// A check whose own code is broken says so, whether it returned or its process died.
func TestFailureOfTheCheckItself(t *testing.T) {
	p := program(t, "")
	p.Describe = func(d Death) (kind, text string) {
		if !strings.HasPrefix(d.How, "exit status 7") || d.Used < 0 {
			return "", ""
		}
		return "memory", "broke the limit of memory"
	}
	for typ, want := range map[string]collect.FailedError{
		"t.broken": {Kind: "load", Text: "a.lua:1: syntax error"},
		"t.exits":  {Kind: "memory", Text: "broke the limit of memory"},
		"t.hangs":  {Kind: "compute", Text: "a.lua: computed: for more than 3s"},
		"t.fails":  {Text: "it is broken"},
	} {
		registry, err := collect.NewRegistry(collect.Type{Name: typ, Checker: p.Checker(typ)})
		if err != nil {
			t.Fatal(err)
		}
		job := collect.Job{Check: schedule.Check{ID: "a", Type: typ, Period: time.Minute, Timeout: time.Minute}}
		runner := collect.Runner{Registry: registry}
		runner.Run(t.Context(), []collect.Job{job}, func(_ int, o collect.Outcome) {
			if o.Failed != want.Kind || o.Result.Status != want.Text || o.Result.State != collect.Unavailable {
				t.Errorf("%s: failed %q, %+v", typ, o.Failed, o.Result)
			}
		})
	}
}

// A process that dies before it has opened its checks does so over what it was given; one that says why it cannot run
// any does not, and no check is at fault.
func TestDeathWhileLoading(t *testing.T) {
	dying, refusing := program(t, "dies at loading"), program(t, "")
	refusing.Settings = func() (Settings, error) { return Settings{Proxy: "impossible"}, nil }
	for p, want := range map[*Program]collect.FailedError{
		dying:    {Kind: "bundle", Text: "died over the bundle"},
		refusing: {Text: "the worker process cannot run checks: nothing runs here"},
	} {
		p.Describe = func(d Death) (kind, text string) {
			if !d.Loading {
				t.Errorf("%+v", d)
			}
			return "bundle", "died over the bundle"
		}
		_, err := p.Checker("t.echo").Check(t.Context(), collect.Request{Check: schedule.Check{ID: "a", Type: "t.echo", Period: time.Minute, Timeout: time.Minute}})
		var failed *collect.FailedError
		if errors.As(err, &failed) != (want.Kind != "") || failed != nil && failed.Kind != want.Kind || err == nil || err.Error() != want.Text {
			t.Errorf("%v, want %+v", err, want)
		}
	}
}

func TestTargetsComeBack(t *testing.T) {
	p := program(t, "")
	lister, ok := p.Checker("t.lists").(collect.Targeter)
	if !ok {
		t.Fatal("a checker that lists no targets")
	}
	if got, err := lister.Targets(t.Context()); err != nil || !reflect.DeepEqual(got, []string{"a", "b"}) {
		t.Errorf("%q, %v", got, err)
	}
	for typ, want := range map[string]string{
		"t.echo":    "t.echo has no targets",
		"t.nothing": `unknown check type "t.nothing"`,
		"t.lost":    "they are not to be found",
	} {
		if _, err := p.Targets(t.Context(), typ); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %q", typ, err, want)
		}
	}
}
