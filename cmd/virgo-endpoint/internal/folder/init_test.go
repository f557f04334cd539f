package folder

import (
	"crypto/x509"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// everyFile is what Init makes.
var everyFile = []string{"ca-key.pem", "ca.pem", "server-key.pem", "server.pem", "schedules/default.yaml", "notify.yaml"}

// newDir is a folder that was set up.
func newDir(t *testing.T) Dir {
	t.Helper()
	dir := Dir(filepath.Join(t.TempDir(), "endpoint"))
	if _, err := Init(dir, []string{"localhost", "127.0.0.1"}, time.Now()); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestInit(t *testing.T) {
	dir := Dir(filepath.Join(t.TempDir(), "new", "endpoint"))
	now := time.Now()
	report, err := Init(dir, []string{"localhost", "127.0.0.1", "::1", "*.example.com"}, now)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(report.Made, everyFile) || report.Kept != nil || report.Missing != nil {
		t.Errorf("report: %+v", report)
	}
	if runtime.GOOS != "windows" {
		for name, want := range map[string]fs.FileMode{
			".": 0o700, "schedules": 0o700, "ca-key.pem": 0o600, "server-key.pem": 0o600,
		} {
			info, err := os.Stat(filepath.Join(string(dir), name))
			if err != nil || info.Mode().Perm() != want {
				t.Errorf("%s: mode %v, %v; want %v", name, info.Mode().Perm(), err, want)
			}
		}
	}
	ca, err := readCert(dir.caCert())
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(ca)
	for _, host := range []string{"localhost", "127.0.0.1", "::1", "web.example.com"} {
		_, err := report.Server.Verify(x509.VerifyOptions{DNSName: host, Roots: roots,
			CurrentTime: now.Add(800 * 24 * time.Hour)})
		if err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
	if _, err := report.Server.Verify(x509.VerifyOptions{DNSName: "other", Roots: roots}); err == nil {
		t.Error("it is valid for every name")
	}
}

// contents reads every file of a folder.
func contents(t *testing.T, dir Dir) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, name := range everyFile {
		data, err := os.ReadFile(filepath.Join(string(dir), name))
		if err != nil {
			t.Fatal(err)
		}
		all[name] = string(data)
	}
	return all
}

func TestInitTwice(t *testing.T) {
	dir := newDir(t)
	before := contents(t, dir)
	report, err := Init(dir, []string{"localhost", "elsewhere"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if report.Made != nil || !slices.Equal(report.Kept, everyFile) ||
		!slices.Equal(report.Missing, []string{"elsewhere"}) {
		t.Errorf("report: %+v", report)
	}
	for name, text := range contents(t, dir) {
		if text != before[name] {
			t.Errorf("%s was changed", name)
		}
	}
}

// An interruption may leave any of the files unmade; keys that are there are used.
func TestInitAfterAnInterruption(t *testing.T) {
	for missing, made := range map[string][]string{
		"ca.pem":                 {"ca.pem"},
		"server.pem":             {"server.pem"},
		"server-key.pem":         {"server-key.pem"},
		"schedules/default.yaml": {"schedules/default.yaml"},
	} {
		t.Run(missing, func(t *testing.T) {
			dir := newDir(t)
			before := contents(t, dir)
			if err := os.Remove(filepath.Join(string(dir), missing)); err != nil {
				t.Fatal(err)
			}
			if missing == "ca.pem" || missing == "server-key.pem" { // what is made of them was not made yet
				os.Remove(dir.serverCert())
				made = append(made, "server.pem")
			}
			report, err := Init(dir, []string{"localhost"}, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(report.Made, made) {
				t.Errorf("made %v", report.Made)
			}
			after := contents(t, dir)
			if after["ca-key.pem"] != before["ca-key.pem"] ||
				missing != "server-key.pem" && after["server-key.pem"] != before["server-key.pem"] {
				t.Error("a key was replaced")
			}
			cert, err := LoadCertificate(dir, slog.New(slog.DiscardHandler), time.Now)
			if err != nil {
				t.Fatal(err)
			}
			ca, err := readCert(dir.caCert())
			if err != nil || !issuedBy(cert.Leaf(), ca) {
				t.Errorf("the certificate is not of the folder's authority: %v", err)
			}
		})
	}
}

func TestInitWithoutTheAuthoritysKey(t *testing.T) {
	dir := newDir(t)
	if err := os.Remove(dir.caKey()); err != nil { // its owner keeps it elsewhere
		t.Fatal(err)
	}
	if _, err := Init(dir, nil, time.Now()); err != nil {
		t.Errorf("nothing has to be signed: %v", err)
	}
	if err := os.Remove(dir.serverCert()); err != nil {
		t.Fatal(err)
	}
	if _, err := Init(dir, nil, time.Now()); !errors.Is(err, ErrNoCAKey) {
		t.Errorf("got %v", err)
	}
}

func TestInitRefuses(t *testing.T) {
	for _, host := range []string{"", "a b", "a,b", "https://x", "x:50041", "*", "a.*.b", "-.",
		strings.Repeat("a", 64), strings.Repeat("a.", 200)} {
		dir := Dir(filepath.Join(t.TempDir(), "d"))
		if _, err := Init(dir, []string{host}, time.Now()); !errors.Is(err, ErrBadHost) {
			t.Errorf("host %q: %v", host, err)
		}
		if exists(string(dir)) {
			t.Errorf("host %q: the folder was made", host)
		}
	}
	if runtime.GOOS == "windows" {
		return
	}
	dir := newDir(t)
	if err := os.Chmod(dir.caKey(), 0o644); err != nil {
		t.Fatal(err)
	}
	var mode *ModeError
	if _, err := Init(dir, nil, time.Now()); !errors.As(err, &mode) || !strings.HasPrefix(mode.Fix, "chmod 600 ") {
		t.Errorf("a key that others can read: %v", err)
	}
}
