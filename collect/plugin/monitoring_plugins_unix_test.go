//go:build unix

package plugin

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"virgo/collect"
	"virgo/collect/collecttest"
	"virgo/schedule"
)

// monitoringPlugins copies programs of Debian's monitoring-plugins-basic into a plugin folder.
// Symbolic links become files, since a link that leaves the folder is refused.
func monitoringPlugins(t *testing.T, names ...string) string {
	t.Helper()
	const source = "/usr/lib/nagios/plugins"
	dir := folder(t)
	for _, name := range append(names, "utils.pm", "utils.sh") {
		data, err := os.ReadFile(filepath.Join(source, name))
		if err != nil {
			collecttest.Lacks(t, "no "+name+": install Debian's monitoring-plugins-basic")
		}
		install(t, dir, name, string(data))
	}
	return dir
}

// serveLines starts a TCP server that sends a greeting on each connection and then answers what it
// reads.
func serveLines(t *testing.T, greeting string, answer func(line string) string) (port string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				io.WriteString(conn, greeting)
				for buf := make([]byte, 1<<10); ; {
					n, err := conn.Read(buf)
					if err != nil {
						return
					}
					io.WriteString(conn, answer(string(buf[:n])))
				}
			}()
		}
	}()
	return portOf(l.Addr())
}

// noAnswer is the answer of a server that only sends its greeting.
func noAnswer(string) string { return "" }

// serveUDP starts a UDP server.
func serveUDP(t *testing.T, answer func([]byte) []byte) (port string) {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		for buf := make([]byte, 1<<10); ; {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			conn.WriteTo(answer(buf[:n]), from)
		}
	}()
	return portOf(conn.LocalAddr())
}

func portOf(a net.Addr) string {
	_, port, _ := net.SplitHostPort(a.String())
	return port
}

// refusedPort returns a port that refuses connections: it is bound, so that nobody else gets it,
// but not listened on.
func refusedPort(t *testing.T) (port string) {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	at, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return strconv.Itoa(at.(*syscall.SockaddrInet4).Port)
}

// secondsFrom1900 returns the time as NTP (RFC 5905) and the time protocol (RFC 868) count it.
func secondsFrom1900() uint32 { return uint32(time.Now().Unix() + 2_208_988_800) }

// ntpAnswer answers an NTP request with this host's clock.
func ntpAnswer(request []byte) []byte {
	const transmit, origin, receive = 40, 24, 32
	answer := make([]byte, 48)
	answer[0], answer[1] = 4<<3|4, 1 // version 4, mode server; stratum 1
	if len(request) >= len(answer) {
		copy(answer[origin:receive], request[transmit:])
	}
	fraction := uint32(uint64(time.Now().Nanosecond()) << 32 / 1e9)
	for _, at := range []int{16, receive, transmit} {
		binary.BigEndian.PutUint32(answer[at:], secondsFrom1900())
		binary.BigEndian.PutUint32(answer[at+4:], fraction)
	}
	return answer
}

// TestMonitoringPlugins runs Debian's plugins, in good states and bad ones, and detects their
// format.
func TestMonitoringPlugins(t *testing.T) {
	dir := monitoringPlugins(t, "check_cluster", "check_disk", "check_dummy", "check_file_age", "check_ftp", "check_http", "check_imap",
		"check_load", "check_log", "check_mrtg", "check_nagios", "check_ntp_time", "check_pop", "check_procs", "check_smtp", "check_ssh",
		"check_swap", "check_tcp", "check_time", "check_udp", "check_users", "negate")
	data := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(data, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	old := file("old", "12345")
	if err := os.Chtimes(old, time.Now(), time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	logged := file("log", "one\ntwo\n")
	seen := file("seen", "one\n")
	now := strconv.FormatInt(time.Now().Unix(), 10)
	status := file("status", "["+now+"] started\n")
	mrtg := file("mrtg", now+" 1 2\n"+now+" 10 20 30 40\n"+now+" 10 20 30 40\n")

	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if code, err := strconv.Atoi(r.URL.Path[1:]); err == nil {
			w.WriteHeader(code)
		}
		io.WriteString(w, "hello | world\n")
	}))
	t.Cleanup(site.Close)
	web := portOf(site.Listener.Addr())
	closed := refusedPort(t)
	smtp := serveLines(t, "220 mail.example ESMTP\r\n", func(line string) string {
		if strings.HasPrefix(line, "QUIT") {
			return "221 bye\r\n"
		}
		return "250 mail.example\r\n"
	})
	ssh := serveLines(t, "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", noAnswer)
	clock := serveLines(t, string(binary.BigEndian.AppendUint32(nil, secondsFrom1900())), noAnswer)

	const unavailable = "unavailable"
	for _, tt := range []struct {
		plugin, args string
		state        string   // plugin_state, or unavailable
		status       string   // beginning of the status
		metrics      []string // name, type and unit of each
	}{
		{"check_dummy", "0 fine", "ok", "OK: fine", nil},
		{"check_dummy", "1 so-so", "warning", "WARNING: so-so", nil},
		{"check_dummy", "2 gone", unavailable, "CRITICAL: gone", nil},
		{"check_dummy", "3 dunno", unavailable, "UNKNOWN: dunno", nil},
		{"check_dummy", "4", unavailable, "UNKNOWN: Status 4 is not a supported error state", nil},
		{"check_load", "-w 999,999,999 -c 999,999,999", "ok", "LOAD OK - total load average: ", []string{"load1 double", "load5 double", "load15 double"}},
		{"check_load", "-w nonsense", unavailable, "Warning threshold must be float or float triplet!", nil},
		{"check_disk", "-w 1 -c 1 -p " + data, "ok", "DISK OK - free space: ", []string{" double bytes"}},
		{"check_disk", "-w 100% -c 100% -p " + data, "critical", "DISK CRITICAL - free space: ", []string{" double bytes"}},
		{"check_disk", "-w 1 -c 1 -p /no/where", unavailable, "DISK CRITICAL - /no/where is not accessible: ", nil},
		{"check_procs", "-w 1: -c 1:", "ok", "PROCS OK: ", []string{"procs double"}},
		{"check_procs", "-w @0:9999999 -c ~:9999999", "warning", "PROCS WARNING: ", []string{"procs double"}},
		{"check_procs", "-c 9999999:", "critical", "PROCS CRITICAL: ", []string{"procs double"}},
		{"check_users", "-w 9999 -c 9999", "ok", "USERS OK - ", []string{"users double"}},
		{"check_swap", "-w 1 -c 1 -n ok", "ok", "SWAP OK - ", []string{"swap double bytes"}},
		{"check_tcp", "-H 127.0.0.1 -p " + web, "ok", "TCP OK - ", []string{"time double seconds"}},
		{"check_tcp", "-H 127.0.0.1 -p " + closed, unavailable, "connect to address 127.0.0.1 and port " + closed + ": Connection refused", nil},
		{"check_http", "-H 127.0.0.1 -p " + web, "ok", "HTTP OK: HTTP/1.1 200 OK - ", []string{"time double seconds", "size double bytes"}},
		{"check_http", "-H 127.0.0.1 -u /404 -p " + web, "warning", "HTTP WARNING: HTTP/1.1 404 Not Found - ", []string{"time double seconds", "size double bytes"}},
		{"check_http", "-H 127.0.0.1 -u /500 -p " + web, "critical", "HTTP CRITICAL: HTTP/1.1 500 Internal Server Error - ", []string{"time double seconds", "size double bytes"}},
		{"check_http", "-H 127.0.0.1 -p " + closed, unavailable, "connect to address 127.0.0.1 and port " + closed + ": Connection refused", nil},
		{"check_ssh", "-p " + ssh + " 127.0.0.1", "ok", "SSH OK - OpenSSH_9.2p1 Debian-2 (protocol 2.0)", []string{"time double seconds"}},
		{"check_ssh", "-r OpenSSH_1.0 -p " + ssh + " 127.0.0.1", unavailable, "SSH CRITICAL - ", nil},
		{"check_smtp", "-H 127.0.0.1 -p " + smtp, "ok", "SMTP OK - ", []string{"time double seconds"}},
		{"check_smtp", "-H 127.0.0.1 -p " + closed, "critical", "connect to address 127.0.0.1 and port " + closed + ": Connection refused", []string{"time double seconds"}},
		{"check_ftp", "-H 127.0.0.1 -p " + serveLines(t, "220 ready\r\n", noAnswer), "ok", "FTP OK - ", []string{"time double seconds"}},
		{"check_pop", "-H 127.0.0.1 -p " + serveLines(t, "+OK ready\r\n", noAnswer), "ok", "POP OK - ", []string{"time double seconds"}},
		{"check_imap", "-H 127.0.0.1 -p " + serveLines(t, "* BYE\r\n", noAnswer), "warning", "IMAP WARNING - Unexpected response from host/socket: ", []string{"time double seconds"}},
		{"check_udp", "-H 127.0.0.1 -s ping -e pong -p " + serveUDP(t, func([]byte) []byte { return []byte("pong") }), "ok", "UDP OK - ", []string{"time double seconds"}},
		{"check_time", "-H 127.0.0.1 -w 999 -c 999 -p " + clock, "ok", "TIME OK - ", []string{"time double seconds", "offset double seconds"}},
		{"check_time", "-H 127.0.0.1 -p " + closed, unavailable, "connect to address 127.0.0.1 and port " + closed + ": Connection refused", nil},
		{"check_ntp_time", "-H 127.0.0.1 -p " + serveUDP(t, ntpAnswer), "ok", "NTP OK: Offset ", []string{"offset double seconds"}},
		{"check_file_age", "-w 7200 -c 7200 -f " + old, "ok", "FILE_AGE OK: ", []string{"age double seconds", "size double bytes"}},
		{"check_file_age", "-w 60 -c 7200 -f " + old, "warning", "FILE_AGE WARNING: ", []string{"age double seconds", "size double bytes"}},
		{"check_file_age", "-w 60 -c 600 -f " + old, "critical", "FILE_AGE CRITICAL: ", []string{"age double seconds", "size double bytes"}},
		{"check_file_age", "-f " + filepath.Join(data, "none"), unavailable, "FILE_AGE CRITICAL: File not found - ", nil},
		{"check_log", "-q three -F " + logged + " -O " + seen, "ok", "Log check ok - 0 pattern matches found", nil},
		{"check_log", "-q two -F " + logged + " -O " + file("seen-before", "one\n"), unavailable, "(1) < two", nil},
		{"check_cluster", "--service -l web -d 0,0,2 -w 1 -c 2", "ok", "CLUSTER OK: web: 2 ok, 0 warning, 0 unknown, 1 critical", nil},
		{"check_cluster", "--service -l web -d 0,2,2 -w 1 -c 2", "warning", "CLUSTER WARNING: web: ", nil},
		{"check_cluster", "--service -l web -d 2,2,2 -w 1 -c 2", unavailable, "CLUSTER CRITICAL: web: ", nil},
		{"check_nagios", "-e 5 -F " + status + " -C " + filepath.Base(os.Args[0]), "ok", "NAGIOS OK: ", nil},
		{"check_nagios", "-e 5 -C go -F " + filepath.Join(data, "none"), unavailable, "NAGIOS CRITICAL: Cannot open status log for reading!", nil},
		{"check_mrtg", "-a AVG -v 1 -w 50 -c 90 -l traffic -u packets -F " + mrtg, "ok", "Avg. traffic = 10 packets", []string{"traffic double packets"}},
		{"check_mrtg", "-a AVG -v 2 -w 5 -c 15 -l traffic -u packets -F " + mrtg, "critical", "Avg. traffic = 20 packets", []string{"traffic double packets"}},
		{"negate", filepath.Join(dir, "check_dummy") + " 2 gone", "ok", "CRITICAL: gone", nil},
	} {
		t.Run(tt.plugin+" "+tt.args, func(t *testing.T) {
			r, err := checkIn(t.Context(), dir, schedule.Details{"file": tt.plugin, "args": argsOf(tt.args)})
			if err != nil {
				r = collect.Report{Unavailable: true, Status: err.Error()}
			}
			state, metrics := unavailable, []string(nil)
			for _, m := range r.Metrics {
				if m.Name == "plugin_state" {
					state = m.Value
					continue
				}
				if !m.Valid() {
					t.Errorf("metric %+v", m)
				}
				metrics = append(metrics, strings.TrimSpace(fmt.Sprint(m.Name, " ", m.Type, " ", m.Unit)))
			}
			if r.Unavailable != (tt.state == unavailable) || state != tt.state || !strings.HasPrefix(r.Status, tt.status) {
				t.Errorf("%s: %q, want %s: %q…", state, r.Status, tt.state, tt.status)
			}
			// A disk's label is its mount point, which differs from host to host.
			same := func(got, want string) bool { return got == want || want[0] == ' ' && strings.HasSuffix(got, want) }
			if !slices.EqualFunc(metrics, tt.metrics, same) {
				t.Errorf("metrics %q, want %q", metrics, tt.metrics)
			}
		})
	}
}

func argsOf(s string) []any {
	var args []any
	for _, a := range strings.Fields(s) {
		args = append(args, a)
	}
	return args
}
