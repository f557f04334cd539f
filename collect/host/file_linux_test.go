package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"virgo/collect"
	"virgo/collect/collecttest"
	"virgo/schedule"
)

// checkFile runs the check on the live host.
func checkFile(t *testing.T, d schedule.Details) (collect.Report, error) {
	t.Helper()
	return typeNamed(t, Options{}, "agent.file").Checker.Check(t.Context(), requestWith(d))
}

func seeFile(t *testing.T, target string) collect.Report {
	t.Helper()
	r, err := checkFile(t, schedule.Details{"target": target})
	if err != nil || r.Unavailable {
		t.Fatalf("%s: %v, %q", target, err, r.Status)
	}
	return r
}

// aged writes a file that was modified that long ago.
func aged(t *testing.T, file, text string, ago time.Duration) {
	t.Helper()
	write(t, file, text)
	when := time.Now().Add(-ago)
	if err := os.Chtimes(file, when, when); err != nil {
		t.Fatal(err)
	}
}

func TestFileFigures(t *testing.T) {
	dir := t.TempDir()
	aged(t, dir+"/old.gz", "12345", 50*time.Hour)
	aged(t, dir+"/new.gz", "1234567", time.Hour)
	aged(t, dir+"/mid.gz", "123", 20*time.Hour)
	aged(t, dir+"/.new.gz", "hidden, and newer", time.Minute)
	aged(t, dir+"/b[1].txt", "brackets", -time.Hour)
	if err := os.Chmod(dir+"/new.gz", 0o640|os.ModeSetgid); err != nil {
		t.Fatal(err)
	}
	for _, sub := range []string{"a", "b", "b/deep"} {
		if err := os.Mkdir(dir+"/"+sub, 0o700); err != nil {
			t.Fatal(err)
		}
		aged(t, dir+"/"+sub+"/x.log", "log "+sub, time.Hour)
	}
	for link, to := range map[string]string{"/link": "new.gz", "/dangling": "none", "/loop": "loop"} {
		if err := os.Symlink(to, dir+link); err != nil {
			t.Fatal(err)
		}
	}
	for target, want := range map[string]string{
		"/new.gz":                                "exists true\ncount 1\nsize 7\ntotal_size 7\nmode 2640",
		"/*.gz":                                  "exists true\ncount 3\nsize 7\ntotal_size 15\nmode 2640",
		"/.*.gz":                                 "count 1\nsize 17",
		"/link":                                  "count 1\nsize 7\nmode 2640",
		"/b[1].txt":                              "count 1\nsize 8", // exists as written
		"/?/x.log":                               "count 2\ntotal_size 10",
		"/*/*/x.log":                             "count 1\nsize 10",
		"/b/*/x.log":                             "count 1\nsize 10",
		"/none":                                  "exists false\ncount 0\ntotal_size 0\nsize \nage \nowner ",
		"/new.gz/sub":                            "exists false",
		"/dangling":                              "exists false",
		"/*.none":                                "exists false\ncount 0",
		"/*/none/x":                              "exists false",
		"/../" + filepath.Base(dir) + "//old.gz": "count 1\nsize 5",
	} {
		r := seeFile(t, dir+target)
		expect(t, r, "", want)
		status := ""
		if value(r, "", "exists") == "false" {
			status = "No such file: " + dir + target
			if strings.Contains(target, "*") {
				status = "No file matches " + dir + target
			}
		}
		if r.Status != status {
			t.Errorf("%s: %q", target, r.Status)
		}
	}
	// A date in the future has a negative age.
	if age := number(t, seeFile(t, dir+"/b[1].txt"), "", "age"); age > -3500 || age < -3600 {
		t.Errorf("age %v", age)
	}
	if _, err := checkFile(t, schedule.Details{"target": dir + "/loop"}); !errors.Is(err, unix.ELOOP) {
		t.Error(err)
	}
}

func TestFileAgreesWithStat(t *testing.T) {
	stat := collecttest.Program(t, "stat", "coreutils")
	for _, target := range []string{"/etc/passwd", "/etc", "/tmp", "/dev/null"} {
		// Its own files change; /tmp's size and age may as well, between the two.
		printed := strings.Fields(output(t, stat, "-c", "%a %U %s %Y", target))
		r := seeFile(t, target)
		if mode := strings.TrimLeft(value(r, "", "mode"), "0"); mode != printed[0] || value(r, "", "owner") != printed[1] {
			t.Errorf("%s: mode %s of %s, stat has %v", target, mode, value(r, "", "owner"), printed)
		}
		if target == "/tmp" {
			continue
		}
		changed := time.Now().Unix() - int64(number(t, r, "", "age"))
		if value(r, "", "size") != printed[2] || changed > atoi(t, printed[3])+2 || changed < atoi(t, printed[3])-2 {
			t.Errorf("%s: size %s, changed at %d, stat has %v", target, value(r, "", "size"), changed, printed)
		}
	}
}

func TestFileThatDoesNotMeetTheDetails(t *testing.T) {
	dir := t.TempDir()
	file := dir + "/f.log"
	aged(t, file, "one\ntwo FATAL\n", 3700*time.Second)
	write(t, dir+"/empty", "")
	for _, c := range []struct {
		details schedule.Details
		status  string
	}{
		{schedule.Details{"target": file, "max_age": 3800, "min_size": 14, "max_size": 14, "content_match": "FATAL$"}, "has no match"}, // $ is the end of the text
		{schedule.Details{"target": file, "max_age": 3800, "min_size": 14, "max_size": 14, "content_match": "(?m)FATAL$"}, ""},
		{schedule.Details{"target": file, "max_age": 3600}, file + " is 3700 seconds old, at most 3600 wanted"},
		{schedule.Details{"target": file, "max_age": "1h"}, file + " is 3700 seconds old, at most 3600 wanted"},
		{schedule.Details{"target": file, "max_age": "2h"}, ""},
		{schedule.Details{"target": file, "min_size": 15}, file + " has 14 bytes, at least 15 wanted"},
		{schedule.Details{"target": file, "max_size": "13"}, file + " has 14 bytes, at most 13 wanted"},
		{schedule.Details{"target": dir + "/*", "max_size": 0}, ""}, // the newest is empty
		{schedule.Details{"target": dir + "/empty", "content_match": "x"}, dir + "/empty has no match of content_match"},
		// A missing file meets only what a missing file can meet.
		{schedule.Details{"target": dir + "/none", "max_size": 0}, ""},
		{schedule.Details{"target": dir + "/none", "min_size": 0}, ""},
		{schedule.Details{"target": dir + "/none", "min_size": 1}, "No such file: " + dir + "/none"},
		{schedule.Details{"target": dir + "/none", "max_age": "1h"}, "No such file: " + dir + "/none"},
		{schedule.Details{"target": dir + "/none", "content_match": "x"}, "No such file: " + dir + "/none"},
		{schedule.Details{"target": dir + "/*.none", "max_age": "1h"}, "No file matches " + dir + "/*.none"},
	} {
		r, err := checkFile(t, c.details)
		if err != nil || r.Unavailable != (c.status != "") || r.Unavailable && !strings.Contains(r.Status, c.status) {
			t.Errorf("%v: unavailable %v, %q, %v", c.details, r.Unavailable, r.Status, err)
		}
		if r.Unavailable && strings.Contains(r.Status, "FATAL") {
			t.Errorf("the status contains the pattern: %q", r.Status)
		}
	}
}

// Of a long file the end is searched, and the status says so without its content.
func TestFileContentIsBounded(t *testing.T) {
	file := t.TempDir() + "/long"
	write(t, file, "early\n"+strings.Repeat("x", maxContentBytes)+"\nlate\n")
	r, err := checkFile(t, schedule.Details{"target": file, "content_match": "la.e"})
	if err != nil || value(r, "", "content_match") != "true" || r.Status != fmt.Sprintf("success, of %s only the last 1048576 bytes were read", file) {
		t.Errorf("%q, %+v", r.Status, r.Metrics)
	}
	r, err = checkFile(t, schedule.Details{"target": file, "content_match": "early"})
	if err != nil || !r.Unavailable || r.Status != file+" has no match of content_match in its last 1048576 bytes" {
		t.Errorf("%q, %v", r.Status, err)
	}
}

// Opening these would block, or have an effect.
func TestFileOpensNoDeviceAndNoFIFO(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mkfifo(dir+"/fifo", 0o600); err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{dir + "/fifo", "/dev/null", "/dev/zero", "/dev/tty", dir} {
		r, err := checkFile(t, schedule.Details{"target": target, "content_match": "x"})
		if err == nil || err.Error() != target+" is not a regular file: it cannot be searched for content_match" {
			t.Errorf("%s: %+v, %v", target, r, err)
		}
		if r := seeFile(t, target); value(r, "", "exists") != "true" {
			t.Errorf("%s: %+v", target, r)
		}
	}
	// As a folder in a pattern it has no entries.
	expect(t, seeFile(t, dir+"/fifo/*"), "", "count 0")
	// A FIFO that replaces a file is opened without waiting for a writer.
	info, err := os.Stat(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	w, err := parseFileCriteria(schedule.Details{"target": dir + "/fifo", "content_match": "x"})
	if err != nil {
		t.Fatal(err)
	}
	s := foundFiles{path: dir + "/fifo", newest: info}
	if err := s.search(t.Context(), w); err == nil || !strings.Contains(err.Error(), "is not a regular file") {
		t.Error(err)
	}
}

func TestFilePatternsAreBounded(t *testing.T) {
	dir := t.TempDir()
	for i := range 2000 {
		write(t, fmt.Sprintf("%s/%d", dir, i), "12")
	}
	expect(t, seeFile(t, dir+"/*"), "", "count 2000\ntotal_size 4000")
	w := fileCriteria{target: dir + "/*", maxAge: -1, minSize: -1, maxSize: -1}
	for want, walk := range map[string]walker{
		"more than 100000 files match":       {found: &foundFiles{count: maxMatches - 1999}},
		"more than 1000000 names to compare": {found: &foundFiles{}, entries: maxEntries - 1999},
		"context canceled":                   {found: &foundFiles{}, ctx: expired(t)},
		"":                                   {found: &foundFiles{count: maxMatches - 2000}, entries: maxEntries - 2000},
	} {
		if walk.ctx == nil {
			walk.ctx = t.Context()
		}
		if err := walk.into("/", parts(w.target)); fmt.Sprint(err) != want && !(want == "" && err == nil) {
			t.Errorf("%q: %v", want, err)
		}
	}
	if _, err := w.find(expired(t)); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// A folder without permission is an error, not a missing file.
func TestFileInAFolderWithoutPermission(t *testing.T) {
	for _, err := range []error{unix.ENOENT, unix.ENOTDIR, unix.ENAMETOOLONG} {
		if !isMissing(&os.PathError{Err: err}) {
			t.Error(err)
		}
	}
	for _, err := range []error{unix.EACCES, unix.EIO, unix.ESTALE, unix.ELOOP} {
		if isMissing(&os.PathError{Err: err}) {
			t.Error(err)
		}
	}
}

// A file on a file system that hangs is not read; the hang takes the probe timeout once, then the
// file system is not probed.
func TestFileOnAFileSystemThatHangs(t *testing.T) {
	for target, hangs := range map[string]bool{
		"/mnt/nfs/some/file": true, "/mnt/nfs": true, "/mnt/*/x": true, "/*": true,
		"/mnt/nfsx": false, "/etc/passwd": false, "/mnt": false, "/etc/*": false, "/mnt/sshfs/none": false,
	} {
		synctest.Test(t, func(t *testing.T) {
			opt := captured("server", "first")
			fake := newFakeFileSystems("/mnt/nfs", "/") // the root is on a disk: it is not probed
			defer close(fake.gone)
			check := files{tree: tree{proc: opt.Proc, sys: opt.Sys}, prober: statProber{statfs: fake.statfs}}
			start := time.Now()
			r, err := check.Check(t.Context(), request(target, nil))
			if !hangs {
				if err != nil || r.Sample != nil || time.Since(start) != 0 {
					t.Errorf("%s: %v after %v", target, err, time.Since(start))
				}
				return
			}
			if err == nil || err.Error() != target+" was not checked: /mnt/nfs does not answer" || time.Since(start) != ProbeTimeout || r.Sample == nil {
				t.Fatalf("%s: %v after %v", target, err, time.Since(start))
			}
			fake.takeProbed()
			r, err = check.Check(t.Context(), request(target, r.Sample))
			if err == nil || !strings.Contains(err.Error(), "/mnt/nfs did not answer at ") || len(fake.takeProbed()) > 0 || r.Sample == nil {
				t.Errorf("%s: %v", target, err)
			}
			time.Sleep(ProbeBackoff)
			delete(fake.hangs, "/mnt/nfs")
			if r, err = check.Check(t.Context(), request(target, r.Sample)); err != nil || r.Sample != nil {
				t.Errorf("%s: %+v, %v", target, r, err)
			}
		})
	}
}
