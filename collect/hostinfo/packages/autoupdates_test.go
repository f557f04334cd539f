package packages

import (
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"
	"time"

	"virgo/collect/hostinfo/sourcetest"
)

// What yum-cron and dnf-automatic do with contradictory settings, as observed with dnf-automatic.
func TestAutoUpdateSettings(t *testing.T) {
	const fetchNot, fetchOnly = "[commands]\ndownload_updates = no\napply_updates = yes\n",
		"[commands]\ndownload_updates = yes\napply_updates = no\n"
	dnf := func(conf string) map[string]string {
		return map[string]string{"usr/bin/dnf-automatic": "", "etc/dnf/automatic.conf": conf}
	}
	for _, c := range []struct {
		files map[string]string
		want  autoUpdate
	}{
		{dnf(fetchNot + "upgrade_type = nonsense\n"), autoUpdate{Downloads: true, Applies: true, Kind: "default"}},
		{dnf(fetchOnly + "upgrade_type = security\n"), autoUpdate{Downloads: true, Kind: "security"}},
		{dnf("[commands]\n"), autoUpdate{Kind: "default"}},
		{map[string]string{"etc/yum/yum-cron.conf": fetchNot}, autoUpdate{Kind: "default"}},
		{map[string]string{"etc/yum/yum-cron.conf": fetchOnly + "update_cmd = minimal-security-severity:Critical\n"},
			autoUpdate{Downloads: true, Kind: "minimal-security-severity:Critical"}},
		{map[string]string{"etc/yum/yum-cron.conf": fetchOnly, "etc/yum/yum-cron-hourly.conf": "[commands]\nupdate_cmd = security\ndownload_updates = yes\napply_updates = yes\n"},
			autoUpdate{Downloads: true, Applies: true, Kind: "security"}},
	} {
		h := sourcetest.Tree(t, c.files, nil)
		for name := range c.files {
			if strings.HasPrefix(name, "usr/bin/") {
				os.Chmod(h.Path("/"+name), 0o755)
			}
		}
		got, err := readAutoUpdates(t.Context(), h)
		if err != nil {
			t.Fatal(err)
		}
		c.want.Installed, c.want.Status = true, "disabled"
		for _, u := range got.([]autoUpdate) {
			if c.want.Method = u.Method; u != c.want {
				t.Errorf("%v: %+v", c.files, u)
			}
		}
		if len(got.([]autoUpdate)) != 1 {
			t.Errorf("%v: %+v", c.files, got)
		}
	}
}

// The last run is right after 2038 too, where package os has 32 bits for it (GOARCH=386).
func TestAutoUpdatesAfter2038(t *testing.T) {
	const stamp = "var/lib/apt/periodic/unattended-upgrades-stamp"
	h := sourcetest.Tree(t, map[string]string{"etc/apt/apt.conf.d/20auto-upgrades": "", stamp: ""}, nil)
	at := time.Date(2040, 1, 2, 3, 4, 5, 0, time.UTC)
	touch := exec.Command("touch", "-d", at.Format("2006-01-02 15:04:05Z"), h.Path("/"+stamp))
	if out, err := touch.CombinedOutput(); err != nil {
		t.Skipf("touch: %v, %s", err, out)
	}
	got, err := readAutoUpdates(t.Context(), h)
	if err != nil {
		t.Fatal(err)
	}
	if all := got.([]autoUpdate); len(all) != 1 || all[0].LastRun != at.UnixMilli() {
		t.Errorf("%+v, want the last run at %d", got, at.UnixMilli())
	}
}

func TestParseAptConfig(t *testing.T) {
	got := parseAptConfig([]byte(`
// APT::Periodic::Enable "0";
/* APT::Periodic::Enable "0"; */
# APT::Periodic::Enable "0";
APT::Periodic { Update-Package-Lists "1"; Unattended-Upgrade "7"; };
Unattended-Upgrade::Origins-Pattern { "origin=Debian"; "x"; };
Acquire { http { Pipeline-Depth "0"; }; };
APT::Periodic::Enable "1";
}}} Broken "2";
Unended "3`))
	want := map[string]string{
		"apt::periodic::update-package-lists": "1", "apt::periodic::unattended-upgrade": "7", "apt::periodic::enable": "1",
		"acquire::http::pipeline-depth": "0", "broken": "2",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
}

func FuzzAptConfig(f *testing.F) {
	sourcetest.Seeds(f, "software/debian/etc/apt/apt.conf.d/*")
	f.Fuzz(func(t *testing.T, b []byte) { sourcetest.CheckJSON(t, b, parseAptConfig(b)) })
}
