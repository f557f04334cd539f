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

	"virgo/collect/timerslack"
)

// The first words of the line that a child writes: its answer, or why it has none.
const (
	statAnswer  = "statfs"
	statFailure = "error"
	// maxStatAnswer bounds what is read of a child's output, in bytes.
	maxStatAnswer = 1024
)

// StatFS is what Options.StatProgram runs: it calls statfs for path and writes one line to w. It
// may never return. Errors: that of statfs, which is also in the line, or that of writing to w.
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
		return usage{}, fmt.Errorf("unexpected output of the program that calls statfs: %.64q", line)
	}
	return usage{total: n[0], used: n[1], free: n[2], avail: n[3], files: n[4], freeFiles: n[5]}, nil
}

// statByChild calls statfs for path in a child process. If ctx is done first, it kills the child
// and returns without waiting, because a process that waits in the kernel for a dead server cannot
// be ended. Such a child has none of this process's files open; otherwise cron, which waits until
// they are closed, would wait for it. It has no environment, because it needs none and the agent's
// may include the token.
func statByChild(ctx context.Context, argv []string, path string) (usage, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return usage{}, err
	}
	defer w.Close()
	cmd := exec.Command(argv[0], append(argv[1:len(argv):len(argv)], path)...)
	cmd.Env = []string{}
	cmd.Stdout = w // its input and standard error are the null device
	detach(cmd)
	if err := timerslack.ForChild(cmd.Start); err != nil {
		r.Close()
		return usage{}, fmt.Errorf("starting the program that calls statfs: %w", err)
	}
	w.Close()
	answer := make(chan string, 1)
	go func() {
		line, _ := io.ReadAll(io.LimitReader(r, maxStatAnswer))
		answer <- string(line)
		r.Close() // a child that writes more is ended by SIGPIPE
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
