package host

import (
	"context"
	"errors"
	"sync"
	"time"
)

// maxChildren is how many file systems are asked by child processes at the same time.
const maxChildren = 8

// An answer is what a file system said; err is errHangs where it said nothing, and the context's where
// there was no time to ask.
type answer struct {
	usage usage
	err   error
}

// An asker asks file systems in a way that the caller can walk away from.
type asker struct {
	program []string // nil: none
	statfs  func(path string) (usage, error)
}

// ask asks each file system, and returns at the latest when ctx is done.
func (a asker) ask(ctx context.Context, mounts []mount) []answer {
	answers := make([]answer, len(mounts))
	var near, far []int
	for i, m := range mounts {
		if m.mayHang() && len(a.program) > 0 {
			far = append(far, i)
		} else {
			near = append(near, i)
		}
	}
	var children sync.WaitGroup
	slots := make(chan struct{}, maxChildren)
	if len(far) > 0 {
		children.Go(func() {
			for _, i := range far {
				slots <- struct{}{}
				children.Go(func() {
					answers[i] = a.byChild(ctx, mounts[i].point)
					<-slots
				})
			}
		})
	}
	a.inProcess(ctx, mounts, near, answers)
	children.Wait()
	return answers
}

func (a asker) byChild(ctx context.Context, path string) answer {
	limit, err := patience(ctx)
	if err != nil {
		return answer{err: err}
	}
	mine, cancel := context.WithTimeoutCause(ctx, limit, errHangs)
	defer cancel()
	u, err := askChild(mine, a.program, path)
	if mine.Err() != nil && errors.Is(err, mine.Err()) {
		err = context.Cause(mine)
	}
	return answer{u, err}
}

// inProcess asks one after the other in a goroutine, and goes on in another one where a file system
// keeps it. A goroutine that comes back late asks nothing more.
func (a asker) inProcess(ctx context.Context, mounts []mount, which []int, answers []answer) {
	for len(which) > 0 {
		var (
			said = make(chan answer, len(which))
			left = make(chan struct{})
			mine = which
		)
		go func() {
			for _, i := range mine {
				select {
				case <-left:
					return
				default:
				}
				u, err := a.statfs(mounts[i].point)
				said <- answer{u, err}
			}
		}()
		for kept := false; len(which) > 0 && !kept; which = which[1:] {
			answers[which[0]] = await(ctx, said)
			kept = answers[which[0]].err == errHangs || ctx.Err() != nil
		}
		close(left)
		if ctx.Err() != nil {
			for _, i := range which {
				answers[i].err = ctx.Err()
			}
			return
		}
	}
}

// await waits for the next answer for as long as a file system may take.
func await(ctx context.Context, said <-chan answer) answer {
	limit, err := patience(ctx)
	if err != nil {
		return answer{err: err}
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case got := <-said:
		return got
	case <-timer.C:
		return answer{err: errHangs}
	case <-ctx.Done():
		return answer{err: ctx.Err()}
	}
}
