package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// The lines that a child writes: what it found, or why not.
const (
	statAnswer  = "statfs"
	statFailure = "error"
	// maxStatAnswer bounds what is read of a child.
	maxStatAnswer = 1024
)

// StatFS is the child's side of Options.StatProgram: it asks the file system of path for its usage and
// writes one line to w. It may never return. The error, which the line tells as well, is returned when
// path has no usage or w cannot be written.
func StatFS(path string, w io.Writer) error {
	u, err := statfs(path)
	if err != nil {
		_, werr := fmt.Fprintln(w, statFailure, err)
		return errors.Join(fmt.Errorf("statfs %q: %w", path, err), werr)
	}
	_, err = fmt.Fprintln(w, statAnswer, u.total, u.used, u.free, u.avail, u.files, u.freeFiles)
	return err
}

func parseStatAnswer(line string) (usage, error) {
	if why, ok := strings.CutPrefix(line, statFailure+" "); ok {
		return usage{}, errors.New(strings.TrimSpace(why))
	}
	fields := strings.Fields(line)
	var n [6]uint64
	ok := strings.HasSuffix(line, "\n") && len(fields) == 1+len(n) && fields[0] == statAnswer
	for i := range n {
		if ok {
			var err error
			n[i], err = strconv.ParseUint(fields[1+i], 10, 63)
			ok = err == nil
		}
	}
	if !ok {
		return usage{}, fmt.Errorf("the program that asks file systems said %.64q", line)
	}
	return usage{total: n[0], used: n[1], free: n[2], avail: n[3], files: n[4], freeFiles: n[5]}, nil
}

// askChild asks the file system of path by a child process. When ctx is done first, it kills the child
// and returns without waiting: nothing ends a process that waits in the kernel for a dead server. What
// it leaves behind then holds none of this process's files, so whoever waits for their end (cron) does
// not wait for it.
func askChild(ctx context.Context, argv []string, path string) (usage, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return usage{}, err
	}
	defer w.Close()
	cmd := exec.Command(argv[0], append(argv[1:len(argv):len(argv)], path)...)
	cmd.Stdout = w // a file of its own; no input and no errors, which is the null device
	detach(cmd)
	if err := cmd.Start(); err != nil {
		r.Close()
		return usage{}, fmt.Errorf("start the program that asks file systems: %w", err)
	}
	w.Close()
	answer := make(chan string, 1)
	go func() {
		line, _ := io.ReadAll(io.LimitReader(r, maxStatAnswer))
		answer <- string(line)
		r.Close() // a child that has more to say is ended by it
		_ = cmd.Wait()
	}()
	select {
	case line := <-answer:
		return parseStatAnswer(line)
	case <-ctx.Done():
		_ = cmd.Process.Kill()
		return usage{}, ctx.Err()
	}
}
