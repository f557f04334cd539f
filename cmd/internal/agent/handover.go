package agent

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"virgo/cmd/internal/config"
	"virgo/cmd/internal/footprint"
	"virgo/collect/timerslack"
	"virgo/schedule/yaml"
)

// siblingGrace is the time that virgo has to end by itself after its splay and deadline: it does not
// wait longer than overdueGrace for what hangs.
const siblingGrace = overdueGrace + time.Second

// HandOver runs virgo with these arguments in place of this program and returns its exit code as an
// error. reason says why, for --verbose and for the error where virgo cannot be started. longest is
// the time in which virgo should end, with its splay. If it has not ended siblingGrace later, it gets
// SIGTERM, and after overdueGrace it is killed.
func (p *Program) HandOver(reason error, args []string, longest time.Duration) error {
	program, err := openSibling()
	if err != nil {
		return notHandedOver(reason, err)
	}
	defer program.Close()
	if err := checkBuild(program); err != nil {
		return notHandedOver(reason, err)
	}
	p.Verbosef("handing over to %s: %v", program.Name(), reason)

	cmd := exec.Command(startPath(program))
	cmd.Args = append([]string{program.Name()}, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = p.In, p.Out, p.Err
	cmd.Env = slices.DeleteFunc(os.Environ(), func(pair string) bool { return pair == footprint.OneProcessor })
	// The thread must live as long as the child: PR_SET_PDEATHSIG is about the thread, see prctl(2).
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer dieTogether(cmd)()

	// Nobody receives from ignored: a terminal sends Ctrl-C to virgo as well.
	ignored, terminated := make(chan os.Signal, 1), make(chan os.Signal, 1)
	signal.Notify(ignored, os.Interrupt)
	signal.Notify(terminated, syscall.SIGTERM)
	defer signal.Stop(ignored)
	defer signal.Stop(terminated)
	if err := timerslack.ForChild(cmd.Start); err != nil {
		var inFile *fs.PathError // with the path of the descriptor
		if errors.As(err, &inFile) {
			err = inFile.Err
		}
		return notHandedOver(reason, fmt.Errorf("starting %s: %w", program.Name(), err))
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	return awaitSibling(cmd, ended, terminated, longest)
}

// awaitSibling waits for the end of virgo and returns its exit code as an error. It does not wait for
// a virgo that cannot be killed, because a system call hangs in it.
func awaitSibling(cmd *exec.Cmd, ended <-chan error, terminated <-chan os.Signal, longest time.Duration) error {
	overdue := time.NewTimer(longest + siblingGrace)
	defer overdue.Stop()
	late := WithHint(
		fmt.Errorf("%s did not end by itself within %s, and was killed", cmd.Args[0], longest+siblingGrace),
		"virgo status shows what is stored; the next run continues from there",
	)
	for expired := 0; ; {
		select {
		case err := <-ended:
			if expired > 0 {
				return late
			}
			return siblingEnd(cmd, err)
		case <-terminated:
			terminate(cmd.Process)
		case <-overdue.C:
			switch expired++; expired {
			case 1:
				terminate(cmd.Process)
			case 2:
				_ = cmd.Process.Kill()
			default:
				return late
			}
			overdue.Reset(overdueGrace)
		}
	}
}

// siblingEnd returns the end of virgo as an error with its exit code, or with that of a shell if a
// signal ended it. It is silent where virgo has said why, and where somebody wanted it to end.
func siblingEnd(cmd *exec.Cmd, err error) error {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &exit):
		return fmt.Errorf("waiting for %s: %w", cmd.Args[0], err)
	case exit.ExitCode() >= 0:
		return &ExitError{Code: exit.ExitCode()}
	}
	code := shellCode(exit.ProcessState)
	if code == ExitInterrupted || code == ExitTerminated {
		return &ExitError{Code: code}
	}
	return WithCode(code, fmt.Errorf("%s died: %s", cmd.Args[0], exit.ProcessState))
}

// A notStartedError is returned for a run that virgo should have made, and that did not begin.
type notStartedError struct{ error }

func (e notStartedError) Unwrap() error { return e.error }

func notHandedOver(reason, err error) error {
	return WithCode(ExitUsage, WithHint(
		notStartedError{fmt.Errorf("%w; virgo, which may understand it, cannot be started: %w", reason, err)}, Hint(err),
	))
}

// RunAlone makes a run that virgo should have made, if err says that virgo was not started: each file
// that is not plain YAML, a variable that only virgo reads, and alarms that nobody judges then, are mistakes
// of the owner like any other. So the other checks run, results are
// persisted, and the mistake is reported when it begins and not in each run. left is the time of the run;
// 0: all of it.
func (p *Program) RunAlone(err error, opt RunOptions, splay Splay, left time.Duration) error {
	var notStarted notStartedError
	if !errors.As(err, &notStarted) {
		return err
	}
	parse, missing, hint := p.YAML, OneLine(notStarted.Error()), Hint(err)
	if _, text, found := strings.Cut(missing, "; "); found {
		missing = text
	}
	p.YAML = func(file string, data []byte) (yaml.Node, error) {
		n, err := parse(file, data)
		if errors.Is(err, yaml.ErrNotPlain) {
			err = &yaml.Error{File: file, Text: yaml.ErrNotPlain.Error() + "; " + missing, Help: hint}
		}
		return n, err
	}
	if !errors.Is(err, yaml.ErrNotPlain) {
		p.unread = &config.Error{Err: notStarted, Next: hint}
	}
	opt.HandOver = nil
	if left > 0 {
		opt.Deadline, splay = &left, Splay{}
	}
	return p.Run(opt, splay)
}

// LongestRun returns the longest time that a run may take that has not begun: its splay, and its
// deadline, which may be in a configuration that only virgo can read.
func (p *Program) LongestRun(opt RunOptions, splay Splay) time.Duration {
	d := MaxSplay
	switch {
	case splay.Wait != nil:
		d = *splay.Wait
	case !splay.Set:
		d = 0
	}
	if opt.Deadline == nil {
		return d + config.LongestDeadline(p.Paths().Config, p.Getenv)
	}
	return d + min(max(*opt.Deadline, 0), math.MaxInt64/2)
}
