//go:build unix

package daemon

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"virgo/collect/collecttest"
)

// fakePrograms puts scripts first in PATH that record how they are called. An exit code can follow a name.
func fakePrograms(t *testing.T, scripts map[string]string) (calls func() string) {
	t.Helper()
	bin := t.TempDir()
	log := filepath.Join(bin, "calls")
	for name, script := range scripts {
		text := "#!/bin/sh\necho \"" + name + " $*\" >>'" + log + "'\n" + script + "\n"
		if err := os.WriteFile(filepath.Join(bin, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	return func() string {
		b, err := os.ReadFile(log)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		if err := os.Remove(log); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		return string(b)
	}
}

// step is a call of a manager and what it calls.
type step struct {
	do      func() (bool, error)
	changed bool
	calls   string
}

func check(t *testing.T, calls func() string, steps []step) {
	t.Helper()
	for i, s := range steps {
		changed, err := s.do()
		if got := calls(); err != nil || changed != s.changed || got != s.calls {
			t.Errorf("step %d: changed %v, %v, calls\n%swant\n%s", i, changed, err, got, s.calls)
		}
	}
}

func TestSystemdInstallAndUninstall(t *testing.T) {
	calls := fakePrograms(t, map[string]string{"systemctl": ""})
	m := Systemd{Dir: t.TempDir()}
	install := func() (bool, error) { return m.Install(t.Context(), service()) }
	low := func() (bool, error) {
		s := service()
		s.LowPort = true
		return m.Install(t.Context(), s)
	}
	uninstall := func() (bool, error) { return m.Uninstall(t.Context()) }
	const ping = "systemctl show --property=Version\n"
	check(t, calls, []step{
		{install, true, ping + "systemctl daemon-reload\nsystemctl enable virgo-endpoint.service\nsystemctl restart virgo-endpoint.service\n"},
		{install, false, ping + "systemctl enable virgo-endpoint.service\nsystemctl start virgo-endpoint.service\n"},
		{low, true, ping + "systemctl daemon-reload\nsystemctl enable virgo-endpoint.service\nsystemctl restart virgo-endpoint.service\n"},
		{uninstall, true, ping + "systemctl disable --now virgo-endpoint.service\nsystemctl daemon-reload\n"},
		{uninstall, false, ""},
	})
	if left, err := os.ReadDir(m.Dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestSystemdDoesNotAnswer(t *testing.T) {
	fakePrograms(t, map[string]string{"systemctl": "echo 'System has not been booted with systemd' >&2; exit 1"})
	m := Systemd{Dir: t.TempDir()}
	_, err := m.Install(t.Context(), service())
	var hint *HintError
	if !errors.As(err, &hint) || !strings.Contains(err.Error(), "not been booted") {
		t.Errorf("%v", err)
	}
	if left, err := os.ReadDir(m.Dir); err != nil || len(left) > 0 {
		t.Errorf("written: %v, %v", left, err)
	}
}

func TestRCDInstallAndUninstall(t *testing.T) {
	running := filepath.Join(t.TempDir(), "running")
	calls := fakePrograms(t, map[string]string{"sysrc": "",
		"service": "case $2 in status) test -e " + running + ";; stop) rm " + running + ";; *) touch " + running + ";; esac"})
	m := RCD{Dir: t.TempDir()}
	install := func() (bool, error) { return m.Install(t.Context(), service()) }
	uninstall := func() (bool, error) { return m.Uninstall(t.Context()) }
	check(t, calls, []step{
		{install, true, "sysrc virgo_endpoint_enable=YES\nservice virgo_endpoint restart\n"},
		{install, false, "sysrc virgo_endpoint_enable=YES\nservice virgo_endpoint status\n"},
		{uninstall, true, "service virgo_endpoint status\nservice virgo_endpoint stop\nsysrc -x virgo_endpoint_enable\n"},
		{uninstall, false, ""},
	})
}

// The script is read by sh with an rc.subr that evaluates the command as FreeBSD's does.
func TestRCDScript(t *testing.T) {
	dir := t.TempDir()
	const subr = "load_rc_config() { :; }\nrun_rc_command() { eval \"set -- $command $command_args\"; for a; do printf '<%s>\\n' \"$a\"; done; }\n"
	if err := os.WriteFile(filepath.Join(dir, "rc.subr"), []byte(subr), 0o644); err != nil {
		t.Fatal(err)
	}
	s := service()
	s.Args = append(s.Args, "--client-ca=/a b/$HOME/`id`/\"c\"/'d'/\\e/${pidfile}.pem")
	text := strings.Replace(RCD{}.Print(s), ". /etc/rc.subr", ". "+filepath.Join(dir, "rc.subr"), 1)
	out, err := exec.Command("sh", "-c", text, "virgo_endpoint", "start").CombinedOutput()
	const want = "</usr/sbin/daemon> <-P> </var/run/virgo_endpoint.pid> <-r> <-R> <5> <-S> <-T> <virgo-endpoint> <-t> <virgo-endpoint> <-u> <virgo-endpoint> <--> " +
		"</usr/local/bin/virgo-endpoint> <serve> <--dir=/var/lib/virgo-endpoint> <--listen=:50041> " +
		"<--client-ca=/a b/$HOME/`id`/\"c\"/'d'/\\e/${pidfile}.pem>"
	if got := strings.Join(strings.Split(strings.TrimSpace(string(out)), "\n"), " "); err != nil || got != want {
		t.Errorf("%v\n%s\nwant\n%s", err, got, want)
	}
}

func TestLaunchdInstallAndUninstall(t *testing.T) {
	loaded := filepath.Join(t.TempDir(), "loaded")
	calls := fakePrograms(t, map[string]string{
		"launchctl": "case $1 in print) test -e " + loaded + ";; bootout) rm " + loaded + ";; *) touch " + loaded + ";; esac"})
	m := Launchd{Dir: t.TempDir()}
	install := func() (bool, error) { return m.Install(t.Context(), service()) }
	uninstall := func() (bool, error) { return m.Uninstall(t.Context()) }
	const label = "system/virgo.endpoint"
	check(t, calls, []step{
		{install, true, "launchctl print " + label + "\nlaunchctl bootstrap system " + m.path() + "\n"},
		{install, false, "launchctl print " + label + "\n"},
		{uninstall, true, "launchctl print " + label + "\nlaunchctl bootout " + label + "\n"},
		{uninstall, false, ""},
	})
}

// systemd ignores a key or value that it does not know, with a line that names the unit.
func TestSystemdKnowsTheUnit(t *testing.T) {
	analyze := collecttest.Program(t, "systemd-analyze", "systemd")
	s := service()
	var err error
	if s.Program, err = os.Executable(); err != nil { // has to exist
		t.Fatal(err)
	}
	s.User = "root" // as has the user; of nobody systemd warns
	path := filepath.Join(t.TempDir(), unitName)
	lines := func(text string) string {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(analyze, "verify", path).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		var ours strings.Builder // of the host's other units it may complain as well
		for l := range strings.Lines(string(out)) {
			if strings.Contains(l, unitName) {
				ours.WriteString(l)
			}
		}
		return ours.String()
	}
	text := Systemd{}.Print(s)
	if got := lines(text); got != "" {
		t.Errorf("systemd-analyze verify: %s", got)
	}
	if got := lines(strings.Replace(text, "MemoryHigh="+memoryHigh, "MemoryHigh=much", 1)); !strings.Contains(got, "much") {
		t.Errorf("systemd-analyze verify does not see a wrong value: %q", got)
	}
}

// The unit's exposure, by systemd's own measure, stays at "OK".
func TestSystemdSandbox(t *testing.T) {
	analyze := collecttest.Program(t, "systemd-analyze", "systemd")
	for _, low := range []bool{false, true} {
		s := service()
		s.LowPort = low
		path := filepath.Join(t.TempDir(), unitName)
		if err := os.WriteFile(path, []byte(Systemd{}.Print(s)), 0o644); err != nil {
			t.Fatal(err)
		}
		// The threshold is ten times the figure that it prints.
		out, err := exec.Command(analyze, "security", "--no-pager", "--offline=true", "--threshold=20", path).CombinedOutput()
		if err != nil {
			t.Errorf("low port %v: %v\n%s", low, err, out)
		}
	}
}
