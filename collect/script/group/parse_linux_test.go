package group

import (
	"path"
	"strings"
	"testing"
)

func TestUnitGroup(t *testing.T) {
	for file, want := range map[string]string{
		"0::/system.slice/virgo.service\n":                                               "/system.slice/virgo.service",
		"0::/user.slice/user-1000.slice/user@1000.service/app.slice/virgo.service\n":     "/user.slice/user-1000.slice/user@1000.service/app.slice/virgo.service",
		"0::/virgo.service\n":                                                            "/virgo.service",
		"9:name=systemd:/system.slice/virgo.service\n4:memory:/x\n0::/a/virgo.service\n": "/a/virgo.service",
		"": "", "0::/\n": "", "0::/system.slice/cron.service\n": "", "0::/user.slice/user-0.slice/session-3.scope\n": "",
		"0::/system.slice/virgo.service/agent\n": "", "0::/system.slice/my-virgo.service\n": "", "0::virgo.service\n": "",
		"0::/system.slice/virgo.service": "", "0::/system.slice/virgo.service (deleted)\n": "",
		"0::/../virgo.service\n": "", "0::/../../system.slice/virgo.service\n": "", "0::/a/../virgo.service\n": "",
		"9:name=systemd:/system.slice/virgo.service\n0::/\n": "", "10::/virgo.service\n": "",
		"3:pids:/a\\n0::/virgo.service\n": "", "4:memory:/system.slice/virgo.service\n": "",
	} {
		if got := unitGroup(file); got != want {
			t.Errorf("%q: %q, want %q", file, got, want)
		}
	}
}

func TestBrokeLimit(t *testing.T) {
	for events, want := range map[string]bool{
		"low 0\nhigh 0\nmax 7\noom 1\noom_kill 3\noom_group_kill 1\n": true,
		"low 0\nhigh 0\nmax 7\noom 2\noom_kill 1\n":                   true, // before Linux 5.17
		"low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\noom_group_kill 0\n": false,
		"low 0\nhigh 0\nmax 0\noom 0\noom_kill 3\n":                   false, // for want of memory of the host
		"low 0\nhigh 0\nmax 9\noom 4\noom_kill 0\n":                   false, // a program took the refusal
		"": false, "oom 1": false, "oom": false,
	} {
		if got := brokeLimit(events); got != want {
			t.Errorf("%q: %t", events, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("0::/system.slice/virgo.service\n")
	f.Add("4:memory:/x\n0::/../virgo.service\n")
	f.Add("low 0\noom 1\noom_kill 3\n")
	f.Fuzz(func(t *testing.T, file string) {
		brokeLimit(file)
		got := unitGroup(file)
		if got != "" && (!strings.Contains(file, "0::"+got+"\n") || !strings.HasPrefix(path.Clean(root+got), root+"/") ||
			path.Base(got) != "virgo.service" || strings.Contains(got, "\n")) {
			t.Errorf("%q", got)
		}
	})
}
