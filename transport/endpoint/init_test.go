package endpoint

import (
	"crypto/x509"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

var everyPart = []string{"ca-key.pem", "ca.pem", "server-key.pem", "server.pem", "schedules/default.yaml", "endpoint.db"}

func TestInit(t *testing.T) {
	folder := Folder(filepath.Join(t.TempDir(), "new", "endpoint"))
	now := time.Now()
	report, err := Init(t.Context(), folder, []string{"localhost", "127.0.0.1", "::1", "*.example.com"}, now)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(report.Made, everyPart) || report.Kept != nil || report.Secret == "" || report.Missing != nil {
		t.Errorf("report: %+v", report)
	}
	if runtime.GOOS != "windows" {
		for name, want := range map[string]fs.FileMode{
			".": 0o700, "schedules": 0o700, "ca-key.pem": 0o600, "server-key.pem": 0o600, "endpoint.db": 0o600,
		} {
			info, err := os.Stat(filepath.Join(string(folder), name))
			if err != nil || info.Mode().Perm() != want {
				t.Errorf("%s: mode %v, %v; want %v", name, info.Mode().Perm(), err, want)
			}
		}
	}
	ca, err := readCert(folder.caCert())
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(ca)
	for _, host := range []string{"localhost", "127.0.0.1", "::1", "web.example.com"} {
		_, err := report.Server.Verify(x509.VerifyOptions{DNSName: host, Roots: roots, CurrentTime: now.Add(800 * 24 * time.Hour)})
		if err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
	if _, err := report.Server.Verify(x509.VerifyOptions{DNSName: "other", Roots: roots}); err == nil {
		t.Error("it is good for every name")
	}
}

// contents reads every file of a folder but the store.
func contents(t *testing.T, folder Folder) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, name := range everyPart[:5] {
		data, err := os.ReadFile(filepath.Join(string(folder), name))
		if err != nil {
			t.Fatal(err)
		}
		all[name] = string(data)
	}
	return all
}

func TestInitTwice(t *testing.T) {
	site := newSite(t)
	before := contents(t, site.folder)
	report, err := Init(t.Context(), site.folder, []string{"localhost", "elsewhere"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if report.Made != nil || !slices.Equal(report.Kept, everyPart) || report.Secret != "" || !slices.Equal(report.Missing, []string{"elsewhere"}) {
		t.Errorf("report: %+v", report)
	}
	for name, text := range contents(t, site.folder) {
		if text != before[name] {
			t.Errorf("%s was changed", name)
		}
	}
	if _, err := site.store(t).authenticate(t.Context(), site.token); err != nil {
		t.Error(err)
	}
}

// An interruption may leave any of the parts unmade; keys that are there are used.
func TestInitAfterAnInterruption(t *testing.T) {
	for missing, made := range map[string][]string{
		"ca.pem":                 {"ca.pem"},
		"server.pem":             {"server.pem"},
		"server-key.pem":         {"server-key.pem"},
		"schedules/default.yaml": {"schedules/default.yaml"},
	} {
		t.Run(missing, func(t *testing.T) {
			site := newSite(t)
			before := contents(t, site.folder)
			if err := os.Remove(filepath.Join(string(site.folder), missing)); err != nil {
				t.Fatal(err)
			}
			if missing == "ca.pem" || missing == "server-key.pem" { // what is made of them was not made yet
				os.Remove(site.folder.serverCert())
				made = append(made, "server.pem")
			}
			report, err := Init(t.Context(), site.folder, []string{"localhost"}, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(report.Made, made) {
				t.Errorf("made %v", report.Made)
			}
			after := contents(t, site.folder)
			if after["ca-key.pem"] != before["ca-key.pem"] || missing != "server-key.pem" && after["server-key.pem"] != before["server-key.pem"] {
				t.Error("a key was made anew")
			}
			openSite(t, site.folder, site.token).start(t).dial(t).hello("a", site.token)
		})
	}
}

func TestInitWithoutTheAuthoritysKey(t *testing.T) {
	site := newSite(t)
	if err := os.Remove(site.folder.caKey()); err != nil { // its owner took it away
		t.Fatal(err)
	}
	if _, err := Init(t.Context(), site.folder, nil, time.Now()); err != nil {
		t.Errorf("nothing has to be signed: %v", err)
	}
	if err := os.Remove(site.folder.serverCert()); err != nil {
		t.Fatal(err)
	}
	if _, err := Init(t.Context(), site.folder, nil, time.Now()); !errors.Is(err, errNoCAKey) {
		t.Errorf("got %v", err)
	}
}

func TestInitRefuses(t *testing.T) {
	for _, host := range []string{"", "a b", "a,b", "https://x", "x:50041", "*", "a.*.b", "-.", strings.Repeat("a", 64), strings.Repeat("a.", 200)} {
		folder := Folder(filepath.Join(t.TempDir(), "d"))
		if _, err := Init(t.Context(), folder, []string{host}, time.Now()); !errors.Is(err, ErrBadHost) {
			t.Errorf("host %q: %v", host, err)
		}
		if exists(string(folder)) {
			t.Errorf("host %q: the folder was made", host)
		}
	}
	if runtime.GOOS == "windows" {
		return
	}
	site := newSite(t)
	if err := os.Chmod(site.folder.caKey(), 0o644); err != nil {
		t.Fatal(err)
	}
	var mode *ModeError
	if _, err := Init(t.Context(), site.folder, nil, time.Now()); !errors.As(err, &mode) || !strings.HasPrefix(mode.Fix, "chmod 600 ") {
		t.Errorf("a key that others can read: %v", err)
	}
}
