package system

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"virgo/collect/hostinfo/redact"
	"virgo/collect/hostinfo/sourcetest"
)

func TestParseCrontab(t *testing.T) {
	got := parseCrontab([]byte(strings.Join([]string{
		"\tMAILTO = bob", `"PATH"=/bin`, "  # a comment", "",
		"@hourly", "1 2 3 4", "1 2 3 4 5", // nothing to run
		"1\t2  3 4 5   run  it", "@daily\trun", `1 2 3 4 5 date +\%s%input`, "1 2 3 4 5 %only input",
		"mysql -u root -ps3cr3t db", "1 2 3 4 -ps3cr3t x", "@ps3cr3t x", "1,2 */3 1-5/2 jan-Mar,12 -1~5 fields",
		"X=1", "@reboot last",
	}, "\r\n")), "alice", redact.Arguments{})
	want := []string{"run …", "run", "date …", "fields", "last"}
	if len(got) != len(want) {
		t.Fatalf("%+v", got)
	}
	for i, j := range got {
		if j.Command != want[i] || j.User != "alice" {
			t.Errorf("%+v", j)
		}
	}
	if !slices.Equal(got[0].Environment, []string{"MAILTO", "PATH"}) ||
		!slices.Equal(got[4].Environment, []string{"MAILTO", "PATH", "X"}) {
		t.Errorf("%v, %v", got[0].Environment, got[4].Environment)
	}
}

// If the user was forgotten in a line of the system's, the command's name is in its place.
func TestCrontabLineWithoutUser(t *testing.T) {
	got := parseCrontab([]byte("0 5 * * * mysqldump -ps3cr3t shop\n"), "", redact.Arguments{})
	if len(got) != 1 || strings.Contains(got[0].Command, "s3cr3t") {
		t.Errorf("%+v", got)
	}
}

func TestCronReads(t *testing.T) {
	for name, want := range map[string][2]bool{ // of Red Hat, of Debian
		"0hourly": {true, true}, "php_x-1": {true, true}, "job.cron": {true, false}, ".hidden": {false, false},
		"job~": {false, false}, "job.rpmsave": {false, false}, "#job#": {false, false},
	} {
		if got := [2]bool{cronReads(name, false), cronReads(name, true)}; got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// A crontab that sets a variable before each job would report all of them with every job.
func TestCronVariablesAreBounded(t *testing.T) {
	var table strings.Builder
	for i := range 500 {
		fmt.Fprintf(&table, "V%d=1\nSAME=2\n%s=3\n", i, strings.Repeat("L", maxCronVariable+1))
	}
	table.WriteString("* * * * * true\n")
	jobs := parseCrontab([]byte(table.String()), "alice", redact.Arguments{})
	if len(jobs) != 1 || len(jobs[0].Environment) != maxCronVariables ||
		jobs[0].Environment[1] != "SAME" || jobs[0].Environment[2] != "V1" {
		t.Errorf("%+v", jobs)
	}
}

func FuzzCrontab(f *testing.F) {
	sourcetest.Seeds(f, "software/*/etc/crontab", "software/*/etc/anacrontab",
		"software/debian/etc/cron.d/*", "software/debian/var/spool/cron/crontabs/*")
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, j := range append(append(parseCrontab(b, "", redact.Arguments{}), parseCrontab(b, "alice", redact.Arguments{})...), parseAnacrontab(b, redact.Arguments{})...) {
			if j.Command == "" || j.User == "" || j.Time == "" && (j.Minute == "" || j.DayOfWeek == "") {
				t.Errorf("%+v", j)
			}
		}
	})
}

// The bytes per second are the same for both sizes: the time is linear.
func BenchmarkHostileCrontab(b *testing.B) {
	for _, size := range []int{1 << 10, 64 << 10} {
		b.Run(fmt.Sprintf("%dKiB", size>>10), func(b *testing.B) {
			table := []byte(strings.Repeat("V=1\n", size))
			b.SetBytes(int64(size))
			for b.Loop() {
				parseCrontab(table, "alice", redact.Arguments{})
			}
		})
	}
}
