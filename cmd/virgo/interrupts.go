package main

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// interrupts end the program in order: SIGINT and SIGTERM cancel its context. They are listened to only
// from when there is something to put in order (a person who waits for a word, a plugin that must not
// be left behind, checks that take their time): the listener costs a thread, and until then the system's own
// end is as good, because what is on the disk is whole at any instant.
type interrupts struct {
	cancel context.CancelFunc
	once   sync.Once
}

// listen begins to listen. It may be called more than once, and on nil, which has nothing to listen for.
func (i *interrupts) listen() {
	if i == nil {
		return
	}
	i.once.Do(func() {
		came := make(chan os.Signal, 1)
		signal.Notify(came, os.Interrupt, syscall.SIGTERM)
		go func() {
			<-came
			signal.Stop(came) // a second one ends the program at once
			i.cancel()
		}()
	})
}
