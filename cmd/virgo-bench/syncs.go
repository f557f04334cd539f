package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// syncCalls are the system calls that wait until data is on the disk.
const syncCalls = "fsync,fdatasync,msync,sync,syncfs,sync_file_range"

// syncs counts how often a run that delivers its results waits for the disk.
func (b *bench) syncs(r *report) error {
	if err := b.tryStrace(); err != nil {
		r.notMeasured("syncs of a run", err)
		return nil
	}
	host, err := b.enrol("syncs", b.address)
	if err != nil {
		return err
	}
	// Not counted: fetches the schedule and makes the files.
	if _, err := host.run("--strict"); err != nil {
		return err
	}
	before, err := b.stored(host.name)
	if err != nil {
		return err
	}
	// The number hardly varies: few runs are enough, and the worst one counts.
	const runs = 3
	worst := 0
	for range runs {
		b.nextSecond()
		n, err := b.countSyncs(b.timerEnv(), host.argv(host.entry, "--strict"))
		if err != nil {
			return err
		}
		worst = max(worst, n)
	}
	if err := b.expectStored(host.name, before, runs*checks); err != nil {
		return err
	}
	sink, err := b.newSink()
	if err != nil {
		return err
	}
	defer sink.Close()
	bare, err := b.countSyncs(b.env, b.bareArgv(sink.Addr().String()))
	if err != nil {
		return err
	}
	r.add(smallName+": syncs of files and folders", float64(worst), "")
	r.add(bareName+": syncs of files and folders", float64(bare), "")
	return nil
}

// tryStrace returns an error that says why programs cannot be traced.
func (b *bench) tryStrace() error {
	if _, err := exec.LookPath("strace"); err != nil {
		return errors.New("strace is not installed")
	}
	_, err := b.countSyncs(b.env, []string{"/bin/sh", "-c", ":"})
	return err
}

// countSyncs runs a program under strace(1) and counts its syncs.
func (b *bench) countSyncs(env, argv []string) (int, error) {
	trace := b.path("trace")
	strace := []string{"strace", "-f", "-qq", "-e", "trace=" + syncCalls, "-e", "signal=none", "-o", trace}
	s, _, err := untraced(env, append(strace, argv...))
	if err == nil {
		err = s.failure(argv)
	}
	if err != nil {
		return 0, err
	}
	text, err := os.ReadFile(trace)
	if err != nil {
		return 0, err
	}
	return parseSyncs(string(text))
}

// parseSyncs counts the calls in strace's output: lines like "12 fsync(3) = 0", or two lines for a
// call during which another thread's was printed, "12 fsync(3 <unfinished ...>" and
// "12 <... fsync resumed>) = 0".
func parseSyncs(trace string) (int, error) {
	n := 0
	for line := range strings.Lines(trace) {
		_, call, _ := strings.Cut(strings.TrimSpace(line), " ")
		call = strings.TrimSpace(call)
		switch first, _, _ := strings.Cut(call, " "); first {
		case "<...": // counted where it began
			continue
		case "???(": // a thread that ended before strace could see its call
			continue
		}
		name, _, ok := strings.Cut(call, "(")
		if !ok || !hasItem(syncCalls, name) {
			return 0, fmt.Errorf("strace printed %q", line)
		}
		n++
	}
	return n, nil
}
