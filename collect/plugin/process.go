package plugin

import (
	"context"
	"io"
	"os"
	"time"
)

// Time limits of stopping a plugin. Their sum is well within collect.Grace.
const (
	// termGrace is the time between SIGTERM and SIGKILL.
	termGrace = 500 * time.Millisecond
	// killWait bounds the wait after SIGKILL: a process that survives it is stuck in the kernel.
	killWait = 500 * time.Millisecond
	// pipeWait is how long the output is read after the plugin exited, where a process that it left
	// behind keeps the pipe open.
	pipeWait = 500 * time.Millisecond
	// tailWait is how long the rest of its standard error is read then.
	tailWait = 100 * time.Millisecond
)

// A command defines how to run a plugin.
type command struct {
	program program
	args    []string
	env     []string
	// mark is the entry of env that only this run's processes have.
	mark string
	// who is the user to run as; nil is the agent's.
	who *identity
	// stderr gets the lines of the plugin's standard error; may be nil.
	stderr io.Writer
	// large bounds the memory of long outputs; nil: nothing does.
	large *largeOutputs
}

// An ending describes how a run of a plugin ended.
type ending struct {
	// exit is zero where the plugin was stopped.
	exit exit
	// truncated means that the output was longer than MaxOutputBytes.
	truncated bool
	// stopped means that the context ended before the plugin.
	stopped bool
	// reason is the end of its standard error, where that was read.
	reason string
	// waited is how long the plugin's output was not read, because others had the slots for long ones.
	waited time.Duration
	// release returns the slot that the output has; nil: none.
	release func()
}

// run runs a plugin and parses its output with f. When it returns, the plugin has ended, or is
// stuck in the kernel with a SIGKILL pending, and f is no longer used.
func run(ctx context.Context, cmd command, f format) (ending, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return ending{}, cannotStart("%v", err)
	}
	defer r.Close()
	errsReader, errs, err := os.Pipe()
	if err != nil {
		w.Close()
		return ending{}, cannotStart("%v", err)
	}
	defer errsReader.Close()
	p, err := start(cmd, w, errs)
	w.Close()
	errs.Close()
	if err != nil {
		return ending{}, err
	}
	tail := newStderrTail(cmd.stderr)
	go tail.read(errsReader)
	defer p.release()
	out := newOutput(f)
	out.large = cmd.large
	go out.read(r)
	exited := make(chan struct{})
	go func() {
		defer close(exited)
		p.wait()
	}()

	end := ending{}
	flooded := false
	select {
	case <-exited:
	case <-ctx.Done():
		// A plugin that exited at the same moment has its result.
		end.stopped = !isClosed(exited)
	case <-out.flood:
		flooded = true
	}
	if end.stopped || flooded {
		p.stop(exited)
	} else {
		end.stopped = !out.awaitEnd(ctx)
	}
	close(out.quit)
	r.Close()
	<-out.done
	end.truncated, end.waited = out.truncated, out.waited
	if out.slot {
		end.release = out.large.release
	}
	if isClosed(exited) {
		e := p.exit()
		if !end.stopped && !flooded {
			end.exit = e
		}
	}
	if !flooded {
		waitClosed(tail.done, tailWait)
	}
	errsReader.Close() // a process that was left behind may have it open for ever
	<-tail.done
	if cmd.stderr == nil { // else somebody has seen it
		end.reason = tail.text()
	}
	return end, nil
}

// cannotStart returns the failure of a plugin that could not be started, formatted as by
// fmt.Sprintf.
func cannotStart(format string, args ...any) error {
	return failuref("plugin could not be started: "+format, args...)
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// waitClosed waits until c is closed, for d at most, and reports whether it is.
func waitClosed(c <-chan struct{}, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-c:
		return true
	case <-t.C:
		return isClosed(c)
	}
}
