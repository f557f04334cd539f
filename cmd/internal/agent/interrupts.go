package agent

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
)

// Interrupts cancels the program's context on SIGINT and SIGTERM. It listens only when there is
// something to clean up or report (a terminal, a running plugin, slow checks): the listener costs a
// thread, and before that the default action is as good, because the files on disk are consistent
// at any time.
type Interrupts struct {
	Cancel context.CancelFunc
	once   sync.Once
	// terminated is set before Cancel is called.
	terminated atomic.Bool
}

// Terminated reports whether the signal was SIGTERM.
func (i *Interrupts) Terminated() bool { return i != nil && i.terminated.Load() }

// Listen starts to listen. It may be called more than once, and on nil, where it does nothing.
func (i *Interrupts) Listen() {
	if i == nil {
		return
	}
	i.once.Do(func() {
		came := make(chan os.Signal, 1)
		signal.Notify(came, os.Interrupt, syscall.SIGTERM)
		go func() {
			i.terminated.Store(<-came == syscall.SIGTERM)
			signal.Stop(came) // a second one ends the program at once
			i.Cancel()
		}()
	})
}
