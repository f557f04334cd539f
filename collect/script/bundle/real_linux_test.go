package bundle

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"virgo/collect/collecttest"
	"virgo/collect/script"
	"virgo/collect/script/trial"
	"virgo/schedule"
)

// runReal runs a script against this host, with the guard that an owner's own script has.
func runReal(t *testing.T, name string, details schedule.Details) *trial.Outcome {
	t.Helper()
	o := tryReal(t, name, details, nil)
	if fault, ok := o.Fault(); ok {
		t.Fatalf("%s is unavailable: %s", name, fault)
	}
	return o
}

// tryReal is runReal of a script that may be unavailable, with these programs or, if nil, those of the host.
func tryReal(t *testing.T, name string, details schedule.Details, programs script.Programs) *trial.Outcome {
	t.Helper()
	return runWith(t, name, details, script.World{Programs: programs})
}

// reports compares metrics: NAME, or NAME of a dimension behind a blank.
func reports(t *testing.T, o *trial.Outcome, want map[string]string) {
	t.Helper()
	got := map[string]string{}
	for _, m := range o.Metrics {
		got[strings.TrimSpace(m.Name+" "+m.Dimension)] = m.Value
	}
	for name, value := range want {
		if have, ok := got[name]; !ok || value != "*" && have != value {
			t.Errorf("%s is %q, want %q; there are %v", name, have, value, got)
		}
	}
}

// until runs a script again and again, for up to a minute, until it has the status.
func until(t *testing.T, status string, run func() *trial.Outcome) *trial.Outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		o := run()
		if o.Status == status {
			return o
		}
		select {
		case <-ctx.Done():
			fault, _ := o.Fault()
			t.Fatalf("the status is %q, want %q; %s %v", o.Status, status, fault, o.Metrics)
		case <-tick.C:
		}
	}
}

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func command(t *testing.T, environ []string, program string, args ...string) {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), environ...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %q: %v: %s", program, args, err, out)
	}
}

func TestRealHAProxy(t *testing.T) {
	t.Parallel()
	program, dir := collecttest.Program(t, "haproxy", "haproxy"), collecttest.Folder(t)
	socket, port := filepath.Join(dir, "sock"), collecttest.FreePort(t)
	config := write(t, filepath.Join(dir, "cfg"), "global\n stats socket "+socket+" mode 666\ndefaults\n mode http\n timeout connect 1s\n"+
		" timeout client 1s\n timeout server 1s\nfrontend web\n bind 127.0.0.1:"+port+"\n default_backend app\nbackend app\n server one 127.0.0.1:1 check inter 50ms\n")
	collecttest.Serve(t, exec.Command(program, "-f", config), collecttest.Answers("unix", socket))
	o := runReal(t, "haproxy", schedule.Details{"socket": socket})
	reports(t, o, map[string]string{"servers": "1", "status web frontend": "OPEN", "sessions app backend": "0"})
}

func TestRealPHPFPM(t *testing.T) {
	t.Parallel()
	program, dir := collecttest.Program(t, "php-fpm8.2", "php8.2-fpm"), collecttest.Folder(t)
	socket := filepath.Join(dir, "sock")
	config := "[global]\nerror_log = " + filepath.Join(dir, "log") + "\n[pool]\nlisten = " + socket + "\nlisten.mode = 0666\n" +
		"pm = static\npm.max_children = 1\npm.status_path = /status\n"
	if os.Geteuid() == 0 {
		config += "user = nobody\n"
	}
	path := write(t, filepath.Join(dir, "conf"), config)
	collecttest.Serve(t, exec.Command(program, "-F", "-y", path), collecttest.Answers("unix", socket))
	o := runReal(t, "php_fpm", schedule.Details{"socket": socket})
	reports(t, o, map[string]string{"pool": "pool", "processes": "1", "active": "1", "queue": "0"})
}

func TestRealBIND(t *testing.T) {
	t.Parallel()
	program, dir := collecttest.Program(t, "named", "bind9"), collecttest.Folder(t)
	port, dns := collecttest.FreePort(t), collecttest.FreePort(t)
	write(t, filepath.Join(dir, "zone"), "$TTL 60\n@ SOA a. b. 1 1 1 1 1\n NS a\na A 192.0.2.1\n")
	config := write(t, filepath.Join(dir, "conf"), `options { directory "`+dir+`"; listen-on port `+dns+` { 127.0.0.1; }; listen-on-v6 { none; }; recursion no;
 pid-file none; session-keyfile none; managed-keys-directory "`+dir+`"; };
controls { };
statistics-channels { inet 127.0.0.1 port `+port+` allow { 127.0.0.1; }; };
zone "example.test" { type primary; file "zone"; };
`)
	collecttest.Serve(t, exec.Command(program, "-g", "-c", config), collecttest.Answers("tcp", "127.0.0.1:"+port))
	o := runReal(t, "bind", schedule.Details{"url": "http://127.0.0.1:" + port})
	reports(t, o, map[string]string{"version": "*", "responses": "0", "uptime": "*"})
}

func TestRealRestic(t *testing.T) {
	t.Parallel()
	program, dir := collecttest.Program(t, "restic", "restic"), t.TempDir()
	password := write(t, filepath.Join(dir, "password"), "x\n")
	environ := []string{"RESTIC_REPOSITORY=" + filepath.Join(dir, "r"), "RESTIC_PASSWORD_FILE=" + password, "RESTIC_CACHE_DIR=" + filepath.Join(dir, "c")}
	command(t, environ, program, "init", "-q")
	command(t, environ, program, "backup", "-q", "--host", "web", password)
	o := runReal(t, "backup_restic", schedule.Details{"repository": filepath.Join(dir, "r"), "password_file": password})
	reports(t, o, map[string]string{"snapshots": "1", "group_snapshots web " + password: "1", "age": "*"})
}

func TestRealBorg(t *testing.T) {
	t.Parallel()
	program, dir := collecttest.Program(t, "borg", "borgbackup"), t.TempDir()
	file, repository := write(t, filepath.Join(dir, "file"), "x\n"), filepath.Join(dir, "r")
	environ := []string{"BORG_BASE_DIR=" + dir, "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=yes"}
	command(t, environ, program, "init", "-e", "none", repository)
	command(t, environ, program, "create", repository+"::first", file)
	base := t.TempDir()
	o := runReal(t, "backup_borg", schedule.Details{"repository": repository, "base_dir": base})
	reports(t, o, map[string]string{"archives": "1", "newest": "first", "age": "*"})
	if _, err := os.Stat(filepath.Join(base, ".config", "borg")); err != nil {
		t.Errorf("borg writes elsewhere: %v", err)
	}
}

func TestRealNUT(t *testing.T) {
	t.Parallel()
	program, driver, dir := collecttest.Program(t, "/lib/nut/upsd", "nut-server"), collecttest.Program(t, "/lib/nut/dummy-ups", "nut-server"), collecttest.Folder(t)
	port := collecttest.FreePort(t)
	write(t, filepath.Join(dir, "ups.conf"), "[office]\n driver = dummy-ups\n port = office.dev\n")
	write(t, filepath.Join(dir, "office.dev"), "battery.charge: 87\nups.status: OB DISCHRG\n")
	write(t, filepath.Join(dir, "upsd.conf"), "LISTEN 127.0.0.1 "+port+"\n")
	write(t, filepath.Join(dir, "upsd.users"), "")
	environ := append(os.Environ(), "NUT_CONFPATH="+dir, "NUT_STATEPATH="+dir, "NUT_ALTPIDPATH="+dir)
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	source, server := exec.Command(driver, "-F", "-a", "office", "-u", me.Username), exec.Command(program, "-F", "-u", me.Username)
	source.Env, server.Env = environ, environ
	collecttest.Serve(t, source, collecttest.Answers("unix", filepath.Join(dir, "dummy-ups-office")))
	collecttest.Serve(t, server, func(ctx context.Context) error { return hasRead(ctx, "127.0.0.1:"+port) })
	o := runReal(t, "ups", schedule.Details{"port": port})
	reports(t, o, map[string]string{"status office": "OB DISCHRG", "battery_charge office": "87", "on_battery office": "true"})
}

// hasRead returns an error until upsd has figures of its driver.
func hasRead(ctx context.Context, address string) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("GET VAR office ups.status\n")); err != nil {
		return err
	}
	answer := make([]byte, 256)
	n, err := conn.Read(answer)
	if err == nil && !strings.Contains(string(answer[:n]), "OB") {
		err = fmt.Errorf("upsd says %q", answer[:n])
	}
	return err
}

// What reads the kernel alone says something on every host.
func TestRealHost(t *testing.T) {
	collecttest.Thorough(t, "reads this host")
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a"), "12345")
	reports(t, runReal(t, "directory", schedule.Details{"path": dir}), map[string]string{"bytes": "5", "files": "1", "folders": "0"})
	reports(t, runReal(t, "top_processes", nil), map[string]string{"processes": "*", "processors": "*"})
	reports(t, runReal(t, "open_files", nil), map[string]string{"open": "*"})
	reports(t, runReal(t, "mounts", schedule.Details{"expected": []any{"/proc"}}), map[string]string{"mounted /proc": "true", "missing": "0"})
	reports(t, runReal(t, "reboot_required", nil), map[string]string{"reboot_required": "*", "kernel": "*"})
}
