package bundle

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"virgo/collect/collecttest"
)

// A namespace has packages that cannot be installed beside others (the one for the other's place as mail server or
// setter of the clock): .ci/run unpacks them, and they lie over /usr.
type namespace struct {
	enter []string // what runs a command in it
}

// newNamespace starts a shell script as a server in namespaces of these kinds ("--mount", "--net", …), and waits until a
// command in them prints the text.
func newNamespace(t *testing.T, kinds, packages []string, start, text string, command ...string) namespace {
	t.Helper()
	unshare, nsenter := collecttest.Program(t, "unshare", "util-linux"), collecttest.Program(t, "nsenter", "util-linux")
	layers := ""
	for _, name := range packages {
		folder := filepath.Join("/opt/virgo-tests", name)
		if _, err := os.Stat(folder); err != nil {
			collecttest.Lacks(t, "the files of Debian's "+name+" are not in "+folder+": .ci/run puts them there")
		}
		layers += folder + "/usr:"
	}
	overlay := "mount -t overlay -o lowerdir=" + layers + "/usr overlay /usr"
	if out, err := exec.Command(unshare, append(kinds, "sh", "-c", overlay)...).CombinedOutput(); err != nil {
		t.Skipf("nothing can be laid over /usr here: %v %s", err, out)
	}
	server := exec.Command(unshare, append(kinds, "sh", "-c", "set -e\n"+overlay+"\n"+start)...)
	var n namespace
	ready := func(ctx context.Context) error {
		n.enter = append([]string{nsenter, "--target", strconv.Itoa(server.Process.Pid), "--preserve-credentials"}, entered(kinds)...)
		return prints(text, n.enter[0], append(n.enter[1:len(n.enter):len(n.enter)], command...)...)(ctx)
	}
	collecttest.Serve(t, server, ready)
	t.Cleanup(func() { syscall.Kill(-server.Process.Pid, syscall.SIGKILL) }) // with --fork it takes no other signal
	return n
}

// entered are the options of nsenter for those of unshare.
func entered(kinds []string) (options []string) {
	for _, kind := range kinds {
		switch kind {
		case "--user", "--mount", "--net":
			options = append(options, kind)
		}
	}
	return options
}

// command is what runs a command in the namespace.
func (n namespace) command(args ...string) []string {
	return append(n.enter[:len(n.enter):len(n.enter)], args...)
}

func (n namespace) run(args ...string) *exec.Cmd {
	line := n.command(args...)
	return exec.Command(line[0], line[1:]...)
}

// newClock is a namespace with a network of its own, in which a chronyd has the time of this host. Nobody in it may set
// the clock.
func newClock(t *testing.T, dir, network, address string, packages ...string) namespace {
	t.Helper()
	chronyd, socket := collecttest.Program(t, "chronyd", "chrony"), filepath.Join(dir, "c", "sock")
	config := write(t, filepath.Join(dir, "chrony"), "local stratum 8\nallow\ncmdport 0\nport 123\nbindaddress "+address+
		"\nbindcmdaddress "+socket+"\npidfile "+filepath.Join(dir, "chrony.pid")+"\n")
	start := "ip link set lo up\n" + network + "exec " + chronyd + " -x -d -U -u root -f " + config
	kinds := []string{"--user", "--map-root-user", "--mount", "--net"}
	return newNamespace(t, kinds, packages, start, "7F7F0101", "chronyc", "-h", socket, "tracking")
}

func TestRealNTPsec(t *testing.T) {
	t.Parallel()
	dir := collecttest.Folder(t)
	config := write(t, filepath.Join(dir, "ntp.conf"), "server 192.0.2.1 iburst minpoll 3 maxpoll 3\nrestrict default nomodify\nrestrict 127.0.0.1\nrestrict ::1\n"+
		"interface ignore wildcard\ninterface listen 127.0.0.1\ninterface listen 192.0.2.2\n")
	// ntpd wants another address than its server's
	network := "ip addr add 192.0.2.1/32 dev lo\nip addr add 192.0.2.2/32 dev lo\nip route replace table local local 192.0.2.1 dev lo src 192.0.2.2\n"
	n := newClock(t, dir, network, "192.0.2.1", "ntpsec", "python3-ntp")
	ask := n.command("ntpq")
	collecttest.Serve(t, n.run("ntpd", "-n", "-c", config), prints("*192.0.2.1", ask[0], append(ask[1:], "-pn")...))
	reports(t, commands{"ntpq": ask}.run(t, "ntp"), map[string]string{
		"service": "ntpd", "synchronized": "true", "source": "192.0.2.1", "stratum": "9", "offset": "*", "jitter": "*", "root_delay": "*",
	})
}

func TestRealTimesyncd(t *testing.T) {
	t.Parallel()
	dir := collecttest.Folder(t)
	daemon, socket := collecttest.Program(t, "dbus-daemon", "dbus-daemon"), filepath.Join(dir, "bus")
	collecttest.Program(t, "timedatectl", "systemd")
	bus := write(t, filepath.Join(dir, "bus.conf"), "<busconfig><type>session</type><listen>unix:path="+socket+"</listen><auth>EXTERNAL</auth>"+
		`<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/></policy></busconfig>`)
	collecttest.Serve(t, exec.Command(daemon, "--nofork", "--config-file", bus), collecttest.Answers("unix", socket))
	folders := "mount -t tmpfs tmpfs /run\nmkdir -p /run/systemd/system /run/systemd/timesync /run/systemd/timesyncd.conf.d\n" +
		"printf '[Time]\\nNTP=127.0.0.1\\nFallbackNTP=\\n' >/run/systemd/timesyncd.conf.d/test.conf\n"
	n := newClock(t, dir, folders, "127.0.0.1", "systemd-timesyncd")
	environ := []string{"env", "DBUS_SYSTEM_BUS_ADDRESS=unix:path=" + socket, "STATE_DIRECTORY=" + dir}
	ask := n.command(append(environ, "timedatectl")...)
	// Started as root it would become another user, whom this namespace does not have.
	server := append(environ, "unshare", "--user", "--map-user=1", "/opt/virgo-tests/systemd-timesyncd/lib/systemd/systemd-timesyncd")
	collecttest.Serve(t, n.run(server...), prints("Packet count: 1", ask[0], append(ask[1:], "timesync-status")...))
	reports(t, commands{"timedatectl": ask}.run(t, "ntp"), map[string]string{
		"service": "timesyncd", "synchronized": "true", "source": "127.0.0.1", "stratum": "9", "offset": "*", "jitter": "*", "root_delay": "*",
	})
}

func TestRealPostfix(t *testing.T) {
	t.Parallel()
	dir := collecttest.Folder(t)
	collecttest.Thorough(t, "runs the real postfix")
	if os.Getuid() != 0 {
		t.Skip("postfix starts as root only")
	}
	conf := filepath.Join(dir, "conf")
	if err := os.Mkdir(conf, 0o755); err != nil {
		t.Fatal(err)
	}
	// Debian's users for it are not made here: these two stand in.
	write(t, filepath.Join(conf, "main.cf"), `compatibility_level = 3.6
queue_directory = `+dir+`/spool
data_directory = `+dir+`/data
meta_directory = /opt/virgo-tests/postfix/etc/postfix
mail_owner = mail
setgid_group = audio
default_privs = daemon
myhostname = here.test
inet_interfaces = loopback-only
default_transport = retry:4.4.1 connect to mx.example.com[192.0.2.1]:25: Connection timed out
alias_maps =
maillog_file = `+dir+`/log
maillog_file_prefixes = /tmp
`)
	services := "pickup unix n - n 60 1 pickup\nqmgr unix n - n 300 1 qmgr\nshowq unix n - n - - showq\npostlog unix-dgram n - n - 1 postlogd\n" +
		"cleanup unix n - n - 0 cleanup\nrewrite unix - - n - - trivial-rewrite\nretry unix - - n - - error\n"
	for _, name := range []string{"bounce", "defer", "trace"} {
		services += name + " unix - - n - 0 bounce\n"
	}
	write(t, filepath.Join(conf, "master.cf"), services)
	start := fmt.Sprintf(`mkdir -m 755 %[1]s/spool
install -d -o mail %[1]s/data
postfix -c %[1]s/conf check
printf 'Subject: x\n\nhello\n' | sendmail -C %[1]s/conf -f a@example.org b@example.com
exec postfix -c %[1]s/conf start-fg`, dir)
	list := []string{"postqueue", "-c", conf}
	n := newNamespace(t, []string{"--mount", "--pid", "--fork", "--kill-child"}, []string{"postfix"}, start, `"deferred"`, append(list, "-j")...)
	o := commands{"postqueue": n.command(list...)}.run(t, "postfix_queue")
	reports(t, o, map[string]string{"messages": "1", "queue deferred": "1", "queue active": "0", "size": "*", "oldest_age": "*"})
	if want := "1 messages wait; most often: Connection timed out"; o.Status != want {
		t.Errorf("the status is %q, want %q", o.Status, want)
	}
}
