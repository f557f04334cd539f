//go:build unix

package timer

import (
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// plistTexts returns the names of the elements of a property list with what is in them, in order.
func plistTexts(t *testing.T, text string) []string {
	t.Helper()
	var all []string
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		token, err := d.Token()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		if start, ok := token.(xml.StartElement); ok {
			switch name := start.Name.Local; name {
			case "plist", "dict", "array":
				all = append(all, name)
			default:
				var content string
				if err := d.DecodeElement(&content, &start); err != nil {
					t.Fatal(err)
				}
				all = append(all, name+" "+content)
			}
		}
	}
}

func TestLaunchdPropertyList(t *testing.T) {
	got := plistTexts(t, Launchd{}.Print(Entry{
		Command: Command{"/opt/a & <b>/virgo", "run"}, Flags: []string{`--config=/srv/"x'.yaml`}, Splay: entry.Splay,
	}))
	want := []string{
		"plist", "dict", "key Label", "string virgo", "key ProgramArguments", "array", "string /opt/a & <b>/virgo",
		`string --config=/srv/"x'.yaml`, "string run", "string --splay=17s", "key EnvironmentVariables", "dict", "key GOMAXPROCS", "string 1",
		"key StartInterval", "integer 60", "key ProcessType", "string Background",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// fakeLaunchctl puts a launchctl into PATH, after the crontab of fakeCrontab. It logs its calls, and
// refuses to load a job twice or one whose file is missing, as the real one does.
func fakeLaunchctl(t *testing.T) (log string) {
	t.Helper()
	dir := t.TempDir()
	log = filepath.Join(dir, "log")
	script := `#!/bin/sh
PATH=/bin:/usr/bin
loaded=` + dir + `/loaded
case $1 in
print) test -e $loaded; exit;;
bootstrap) echo "$1 $2" >>` + log + `; test -e $loaded && { echo "Bootstrap failed: 5: Input/output error" >&2; exit 5; }; cp "$3" $loaded;;
bootout) echo "$*" >>` + log + `; rm $loaded;;
esac
`
	if err := os.WriteFile(filepath.Join(dir, "launchctl"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", os.Getenv("PATH")+":"+dir)
	return log
}

func TestLaunchdInstall(t *testing.T) {
	table := fakeCrontab(t, "crontab: no crontab for root")
	log := fakeLaunchctl(t)
	l := Launchd{Domain: "system", Path: filepath.Join(t.TempDir(), "LaunchDaemons", "virgo.plist")}
	if err := os.WriteFile(table, []byte("0 4 * * * backup\n"+cronLine(entry)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	steps := []struct {
		what    string
		do      func() (bool, error)
		changed bool
		calls   string
	}{
		{"install", func() (bool, error) { return l.Install(t.Context(), entry) }, true, "bootstrap system\n"},
		{"again", func() (bool, error) { return l.Install(t.Context(), entry) }, false, ""},
		{"another entry", func() (bool, error) { return l.Install(t.Context(), smallEntry) }, true, "bootout system/virgo\nbootstrap system\n"},
		{"uninstall", func() (bool, error) { return l.Uninstall(t.Context()) }, true, "bootout system/virgo\n"},
		{"uninstall again", func() (bool, error) { return l.Uninstall(t.Context()) }, false, ""},
	}
	for _, s := range steps {
		os.Remove(log)
		changed, err := s.do()
		calls, _ := os.ReadFile(log)
		if changed != s.changed || err != nil || string(calls) != s.calls {
			t.Errorf("%s: %v, %v, calls %q", s.what, changed, err, calls)
		}
	}
	if _, err := os.Stat(l.Path); err == nil {
		t.Error("the property list is still there")
	}
	// The line that an earlier virgo wrote is gone, others stay.
	if b, err := os.ReadFile(table); string(b) != "0 4 * * * backup\n" {
		t.Errorf("%q, %v", b, err)
	}
}
