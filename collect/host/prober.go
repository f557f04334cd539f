package host

import (
	"context"
	"errors"
	"sync"
	"time"
)

// maxChildren is how many file systems are probed by child processes at the same time.
const maxChildren = 8

// An answer is the usage of a file system. err is errHangs if it did not answer in time, and the
// context's error if there was no time to probe it.
type answer struct {
	usage usage
	err   error
}

// A statProber probes file systems (statfs) without ever waiting for one that hangs.
type statProber struct {
	program func() []string // Options.StatProgram; nil: none
	statfs  func(path string) (usage, error)
}

// probe probes each file system, and returns at the latest when ctx is done.
func (p statProber) probe(ctx context.Context, mounts []mount) []answer {
	answers := make([]answer, len(mounts))
	var inProcess, byChild []int
	for i, m := range mounts {
		if m.mayHang() && p.program != nil {
			byChild = append(byChild, i)
		} else {
			inProcess = append(inProcess, i)
		}
	}
	var program []string
	if len(byChild) > 0 {
		if program = p.program(); len(program) == 0 {
			inProcess, byChild = append(inProcess, byChild...), nil
		}
	}
	var children sync.WaitGroup
	slots := make(chan struct{}, maxChildren)
	if len(byChild) > 0 {
		children.Go(func() {
			for _, i := range byChild {
				slots <- struct{}{}
				children.Go(func() {
					answers[i] = probeByChild(ctx, program, mounts[i].point)
					<-slots
				})
			}
		})
	}
	p.probeInProcess(ctx, mounts, inProcess, answers)
	children.Wait()
	return answers
}

func probeByChild(ctx context.Context, program []string, path string) answer {
	timeout, err := probeTimeout(ctx)
	if err != nil {
		return answer{err: err}
	}
	child, cancel := context.WithTimeoutCause(ctx, timeout, errHangs)
	defer cancel()
	u, err := statByChild(child, program, path)
	if child.Err() != nil && errors.Is(err, child.Err()) {
		err = context.Cause(child)
	}
	return answer{u, err}
}

// probeInProcess probes the file systems one after the other in a goroutine. If one hangs, it
// continues in another goroutine; the first one ends when the file system answers, without probing
// any more.
func (p statProber) probeInProcess(ctx context.Context, mounts []mount, which []int, answers []answer) {
	for len(which) > 0 {
		var (
			received  = make(chan answer, len(which))
			abandoned = make(chan struct{})
			remaining = which
		)
		go func() {
			for _, i := range remaining {
				select {
				case <-abandoned:
					return
				default:
				}
				u, err := p.statfs(mounts[i].point)
				received <- answer{u, err}
			}
		}()
		for hangs := false; len(which) > 0 && !hangs; which = which[1:] {
			answers[which[0]] = awaitAnswer(ctx, received)
			hangs = answers[which[0]].err == errHangs || ctx.Err() != nil
		}
		close(abandoned)
		if ctx.Err() != nil {
			for _, i := range which {
				answers[i].err = ctx.Err()
			}
			return
		}
	}
}

// awaitAnswer waits for the next answer, at most for the time that a file system has.
func awaitAnswer(ctx context.Context, received <-chan answer) answer {
	timeout, err := probeTimeout(ctx)
	if err != nil {
		return answer{err: err}
	}
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case got := <-received:
		return got
	case <-timer.C:
		return answer{err: errHangs}
	case <-ctx.Done():
		return answer{err: ctx.Err()}
	}
}
