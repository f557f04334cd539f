package timer

import (
	"encoding/xml"
	"strings"
	"testing"
	"time"
)

var entry = Entry{Program: "/opt/my tools/virgo", Flags: []string{"--config=/srv/100%.yaml"}, Splay: 17 * time.Second}

func TestCronLineIsOneSafeCommand(t *testing.T) {
	want := `* * * * * '/opt/my tools/virgo' '--config=/srv/100\%.yaml' run --splay=17s # by virgo install`
	if got := cronLine(entry); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestCrontabEditTouchesOnlyItsOwnLine(t *testing.T) {
	line := cronLine(entry)
	for name, tc := range map[string]struct{ old, line, want string }{
		"empty":          {"", line, line + "\n"},
		"others stay":    {"MAILTO=x\n0 1 * * * backup", line, "MAILTO=x\n0 1 * * * backup\n" + line + "\n"},
		"again":          {"a\n" + line + "\nb\n", line, "a\n" + line + "\nb\n"},
		"older one":      {"* * * * * virgo run " + mark + "\nb\n", line, line + "\nb\n"},
		"two become one": {line + "\n" + line + "\n", line, line + "\n"},
		"removed":        {"a\n" + line + "\nb\n", "", "a\nb\n"},
		"none to remove": {"a\n", "", "a\n"},
	} {
		if got := withLine(tc.old, tc.line); got != tc.want {
			t.Errorf("%s: got %q, want %q", name, got, tc.want)
		}
	}
}

func TestTaskIsWellFormedAndStartsAtTheSplay(t *testing.T) {
	e := entry
	e.Flags = []string{`--config=C:\a & b\"x".yaml`}
	text := taskXML(e)
	var task struct {
		Start   string `xml:"Triggers>TimeTrigger>StartBoundary"`
		Command string `xml:"Actions>Exec>Command"`
		Args    string `xml:"Actions>Exec>Arguments"`
	}
	// The declaration says UTF-16, as the file will be; the text here is not yet encoded.
	if err := xml.Unmarshal([]byte(strings.Replace(text, ` encoding="UTF-16"`, "", 1)), &task); err != nil {
		t.Fatal(err)
	}
	if task.Start != "2020-01-01T00:00:17" || task.Command != e.Program {
		t.Errorf("got %+v", task)
	}
	if want := `"--config=C:\a & b\\\"x\".yaml" run`; task.Args != want {
		t.Errorf("arguments %s, want %s", task.Args, want)
	}
	if b := utf16LE("aé"); string(b) != "\xff\xfea\x00\xe9\x00" {
		t.Errorf("utf16LE gave % x", b)
	}
}

func TestSystemdTimerStartsAtTheSplay(t *testing.T) {
	text := Systemd{Dir: "/etc/systemd/system"}.Print(entry)
	for _, want := range []string{
		"OnCalendar=*:*:17\n",
		`ExecStart="/opt/my tools/virgo" --config=/srv/100%%.yaml run` + "\n",
		"# /etc/systemd/system/virgo.timer\n",
		"SyslogLevel=notice\nLogLevelMax=notice\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
}
