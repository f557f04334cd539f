package main

import (
	"context"

	"github.com/rogpeppe/go-internal/testscript"

	"virgo/spool"
)

// lockSpool keeps a transaction of a spool open until the script ends or releases it: lock-spool DIR,
// lock-spool release DIR.
func lockSpool() func(ts *testscript.TestScript, neg bool, args []string) {
	release := make(map[string]chan struct{})
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) < 1 {
			ts.Fatalf("usage: lock-spool DIR | lock-spool release DIR")
		}
		if args[0] == "release" {
			close(release[ts.MkAbs(args[1])])
			return
		}
		dir := ts.MkAbs(args[0])
		sp, err := spool.Open(dir, spool.Options{})
		ts.Check(err)
		locked, done, released := make(chan struct{}), make(chan error, 1), make(chan struct{})
		release[dir] = released
		ctx, cancel := context.WithCancel(context.Background())
		go func() {
			done <- sp.Update(ctx, func(*spool.Tx) error {
				close(locked)
				select {
				case <-released:
				case <-ctx.Done():
				}
				return nil
			})
		}()
		select {
		case <-locked:
		case err := <-done:
			ts.Fatalf("locking the spool: %v", err)
		}
		ts.Defer(func() {
			cancel()
			<-done
		})
	}
}
