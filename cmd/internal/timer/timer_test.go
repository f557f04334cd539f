package timer

import (
	"encoding/xml"
	"strings"
	"testing"
	"time"
)

var (
	// entry is that of a host that has virgo only.
	entry = Entry{
		Command: Command{"/opt/my tools/virgo", "run"}, Flags: []string{"--config=/srv/100%.yaml"}, Splay: 17 * time.Second,
	}
	// smallEntry is that of a host that has virgo-run as well.
	smallEntry = Entry{Command: Command{Program: "/opt/my tools/virgo-run"}, Flags: entry.Flags, Splay: entry.Splay}
)

func TestCronLine(t *testing.T) {
	for want, e := range map[string]Entry{
		`* * * * * GOMAXPROCS=1 '/opt/my tools/virgo' '--config=/srv/100\%.yaml' run --splay=17s # by virgo install`: entry,
		`* * * * * GOMAXPROCS=1 '/opt/my tools/virgo-run' '--config=/srv/100\%.yaml' --splay=17s # by virgo install`: smallEntry,
		`* * * * * GOMAXPROCS=1 /bin/virgo-run --splay=0s # by virgo install`:                                        {Command: Command{Program: "/bin/virgo-run"}},
	} {
		if got := cronLine(e); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestCrontabEditKeepsOtherLines(t *testing.T) {
	line := cronLine(smallEntry)
	for name, tc := range map[string]struct{ old, line, want string }{
		"empty":          {"", line, line + "\n"},
		"others stay":    {"MAILTO=x\n0 1 * * * backup", line, "MAILTO=x\n0 1 * * * backup\n" + line + "\n"},
		"again":          {"a\n" + line + "\nb\n", line, "a\n" + line + "\nb\n"},
		"older one":      {"* * * * * virgo run " + mark + "\nb\n", line, line + "\nb\n"},
		"checks program": {"* * * * * GOMAXPROCS=1 /bin/virgo --checks-program=/bin/virgo-checks run --splay=17s " + mark + "\nb\n", line, line + "\nb\n"},
		"back to virgo":  {line + "\nb\n", cronLine(entry), cronLine(entry) + "\nb\n"},
		"older, removed": {"a\n* * * * * /usr/bin/virgo run --splay=17s " + mark + "\n", "", "a\n"},
		"two become one": {line + "\n" + line + "\n", line, line + "\n"},
		"spaces, CR":     {"* * * * * virgo run " + mark + " \t\r\nb\n", line, line + "\nb\n"},
		"removed":        {"a\n" + line + "\nb\n", "", "a\nb\n"},
		"none to remove": {"a\n", "", "a\n"},
	} {
		if got := withLine(tc.old, tc.line); got != tc.want {
			t.Errorf("%s: got %q, want %q", name, got, tc.want)
		}
	}
}

func TestTaskXML(t *testing.T) {
	for _, tt := range []struct {
		command Command
		args    string
	}{
		{Command{`C:\a & b\virgo.exe`, "run"}, `"--config=C:\a & b\\\"x\".yaml" run`},
		{Command{Program: `C:\a & b\virgo-run.exe`}, `"--config=C:\a & b\\\"x\".yaml"`},
	} {
		start, command, args := parseTask(t, Entry{tt.command, []string{`--config=C:\a & b\"x".yaml`}, 17 * time.Second})
		if start != "2020-01-01T00:00:17" || command != tt.command.Program || args != tt.args {
			t.Errorf("at %s: %s with arguments %s", start, command, args)
		}
	}
	if b := utf16LE("aé"); string(b) != "\xff\xfea\x00\xe9\x00" {
		t.Errorf("utf16LE gave % x", b)
	}
}

func parseTask(t *testing.T, e Entry) (start, command, args string) {
	t.Helper()
	text := taskXML(e)
	var task struct {
		Start   string `xml:"Triggers>TimeTrigger>StartBoundary"`
		Command string `xml:"Actions>Exec>Command"`
		Args    string `xml:"Actions>Exec>Arguments"`
	}
	// The declaration says UTF-16, as in the file; the text here is not encoded yet.
	if err := xml.Unmarshal([]byte(strings.Replace(text, ` encoding="UTF-16"`, "", 1)), &task); err != nil {
		t.Fatal(err)
	}
	return task.Start, task.Command, task.Args
}

func TestSystemdQuote(t *testing.T) {
	for word, want := range map[string]string{
		"": `""`, "/usr/bin/virgo": "/usr/bin/virgo", "a b": `"a b"`, "100%": "100%%", "$HOME": "$$HOME", `a"b`: `"a\"b"`, `a\b`: `"a\\b"`,
		"it's": `"it's"`, "a;b": `"a;b"`,
	} {
		if got := systemdQuote(word); got != want {
			t.Errorf("%q: %s, want %s", word, got, want)
		}
	}
}

// The expected words are those that CommandLineToArgvW splits into the argument.
func TestWindowsQuote(t *testing.T) {
	for word, want := range map[string]string{
		"": `""`, `C:\virgo.yaml`: `C:\virgo.yaml`, `C:\my dir\`: `"C:\my dir\\"`, `a"b`: `"a\"b"`, `a \"b`: `"a \\\"b"`, `a b\c`: `"a b\c"`,
	} {
		if got := windowsQuote(word); got != want {
			t.Errorf("%s: %s, want %s", word, got, want)
		}
	}
}

func TestSystemdUnits(t *testing.T) {
	text := Systemd{Dir: "/etc/systemd/system"}.Print(entry)
	small := Systemd{}.Print(smallEntry)
	if want := `ExecStart="/opt/my tools/virgo-run" --config=/srv/100%%.yaml` + "\n"; !strings.Contains(small, want) {
		t.Errorf("no %q in:\n%s", want, small)
	}
	for _, want := range []string{
		"OnCalendar=*:*:17\n",
		`ExecStart="/opt/my tools/virgo" --config=/srv/100%%.yaml run` + "\n",
		"# /etc/systemd/system/virgo.timer\n",
		"[Service]\nType=oneshot\nEnvironment=GOMAXPROCS=1\nTimerSlackNSec=2ms\nExecStart=",
		"SyslogLevel=notice\nLogLevelMax=notice\n", "RestrictSUIDSGID=yes\n", "UMask=0077\n", "\nDelegate=memory pids\n",
		"\nTimeoutStopSec=10\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
	// What makes a mount namespace would falsify the checks of file systems.
	for _, bad := range []string{"Protect", "Private", "ReadOnly", "Inaccessible", "NoNewPrivileges"} {
		if strings.Contains(text, bad) {
			t.Errorf("%q in:\n%s", bad, text)
		}
	}
	if user := (Systemd{User: true}).Print(entry); strings.Contains(user, "Restrict") || !strings.Contains(user, "\nDelegate=memory pids\n") {
		t.Errorf("a user's unit, whose plugins could then not use sudo, or that delegates nothing:\n%s", user)
	}
}
