package plugin

import (
	"context"
	"os"
	"time"
)

// How long an ending plugin is waited for. Together they stay well within collect.Grace.
const (
	// termGrace lies between asking a plugin to end and killing it.
	termGrace = 500 * time.Millisecond
	// killWait bounds the killing: what has not died by then is stuck in the kernel.
	killWait = 500 * time.Millisecond
	// pipeWait is how long after a plugin's end what it has printed is still read, where a process that
	// it left behind keeps its output open.
	pipeWait = 500 * time.Millisecond
)

// A command is a plugin ready to be run.
type command struct {
	program program
	args    []string
	env     []string
	// mark is the variable in env that only this run has.
	mark string
	// who it runs as; nil: as the agent.
	who *identity
	// stderr is where it writes errors; nil: nowhere.
	stderr *os.File
}

// An ending is how a run of a plugin ended.
type ending struct {
	// exit is the plugin's own; zero where it was ended.
	exit exit
	// cut says that its output was longer than what is looked at.
	cut bool
	// stopped says that its context was done first.
	stopped bool
}

// run runs a plugin and has f read what it prints. When it returns the plugin has ended, whatever the
// plugin did, or is stuck in the kernel with a signal to kill it under way; f is no longer in use.
func run(ctx context.Context, cmd command, f format) (ending, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return ending{}, failed("plugin could not be started: %v", err)
	}
	defer r.Close()
	p, err := start(cmd, w)
	w.Close()
	if err != nil {
		return ending{}, err
	}
	defer p.release()
	out := newOutput(f)
	go out.read(r)
	exited := make(chan struct{})
	go func() {
		defer close(exited)
		p.await()
	}()

	end := ending{}
	flooded := false
	select {
	case <-exited:
	case <-ctx.Done():
		// One that made it just in time has its result.
		end.stopped = !closed(exited)
	case <-out.flood:
		flooded = true
	}
	if end.stopped || flooded {
		p.stop(exited)
	} else {
		closedWithin(out.done, pipeWait)
	}
	r.Close()
	<-out.done
	end.cut = out.cut
	if closed(exited) {
		e := p.exit()
		if !end.stopped && !flooded {
			end.exit = e
		}
	}
	return end, nil
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// closedWithin waits for c, for d at most, and reports whether it was closed.
func closedWithin(c <-chan struct{}, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-c:
		return true
	case <-t.C:
		return closed(c)
	}
}
