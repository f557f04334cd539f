package host

import (
	"strings"
	"testing"
)

func TestFullName(t *testing.T) {
	for command, want := range map[string]bool{
		"/opt/bin/a-daemon-with-a-long-name|--flag":                     true,
		"a-daemon-with-a-long-name":                                     true,
		"/opt/my tools/a-daemon-with-a-long-name":                       true,
		"a-daemon-with-a-long-name: worker /var/lib/x":                  true,
		"/usr/sbin/a-daemon-with-a-long-name: master process /x":        true,
		"/bin/sh|/opt/a-daemon-with-a-long-name":                        true,
		"/bin/sh|-e|./a-daemon-with-a-long-name|x":                      true,
		"/bin/sh|-e|-u|./a-daemon-with-a-long-name":                     false,
		"/opt/a-daemon-with-another-name|a|b|a-daemon-with-a-long-name": false,
		"/opt/a-daemon-with-a-long-name-x":                              false,
		"/opt/a-daemon-with-a-long-name/run":                            false,
		"":                                                              false,
		"||":                                                            false,
	} {
		if got := hasFullName([]byte(strings.ReplaceAll(command, "|", "\x00")), "a-daemon-with-a-long-name"); got != want {
			t.Errorf("%s: %v", command, got)
		}
	}
}

func TestScriptName(t *testing.T) {
	for command, want := range map[string]string{
		"python3|/opt/job.py|--once":    "job.py",
		"/usr/bin/python3|-u|job.py":    "job.py",
		"node|--max-old-space=100|a.js": "a.js",
		"sh|/etc/cron.daily/backup":     "backup",
		"sh|-c|/opt/job.sh":             "",
		"bash|-ec|job.sh":               "",
		"python3|-m|http.server":        "",
		"perl|-e|sleep 9":               "",
		"bash":                          "",
		"-bash":                         "",
		"bash||job":                     "",
		"python3|-":                     "",
		"":                              "",
	} {
		if got := string(scriptName([]byte(strings.ReplaceAll(command, "|", "\x00")))); got != want {
			t.Errorf("%s: %q, want %q", command, got, want)
		}
	}
}

func TestInterpreters(t *testing.T) {
	for name, want := range map[string]bool{
		"sh": true, "python3.11": true, "python3": true, "perl5.36": true, "ruby2.7": true, "nginx": false, "vim": false, "3": false, "": false,
	} {
		if got := isInterpreter([]byte(name)); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}
