//go:build unix

package plugin

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"virgo/collect"
	"virgo/collect/collecttest"
	"virgo/schedule"
	"virgo/schedule/shorttext"
)

// folder returns a new plugin folder.
func folder(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "plugins")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// install writes a plugin and returns its path.
func install(t *testing.T, dir, name, body string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(body), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o755); err != nil { // whatever the umask
		t.Fatal(err)
	}
	return path
}

// checkIn checks a plugin in dir.
func checkIn(ctx context.Context, dir string, details schedule.Details) (collect.Report, error) {
	t := Type(Options{Dir: dir, Environ: os.Environ()})
	return t.Checker.Check(ctx, collect.Request{
		Check: schedule.Check{ID: "ch1", Type: TypeName, Period: time.Minute, Timeout: time.Minute, Details: details},
		Now:   time.Now,
	})
}

func TestPluginRuns(t *testing.T) {
	dir := folder(t)
	for _, tt := range []struct {
		name, body string
		args       any
		status     string
		err        string
	}{
		{"shell", "#!/bin/sh\necho status fine\n", nil, "fine", ""},
		{"arguments", "#!/bin/sh\nfor a; do printf '<%s>' \"$a\"; done | sed 's/^/status /'\n", []any{"a b", "", "$HOME", "*"}, "<a b><><$HOME><*>", ""},
		{"arguments in one string", "#!/bin/sh\nfor a; do printf '<%s>' \"$a\"; done | sed 's/^/status /'\n", `"a b" '' $HOME;ls`, "<a b><><$HOME;ls>", ""},
		{"environment", "#!/bin/sh\necho status $RAX_CHECK_ID $VIRGO_CHECK_TYPE $RAX_CHECK_PERIOD $VIRGO_DETAILS_FILE\n", nil, "ch1 agent.plugin 60 environment", ""},
		{"empty standard input", "#!/bin/sh\nif read x; then echo status read $x; else echo status end; fi\n", nil, "end", ""},
		{"much on standard error", "#!/bin/sh\nhead -c 1000000 /dev/zero >&2\necho status fine\n", nil, "fine", ""},
		{"exit code", "#!/bin/sh\nexit 7\n", nil, "", "Plugin exited with non-zero status code (code=7)"},
		{"exit code and status", "#!/bin/sh\necho 'status ponies > unicorns'\nexit 7\n", nil, "", "ponies > unicorns"},
		{"signal", "#!/bin/sh\nkill -9 $$\n", nil, "", "Plugin was ended by signal 9 (killed)"},
		{"no interpreter line", "echo status by sh, $1\n", "arg", "by sh, arg", ""},
		{"empty file", "", nil, "", ""},
		{"missing interpreter", "#!/no/such/interpreter -x\r\necho status fine\n", nil, "",
			`plugin could not be started: the interpreter in its first line does not exist: "/no/such/interpreter -x\r"`},
		{"another machine's program", "\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00", nil, "", "plugin could not be started: it is not a program for this system"},
		{"interpreter that is not executable", "#!/dev/null\n", nil, "",
			"plugin could not be started: permission denied (to the file or its interpreter, or by a file system mounted noexec)"},
		{"unrecognized last line", "#!/bin/sh\nprintf 'metric a int 1\\nsegmentation fault'\n", nil, "", `Unrecognized line "segmentation fault"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			install(t, dir, tt.name, tt.body)
			r, err := checkIn(t.Context(), dir, schedule.Details{"file": tt.name, "args": tt.args})
			if r.Status != tt.status || errText(err) != tt.err {
				t.Errorf("status %q, error %v; want %q, %q", r.Status, err, tt.status, tt.err)
			}
		})
	}
}

func TestPluginRunsInItsFolder(t *testing.T) {
	dir := folder(t)
	install(t, dir, "where", "#!/bin/sh\necho status $(pwd -P)\n")
	r, err := checkIn(t.Context(), dir, schedule.Details{"file": "where"})
	want, _ := filepath.EvalSymlinks(dir)
	if err != nil || r.Status != want {
		t.Errorf("runs in %q (%v), want %q", r.Status, err, want)
	}
}

func TestPluginEnvironmentHasNoToken(t *testing.T) {
	dir := folder(t)
	install(t, dir, "env", "#!/bin/sh\nenv | tr '\\n=' '  ' | sed 's/^/status /'\n")
	typ := Type(Options{Dir: dir, Environ: []string{"PATH=" + os.Getenv("PATH"), "VIRGO_TOKEN=hunter2", "CREDENTIALS_DIRECTORY=hunter2"}})
	r, err := typ.Checker.Check(t.Context(), collect.Request{Check: schedule.Check{ID: "c", Details: schedule.Details{"file": "env"}}})
	if err != nil || strings.Contains(r.Status, "hunter2") || !strings.Contains(r.Status, "RAX_CHECK_ID c") {
		t.Errorf("%v %q", err, r.Status)
	}
}

// TestPluginPaths: a schedule can run nothing outside the plugin folder.
func TestPluginPaths(t *testing.T) {
	dir := folder(t)
	exceeds := filepath.Dir(dir)
	install(t, dir, "in", "#!/bin/sh\necho status in $(basename $0)\n")
	install(t, exceeds, "out", "#!/bin/sh\necho status out\n")
	for link, target := range map[string]string{"link": "in", "escape": "../out", "absolute": "/bin/sh", "dangling": "nowhere", "loop": "loop"} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	install(t, filepath.Join(dir, "sub"), "deep", "#!/bin/sh\necho status deep\n")
	if err := syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o700); err != nil {
		t.Fatal(err)
	}
	const gone = "Plugin exited with non-zero status code (code=-127): there is no "
	leaves := func(name string) string { return `detail "file": "` + name + `" leads out of the plugin folder` }
	for name, want := range map[string]string{
		"in": "in in", "link": "in in", "./in": "in in", "sub/deep": "deep",
		"../out": leaves("../out"), "../../bin/sh": leaves("../../bin/sh"), "sub/../in": leaves("sub/../in"), "..": leaves(".."),
		"/bin/sh": leaves("/bin/sh"), exceeds + "/out": leaves(exceeds + "/out"),
		"escape": leaves("escape"), "absolute": leaves("absolute"),
		"nowhere": gone + "file " + dir + "/nowhere", "dangling": gone + "file " + dir + "/dangling",
		"no/where": gone + "file " + dir + "/no/where", "in/below": gone + "file " + dir + "/in/below",
		"sub": `detail "file": "sub" is not a regular file`, ".": `detail "file": "." is not a regular file`, "fifo": `detail "file": "fifo" is not a regular file`,
		"a\x00b":                  `detail "file": "a\x00b" is not a file name`,
		strings.Repeat("n", 2000): `detail "file": "` + strings.Repeat("n", 64) + `" is not a file name`,
		"":                        "Missing file parameter",
	} {
		r, err := checkIn(t.Context(), dir, schedule.Details{"file": name})
		if r.Status+errText(err) != want {
			t.Errorf("%.40q: %q, %v; want %q", name, r.Status, err, want)
		}
	}
	if _, err := checkIn(t.Context(), dir, schedule.Details{"file": "loop"}); err == nil || !strings.Contains(err.Error(), "cannot be reached") {
		t.Errorf("loop: %v", err)
	}
	t.Chdir(dir)
	if _, err := checkIn(t.Context(), "", schedule.Details{"file": "in"}); errText(err) != gone+"plugin folder" {
		t.Errorf("without a configured folder: %v", err)
	}
	if r, err := checkIn(t.Context(), ".", schedule.Details{"file": "in"}); err != nil || r.Status != "in in" {
		t.Errorf("with a relative folder: %q, %v", r.Status, err)
	}
	if _, err := checkIn(t.Context(), filepath.Join(dir, "nothing"), schedule.Details{"file": "in"}); errText(err) != gone+"file "+filepath.Join(dir, "nothing") {
		t.Errorf("with a folder that does not exist: %v", err)
	}
}

func TestPluginWritableByOthers(t *testing.T) {
	dir := folder(t)
	sub := filepath.Join(dir, "sub")
	if err := os.Mkdir(sub, 0o755); err != nil {
		t.Fatal(err)
	}
	install(t, sub, "it's", "#!/bin/sh\necho status fine\n")
	real, _ := filepath.EvalSymlinks(dir)
	for _, tt := range []struct {
		path, rel string
		mode      os.FileMode
	}{
		{dir, ".", 0o777}, {dir, ".", 0o757}, {dir, ".", 0o777 | os.ModeSticky},
		{sub, "sub", 0o757},
		{filepath.Join(sub, "it's"), "sub/it's", 0o757}, {filepath.Join(sub, "it's"), "sub/it's", 0o722},
		{filepath.Join(sub, "it's"), "sub/it's", 0o644},
	} {
		before, err := os.Stat(tt.path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(tt.path, tt.mode); err != nil {
			t.Fatal(err)
		}
		r, err := checkIn(t.Context(), dir, schedule.Details{"file": "sub/it's"})
		fix := ": chmod go-w " + shorttext.QuoteShell(filepath.Join(real, tt.rel))
		if tt.mode == 0o644 {
			fix = ": chmod +x " + shorttext.QuoteShell(filepath.Join(real, tt.rel))
		}
		if err == nil || !strings.HasPrefix(err.Error(), `detail "file": `) || !strings.HasSuffix(err.Error(), fix) {
			t.Errorf("%s %v: %q, %v; want …%s", tt.rel, tt.mode, r.Status, err, fix)
		}
		if err := os.Chmod(tt.path, before.Mode()); err != nil {
			t.Fatal(err)
		}
	}
	if r, err := checkIn(t.Context(), dir, schedule.Details{"file": "sub/it's"}); err != nil || r.Status != "fine" {
		t.Errorf("with the original modes: %q, %v", r.Status, err)
	}
}

func TestTargets(t *testing.T) {
	dir := folder(t)
	install(t, dir, "b.sh", "")
	install(t, dir, "a", "")
	install(t, dir, ".hidden", "")
	if err := os.WriteFile(filepath.Join(dir, "README"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	targets := func(dir string) ([]string, error) {
		return Type(Options{Dir: dir}).Checker.(collect.Targeter).Targets(t.Context())
	}
	if got, err := targets(dir); err != nil || !slices.Equal(got, []string{"a", "b.sh"}) {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := targets(filepath.Join(dir, "nothing")); err != nil || len(got) != 0 {
		t.Errorf("with a folder that does not exist: %q, %v", got, err)
	}
	if _, err := targets(filepath.Join(dir, "a")); err == nil {
		t.Error("a file was accepted as a plugin folder")
	}
}

func TestDetails(t *testing.T) {
	dir := folder(t)
	install(t, dir, "p", "#!/bin/sh\necho status fine\n")
	for _, tt := range []struct {
		key   string
		value any
		want  string
	}{
		{"timeout", "5000", "fine"}, {"timeout", 5000, "fine"}, {"timeout", nil, "fine"}, {"timeout", "", "fine"}, {"timeout", 1e9, "fine"}, {"timeout", "1.5s", "fine"},
		{"timeout", 0, `detail "timeout" is "0", not a number of milliseconds from 1 on`},
		{"timeout", "-1", `detail "timeout" is "-1", not a number of milliseconds from 1 on`},
		{"timeout", "soon", `detail "timeout" is "soon", not a number of milliseconds from 1 on`},
		{"timeout", []any{1}, `detail "timeout" is not a number of milliseconds from 1 on`},
		{"format", "virgo", "fine"}, {"format", "", "fine"},
		{"format", "xml", `detail "format" is "xml", not one of virgo, nagios, checkmk, prometheus, influx, json`},
		{"file", []any{"p"}, `detail "file" is "a list or an object", not a text`},
	} {
		details := schedule.Details{"file": "p"}
		details[tt.key] = tt.value
		r, err := checkIn(t.Context(), dir, details)
		if r.Status+errText(err) != tt.want {
			t.Errorf("%s %v: %q, %v; want %q", tt.key, tt.value, r.Status, err, tt.want)
		}
	}
}

func TestTimeLimits(t *testing.T) {
	dir := folder(t)
	install(t, dir, "slow", "#!/bin/sh\necho status too early\nexec sleep 1000\n")
	typ := Type(Options{Dir: dir, Environ: os.Environ()})
	registry, err := collect.NewRegistry(typ)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		check  time.Duration
		detail any
		want   string
	}{
		{time.Minute, 500, "Plugin didn't finish in 0.5 seconds"},
		{time.Minute, "20", "Plugin didn't finish in 0.02 seconds"},
		{time.Second, 5000, "Plugin didn't finish in 1 seconds"},
		{50 * time.Millisecond, nil, "Plugin didn't finish in 0.05 seconds"},
	} {
		details := schedule.Details{"file": "slow", "timeout": tt.detail}
		job := collect.Job{Check: schedule.Check{ID: "c", Type: TypeName, Timeout: tt.check, Details: details}}
		runner := collect.Runner{Registry: registry}
		runner.Run(t.Context(), []collect.Job{job}, func(_ int, o collect.Outcome) {
			if o.Result.Status != tt.want || o.Result.State != collect.Unavailable || len(o.Result.Metrics) > 0 {
				t.Errorf("%v, %v: %+v, want %q", tt.check, tt.detail, o.Result, tt.want)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := checkIn(ctx, dir, schedule.Details{"file": "slow"}); !errors.Is(err, context.Canceled) {
		t.Errorf("after cancellation: %v", err)
	}
}

func TestPluginConforms(t *testing.T) {
	dir := folder(t)
	install(t, dir, "numbers", "#!/bin/sh\necho '{\"count\": 1, \"name\": \"x\"}'\n")
	collecttest.Conform(t, collecttest.Subject{
		Type:    Type(Options{Dir: dir}),
		Details: schedule.Details{"file": "numbers", "format": "json"},
		Metrics: map[string]collecttest.Metric{"count": {Type: collect.Double}, "name": {Type: collect.String}},
		Wrong: []collecttest.Wrong{
			{Details: schedule.Details{}, Status: "Missing file parameter"},
			{Details: schedule.Details{"file": "none"}, Status: "Plugin exited with non-zero status code (code=-127): there is no file " + dir + "/none"},
			{Details: schedule.Details{"file": "numbers", "format": "xml"},
				Status: `detail "format" is "xml", not one of virgo, nagios, checkmk, prometheus, influx, json`},
			{Details: schedule.Details{"file": "numbers", "format": []any{"json"}}, Status: `detail "format" is "a list or an object", not the name of a format`},
		},
	})
}

// TestPluginSaysWhyItFailed: a failure has the end of standard error, and a line that cannot be read
// the command that shows it.
func TestPluginSaysWhyItFailed(t *testing.T) {
	dir := folder(t)
	const code1 = "Plugin exited with non-zero status code (code=1)"
	for name, c := range map[string]struct{ script, want string }{
		"last line":     {"echo first >&2; printf '\\033[31mno module named x\\033[0m\\n\\n' >&2; exit 1", code1 + "; its standard error ends with: no module named x"},
		"nothing":       {"exit 1", code1},
		"own status":    {"echo status my own; echo noise >&2; exit 1", "my own"},
		"success":       {"echo status fine; echo a warning >&2", "fine"},
		"long":          {"head -c 300000 /dev/zero | tr '\\0' x >&2; echo ' the end' >&2; exit 1", code1 + "; its standard error ends with: the end"},
		"secret":        {"echo 'cannot log in with password=hunter2' >&2; exit 1", code1 + "; its standard error ends with: cannot log in with password=[redacted]"},
		"nagios":        {"echo UNKNOWN: x; echo why >&2; exit 4", code1[:len(code1)-2] + "4): UNKNOWN: x; its standard error ends with: why"},
		"nagios silent": {"echo why >&2; exit 3", "Plugin exited with non-zero status code (code=3); its standard error ends with: why"},
		"a line":        {"echo 'a 1'; echo 'a one'", `Line 2 is not in the format prometheus: "one" of metric "a" is not a number; virgo plugin test 'a line' shows each line`},
		"a signal":      {"echo oh >&2; kill -9 $$", "Plugin was ended by signal 9 (killed); its standard error ends with: oh"},
		"background":    {"sleep 5 & echo why >&2; exit 1", code1 + "; its standard error ends with: why"},
	} {
		install(t, dir, name, "#!/bin/sh\n"+c.script+"\n")
		format := ""
		if name == "nagios silent" {
			format = "nagios"
		}
		started := time.Now()
		r, err := checkIn(t.Context(), dir, schedule.Details{"file": name, "format": format})
		if got := r.Status + errText(err); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if took := time.Since(started); name == "background" && took > 4*time.Second {
			t.Errorf("%s: it waited %v for the process that was left behind", name, took)
		}
	}
}

// A plugin whose time limit was spent on waiting for others says so, and leaves the queue.
func TestTimeLimitNamesTheWaitForOthers(t *testing.T) {
	dir := folder(t)
	install(t, dir, "long", "#!/bin/sh\nexec head -c 1000000 /dev/zero\n")
	c := Type(Options{Dir: dir, Environ: os.Environ()}).Checker.(*checker)
	for range largeSlots {
		c.large.take(nil)
	}
	check := schedule.Check{ID: "c", Type: TypeName, Period: time.Minute, Timeout: time.Second}
	check.Details = schedule.Details{"file": "long"}
	report, err := c.Check(t.Context(), collect.Request{Check: check})
	if text := errText(err); !strings.HasPrefix(text, "Plugin didn't finish in 1 seconds, for ") ||
		!strings.HasSuffix(text, " seconds of which its long output waited for those of other plugins") {
		t.Errorf("%q", text)
	}
	if report.Release != nil || c.large.taken != largeSlots || len(c.large.waiting) != 0 {
		t.Errorf("%d slots are taken, %d wait", c.large.taken, len(c.large.waiting))
	}
	c.large.release()
	report, _ = c.Check(t.Context(), collect.Request{Check: check})
	if report.Release == nil || c.large.taken != largeSlots {
		t.Fatalf("no slot for a long output, %d are taken", c.large.taken)
	}
	report.Release()
	if c.large.taken != largeSlots-1 {
		t.Errorf("%d slots are taken after the result was passed on", c.large.taken)
	}
}
