//go:build unix

package timer

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fakeCrontab puts a crontab program into an otherwise empty PATH. Without a crontab it says none; it
// takes a file and nothing else.
func fakeCrontab(t *testing.T, none string) (table string) {
	t.Helper()
	dir := t.TempDir()
	table = filepath.Join(dir, "table")
	script := "#!/bin/sh\nPATH=/bin:/usr/bin\n" +
		"case $1 in\n-l) cat " + table + " 2>/dev/null || { test ! -e " + table + " && echo \"" + none + "\" >&2; exit 1; };;\n" +
		"-*) echo usage >&2; exit 1;;\n*) cat <\"$1\" >" + table + ";;\nesac\n"
	if err := os.WriteFile(filepath.Join(dir, "crontab"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	return table
}

// Each crontab program has its own words for a user without a crontab.
func TestCrontabOfAUserWithoutOne(t *testing.T) {
	for _, none := range []string{
		"no crontab for root", "crontab: no crontab for root", "No crontab for root",
		"crontab: can't open 'root': No such file or directory", "crontab: can't open your crontab file.",
		"0481-103 Cannot open a file in the /var/spool/cron/crontabs directory.",
	} {
		table := fakeCrontab(t, none)
		if changed, err := (Crontab{}).Uninstall(t.Context()); changed || err != nil {
			t.Errorf("%s: %v, %v", none, changed, err)
		}
		for _, want := range []bool{true, false} {
			if changed, err := (Crontab{}).Install(t.Context(), entry); changed != want || err != nil {
				t.Errorf("%s: %v, %v", none, changed, err)
			}
		}
		if b, err := os.ReadFile(table); string(b) != cronLine(entry)+"\n" {
			t.Errorf("%s: %q, %v", none, b, err)
		}
	}
	for _, failure := range []string{
		"crontab: can't open 'root': Permission denied", "you (x) are not allowed to use this program (crontab)", "",
	} {
		table := fakeCrontab(t, failure)
		if changed, err := (Crontab{}).Install(t.Context(), entry); changed || err == nil {
			t.Errorf("%s: %v", failure, changed)
		}
		if _, err := os.Stat(table); err == nil {
			t.Errorf("%s: a crontab was written", failure)
		}
	}
}

// A fresh system with busybox has no folder for crontabs yet: there is nothing to uninstall, and the hint
// of installing makes the folder.
func TestCrontabWithoutItsFolder(t *testing.T) {
	dir := t.TempDir()
	script := "#!/bin/sh\necho \"crontab: can't change directory to '/var/spool/cron tabs': No such file or directory\" >&2\nexit 1\n"
	if err := os.WriteFile(filepath.Join(dir, "crontab"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	if changed, err := (Crontab{}).Uninstall(t.Context()); changed || err != nil {
		t.Errorf("%v, %v", changed, err)
	}
	var hint *HintError
	if changed, err := (Crontab{}).Install(t.Context(), entry); changed || !errors.As(err, &hint) || hint.Next != "mkdir -p '/var/spool/cron tabs'" {
		t.Errorf("%v, %v", changed, err)
	}
}

// Where there is no crontab program, root's entry is a file in cron.d.
func TestCronFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "cron.d", "virgo")
	c := Crontab{Fallback: file}
	t.Setenv("PATH", t.TempDir())
	if c.Name() != "crontab" {
		t.Errorf("without the folder: %s", c.Name())
	}
	if _, err := c.Install(t.Context(), entry); err == nil {
		t.Error("installed without a crontab program and without cron.d")
	}
	if err := os.Mkdir(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if c.Name() != file {
		t.Errorf("the name is %s", c.Name())
	}
	for _, want := range []bool{true, false} {
		if changed, err := c.Install(t.Context(), entry); changed != want || err != nil {
			t.Errorf("%v, %v", changed, err)
		}
	}
	b, err := os.ReadFile(file)
	if err != nil || !strings.HasPrefix(string(b), "* * * * * root GOMAXPROCS=1 '/opt/my tools/virgo' ") || string(b) != c.Print(entry) {
		t.Errorf("%q, %v", b, err)
	}
	// With the program, the entry moves into the crontab: one run a minute, not two.
	table := fakeCrontab(t, "no crontab for root")
	if changed, err := c.Install(t.Context(), entry); !changed || err != nil {
		t.Errorf("%v, %v", changed, err)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("both entries are there")
	}
	if b, err := os.ReadFile(table); string(b) != cronLine(entry)+"\n" {
		t.Errorf("%q, %v", b, err)
	}
	// A file that virgo did not write stays.
	if err := os.WriteFile(file, []byte("* * * * * root mine\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if changed, err := c.Uninstall(t.Context()); !changed || err != nil {
		t.Errorf("%v, %v", changed, err)
	}
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
	t.Setenv("PATH", t.TempDir())
	if err := os.WriteFile(file, []byte(c.Print(entry)), 0o600); err != nil {
		t.Fatal(err)
	}
	if changed, err := c.Uninstall(t.Context()); !changed || err != nil {
		t.Errorf("%v, %v", changed, err)
	}
}
