package bundle

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"virgo/collect/collecttest"
	"virgo/collect/program"
	"virgo/collect/script"
	"virgo/collect/script/trial"
	"virgo/schedule"
)

// commands are the only programs that a script finds: by the name that it asks for, the real program with the arguments
// that lead to the server of the test. What the script itself gives comes after them. There is no sudo in between.
type commands map[string][]string

func (c commands) Find(name string) (string, error) {
	if command, ok := c[name]; ok {
		return command[0], nil
	}
	return "", fmt.Errorf("%w: %q", program.ErrMissing, name)
}

func (c commands) Run(ctx context.Context, r script.ProgramRun) (script.ProgramOutput, error) {
	path, err := c.Find(r.Name)
	if err != nil {
		return script.ProgramOutput{}, err
	}
	o := program.Options{Input: r.Input, Env: r.Env, Merge: r.Merge, MaxOutput: r.MaxOutput}
	out, errs, err := program.RunWith(ctx, o, path, slices.Concat(c[r.Name][1:], r.Args)...)
	result := script.ProgramOutput{Out: string(out), Err: string(errs)}
	var exit *program.ExitError
	if errors.As(err, &exit) {
		result.Code, err = exit.Code, nil
	}
	return result, err
}

// run runs a script that is to be available.
func (c commands) run(t *testing.T, name string) *trial.Outcome {
	t.Helper()
	o := tryReal(t, name, nil, c)
	if fault, ok := o.Fault(); ok {
		t.Fatalf("%s is unavailable: %s", name, fault)
	}
	return o
}

// prints is a ready function for a server: the command succeeds, and prints the text.
func prints(text, program string, args ...string) func(context.Context) error {
	return func(ctx context.Context) error {
		out, err := exec.CommandContext(ctx, program, args...).CombinedOutput()
		if err == nil && !strings.Contains(string(out), text) {
			err = fmt.Errorf("there is no %q", text)
		}
		if err != nil {
			return fmt.Errorf("%s: %w: %s", program, err, out)
		}
		return nil
	}
}

func userName(t *testing.T) string {
	t.Helper()
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	return me.Username
}

// One chronyd has its time from the other. Neither touches the clock.
func TestRealChrony(t *testing.T) {
	t.Parallel()
	chronyd, chronyc, dir := collecttest.Program(t, "chronyd", "chrony"), collecttest.Program(t, "chronyc", "chrony"), collecttest.Folder(t)
	port := collecttest.FreePort(t)
	start := func(name, config string) *exec.Cmd {
		path := write(t, filepath.Join(dir, name), config+"\ncmdport 0\npidfile "+filepath.Join(dir, name+".pid")+"\n")
		return exec.Command(chronyd, "-x", "-d", "-U", "-u", userName(t), "-f", path)
	}
	// chronyd makes the folder of its socket itself: it takes none that others can enter.
	upper, lower := filepath.Join(dir, "upper", "sock"), filepath.Join(dir, "lower", "sock")
	collecttest.Serve(t, start("server", "local stratum 8\nallow 127.0.0.1\nport "+port+"\nbindcmdaddress "+upper),
		prints("7F7F0101", chronyc, "-c", "-h", upper, "tracking"))
	clock := commands{"chronyc": {chronyc, "-h", lower}}
	collecttest.Serve(t, start("client", "server 127.0.0.1 port "+port+" minpoll -6 maxpoll -6 iburst\nport 0\nbindcmdaddress "+lower),
		prints("Normal", chronyc, "-c", "-h", lower, "tracking"))
	reports(t, clock.run(t, "ntp"), map[string]string{"service": "chrony", "synchronized": "true", "source": "127.0.0.1", "stratum": "9", "offset": "*"})
	// the other one has no source but its own clock
	clock["chronyc"][2] = upper
	reports(t, clock.run(t, "ntp"), map[string]string{"service": "chrony", "synchronized": "false"})
}

func TestRealUnbound(t *testing.T) {
	t.Parallel()
	unbound, control, dir := collecttest.Program(t, "unbound", "unbound"), collecttest.Program(t, "unbound-control", "unbound"), collecttest.Folder(t)
	port, socket := collecttest.FreePort(t), filepath.Join(dir, "sock")
	config := write(t, filepath.Join(dir, "conf"), `server:
 interface: 127.0.0.1@`+port+`
 directory: "`+dir+`"
 username: ""
 chroot: ""
 pidfile: ""
 use-syslog: no
 num-threads: 1
 extended-statistics: yes
 local-data: "here.test A 192.0.2.1"
remote-control:
 control-enable: yes
 control-interface: `+socket+`
 control-use-cert: no
`)
	collecttest.Serve(t, exec.Command(unbound, "-d", "-c", config), prints("is running", control, "-c", config, "status"))
	resolver := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", "127.0.0.1:"+port)
	}}
	if _, err := resolver.LookupNetIP(t.Context(), "ip4", "here.test."); err != nil {
		t.Fatal(err)
	}
	reports(t, commands{"sudo unbound-control": {control, "-c", config}}.run(t, "unbound"), map[string]string{
		"queries": "1", "cache_misses": "0", "answers NOERROR": "1", "memory_rrset_cache": "*", "uptime": "*",
	})
}

func TestRealVarnish(t *testing.T) {
	t.Parallel()
	varnishd, stat, dir := collecttest.Program(t, "varnishd", "varnish"), collecttest.Program(t, "varnishstat", "varnish"), collecttest.Folder(t)
	collecttest.Program(t, "gcc", "gcc") // varnishd compiles its configuration
	address := "127.0.0.1:" + collecttest.FreePort(t)
	cmd := exec.Command(varnishd, "-F", "-j", "none", "-n", filepath.Join(dir, "n"), "-a", address, "-b", "127.0.0.1:1", "-s", "malloc,16m", "-p", "thread_pools=1")
	collecttest.Serve(t, cmd, collecttest.Answers("tcp", address))
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Get("http://" + address)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	reports(t, commands{"varnishstat": {stat, "-n", filepath.Join(dir, "n")}}.run(t, "varnish"), map[string]string{
		"cache_hits": "0", "threads": "*", "child_panics": "0", "storage_free s0": "16777216", "uptime": "*",
	})
}

func TestRealFail2ban(t *testing.T) {
	t.Parallel()
	server, client, dir := collecttest.Program(t, "fail2ban-server", "fail2ban"), collecttest.Program(t, "fail2ban-client", "fail2ban"), collecttest.Folder(t)
	socket := filepath.Join(dir, "sock")
	write(t, filepath.Join(dir, "fail2ban.conf"), "[Definition]\nloglevel = INFO\nlogtarget = STDOUT\nsyslogsocket = auto\nsocket = "+socket+
		"\npidfile = "+filepath.Join(dir, "pid")+"\nallowipv6 = auto\ndbfile = None\ndbmaxmatches = 10\ndbpurgeage = 1d\n")
	write(t, filepath.Join(dir, "jail.conf"), "[DEFAULT]\nenabled = true\nbackend = polling\nlogpath = "+write(t, filepath.Join(dir, "log"), "")+
		"\nfailregex = from <HOST>\naction =\n[web]\n[mail-login]\n")
	ask := []string{client, "-c", dir, "-s", socket}
	collecttest.Serve(t, exec.Command(server, "-f", "-c", dir, "-s", socket, "-p", filepath.Join(dir, "pid"), "--logtarget", "STDOUT", "start"),
		prints("mail-login", ask[0], append(ask[1:], "status")...))
	command(t, nil, ask[0], append(ask[1:], "set", "web", "banip", "192.0.2.1")...)
	reports(t, commands{"sudo fail2ban-client": ask}.run(t, "fail2ban"), map[string]string{
		"jails": "2", "banned web": "1", "banned mail-login": "0", "banned": "1", "failed": "0",
	})
}

// A file takes the place of a disk: what both programs print of something that has no figures.
func TestRealDisks(t *testing.T) {
	t.Parallel()
	smartctl, nvme, dir := collecttest.Program(t, "smartctl", "smartmontools"), collecttest.Program(t, "nvme", "nvme-cli"), collecttest.Folder(t)
	tools, file := commands{"sudo smartctl": {smartctl}, "sudo nvme": {nvme}}, write(t, filepath.Join(dir, "disk"), "")
	// only root may ask by the commands of ATA
	silent := map[bool]string{true: "it says nothing of its health", false: "it cannot be asked"}[os.Geteuid() == 0]
	for _, test := range []struct {
		script  string
		details schedule.Details
		want    string
	}{
		{"disk_smart", schedule.Details{"device": file}, file + ": " + file + ": Unable to detect device type"},
		{"disk_smart", schedule.Details{"device": file, "type": "sat"}, file + ": " + silent},
		{"disk_nvme", schedule.Details{"device": file}, "nvme: " + file + " is not a block or character device"},
	} {
		if got, ok := tryReal(t, test.script, test.details, tools).Fault(); !ok || got != test.want {
			t.Errorf("%s with %v: %v, %q, want %q", test.script, test.details, ok, got, test.want)
		}
	}
}

// The host of this test is one with two packages, and a repository that is newer in one of them.
func TestRealApt(t *testing.T) {
	t.Parallel()
	apt, dir := collecttest.Program(t, "apt-get", "apt"), collecttest.Folder(t)
	lists, archive := filepath.Join(dir, "lists"), filepath.Join(dir, "repository")
	for _, path := range []string{filepath.Join(lists, "partial"), filepath.Join(dir, "cache", "archives", "partial"), filepath.Join(dir, "etc", "preferences.d"), archive} {
		if err := os.MkdirAll(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	installed := ""
	for _, name := range []string{"one", "two"} {
		installed += "Package: " + name + "\nStatus: install ok installed\nVersion: 1.0\nArchitecture: all\nMaintainer: x\nDescription: x\n\n"
	}
	write(t, filepath.Join(dir, "status"), installed)
	packages := "Package: one\nVersion: 2.0\nArchitecture: all\nMaintainer: x\nFilename: ./one.deb\nSize: 1\nSHA256: " + strings.Repeat("0", 64) + "\nDescription: x\n\n"
	write(t, filepath.Join(archive, "Packages"), packages)
	write(t, filepath.Join(archive, "Release"), fmt.Sprintf("Label: Debian-Security\nSuite: stable-security\nVersion: 12\nDate: Sun, 01 Nov 2026 00:00:00 UTC\nSHA256:\n %x %d Packages\n",
		sha256.Sum256([]byte(packages)), len(packages)))
	write(t, filepath.Join(dir, "etc", "sources.list"), "deb [trusted=yes] file:"+archive+" ./\n")
	there := []string{apt, "-o", "Dir::State=" + dir, "-o", "Dir::State::status=" + filepath.Join(dir, "status"), "-o", "Dir::State::lists=" + lists,
		"-o", "Dir::Cache=" + filepath.Join(dir, "cache"), "-o", "Dir::Etc=" + filepath.Join(dir, "etc"), "-o", "APT::Sandbox::User=" + userName(t)}
	command(t, nil, apt, append(there[1:], "update")...)
	o := commands{"apt-get": there}.run(t, "updates")
	reports(t, o, map[string]string{"manager": "apt-get", "pending": "1", "security": "1"})
	if want := "1 updates, 1 for security: one"; o.Status != want {
		t.Errorf("the status is %q, want %q", o.Status, want)
	}
}

func TestRealOpenSSL(t *testing.T) {
	t.Parallel()
	openssl, dir := collecttest.Program(t, "openssl", "openssl"), collecttest.Folder(t)
	file := filepath.Join(dir, "web.pem")
	command(t, nil, openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "10", "-subj", "/CN=web.example",
		"-keyout", filepath.Join(dir, "key"), "-out", file)
	o := runReal(t, "certificates", schedule.Details{"files": filepath.Join(dir, "*.pem")})
	reports(t, o, map[string]string{"certificates": "1", "expired": "0", "unreadable": "0", "certificate_days_left " + file: "*"})
	if want := file + " ends in 9 days"; o.Status != want {
		t.Errorf("the status is %q, want %q", o.Status, want)
	}
}
