package torture

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The system calls on the state's files fail: each one alone, and all from the n-th on. The run still delivers its
// results, from memory where necessary; nothing that was stored before is lost or doubled, and the next run on a
// good disk works.
func TestDiskErrors(t *testing.T) {
	needStrace(t)
	b, rnd := newBudget(t, 25*time.Second, 8), seededRandom(t)
	h := newHost(t, nowhere, zeroPin)
	h.write(filepath.Join("plugins", "count.sh"), countPlugin, 0o700)
	before := newLedger(t)
	h.backlog(before, 2)
	states := []map[string][]byte{nil, h.snapshot()}

	errors := map[string][]string{
		"pwrite64":   {"EIO", "ENOSPC", "EROFS", "EDQUOT"},
		"fdatasync":  {"EIO", "ENOSPC", "EDQUOT"},
		"fsync":      {"EIO"},
		"ftruncate":  {"EIO", "ENOSPC", "EFBIG"},
		"openat":     {"EIO", "ENOSPC", "EROFS", "EACCES", "EMFILE", "ESTALE"},
		"flock":      {"EIO", "ENOLCK", "ENOSYS"},
		"pread64":    {"EIO", "ESTALE"},
		"mmap":       {"ENOMEM", "EACCES", "ENODEV"},
		"fstat":      {"EIO", "ESTALE"},
		"newfstatat": {"EIO", "ENOENT", "ESTALE"},
	} // not close: strace would skip the call, and Linux closes the file even when it fails
	var faults []fault
	for call, names := range errors {
		for _, name := range names {
			for n := 1; n <= 8; n++ {
				for _, on := range []string{"", "+"} {
					faults = append(faults, fault{
						name:       fmt.Sprintf("%s number %d%s: %s", call, n, on, name),
						injections: []string{fmt.Sprintf("%s:error=%s:when=%d%s", call, name, n, on)},
						onDisk:     true,
					})
				}
			}
		}
	}
	rnd.Shuffle(len(faults), func(i, j int) { faults[i], faults[j] = faults[j], faults[i] })
	cases, codes := 0, make(map[int]int)
	for i, f := range faults {
		if !b.timeLeft() {
			break
		}
		end := h.runWithFault(t, before, states[i%2], f)
		codes[end.code]++
		cases++
		// A folder that cannot be read, or has gone, is for its owner to correct.
		owners := strings.Contains(f.name, "EACCES") || strings.Contains(f.name, "ENOENT")
		if end.code != 0 && end.code != 5 && !(end.code == 2 && owners) {
			t.Errorf("its results were neither stored nor delivered")
		}
		if end.took > 10*time.Second {
			t.Errorf("it took %s", end.took)
		}
		for _, bad := range []string{"panic", "goroutine ", token} {
			if strings.Contains(end.errs, bad) {
				t.Errorf("it prints %q", bad)
			}
		}
		if t.Failed() {
			t.Fatalf("%s (fresh state: %v): ended with %d: %s", f.name, i%2 == 0, end.code, end.errs)
		}
	}
	t.Logf("exit codes: %v; %d of %d faults tried", codes, cases, len(faults))
	report(t, "disk-error-at-each-system-call", cases)
}

// A new spool that cannot be read back is no damaged one: nothing was in it, so the next run reports no loss.
// Which call reads it varies from run to run.
func TestNewSpoolThatCannotBeRead(t *testing.T) {
	needStrace(t)
	h := newHost(t, nowhere, zeroPin)
	h.write(filepath.Join("plugins", "count.sh"), countPlugin, 0o700)
	for n := 2; n < 12; n++ {
		f := fault{
			name:       fmt.Sprintf("pread64 number %d and later: EIO", n/2),
			injections: []string{fmt.Sprintf("pread64:error=EIO:when=%d+", n/2)},
			onDisk:     true,
		}
		if end := h.runWithFault(t, newLedger(t), nil, f); end.code != 0 || t.Failed() {
			t.Fatalf("%s: ended with %d: %s", f.name, end.code, end.errs)
		}
	}
}

// Message and exit code of a run where the disk takes nothing at all.
func TestDiskTakesNothing(t *testing.T) {
	needStrace(t)
	all := []string{"openat:error=EIO", "pwrite64:error=EIO", "fdatasync:error=EIO", "fsync:error=EIO", "ftruncate:error=EIO", "pread64:error=EIO", "flock:error=EIO"}
	for _, f := range []fault{
		{name: "every call fails", injections: all, onDisk: true},
		{name: "no sync succeeds", injections: []string{"fdatasync:error=EIO"}, onDisk: true},
		{name: "no write succeeds", injections: []string{"pwrite64:error=EIO"}, onDisk: true},
		{name: "nothing can be read", injections: []string{"pread64:error=EIO"}, onDisk: true},
		{name: "no room", injections: []string{"pwrite64:error=ENOSPC", "ftruncate:error=ENOSPC"}, onDisk: true},
		{name: "read-only", injections: []string{"openat:error=EROFS"}, onDisk: true},
	} {
		for _, away := range []bool{false, true} {
			f.away = away
			t.Run(fmt.Sprintf("%s, endpoint away %v", f.name, away), func(t *testing.T) {
				h := newHost(t, nowhere, zeroPin)
				h.write(filepath.Join("plugins", "count.sh"), countPlugin, 0o700)
				before := newLedger(t)
				h.backlog(before, 1)
				end := h.runWithFault(t, before, h.snapshot(), f)
				switch {
				case away && (end.code != 5 || !strings.Contains(end.errs, "4 results are lost: they could not be stored")):
					t.Errorf("want exit code 5 and what is lost")
				case !away && (end.code != 0 || !strings.Contains(end.errs, "the results could not be stored (") || !strings.Contains(end.errs, "they were delivered from memory")):
					t.Errorf("want exit code 0 and what could not be stored")
				}
				if t.Failed() {
					t.Fatalf("it ended with %d: %s", end.code, end.errs)
				}
			})
		}
	}
}
