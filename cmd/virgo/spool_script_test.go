package main

import (
	"context"

	"github.com/rogpeppe/go-internal/testscript"

	"virgo/spool"
)

// holdSpool keeps a transaction on a state open until the script ends or says so: hold-spool DIR, then
// hold-spool release.
func holdSpool() func(ts *testscript.TestScript, neg bool, args []string) {
	release := make(map[string]chan struct{})
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) < 1 {
			ts.Fatalf("usage: hold-spool DIR | hold-spool release DIR")
		}
		if args[0] == "release" {
			close(release[ts.MkAbs(args[1])])
			return
		}
		dir := ts.MkAbs(args[0])
		sp, err := spool.Open(dir, spool.Options{})
		ts.Check(err)
		held, done, let := make(chan struct{}), make(chan error, 1), make(chan struct{})
		release[dir] = let
		ctx, cancel := context.WithCancel(context.Background())
		go func() {
			done <- sp.Update(ctx, func(*spool.Tx) error {
				close(held)
				select {
				case <-let:
				case <-ctx.Done():
				}
				return nil
			})
		}()
		select {
		case <-held:
		case err := <-done:
			ts.Fatalf("holding the spool: %v", err)
		}
		ts.Defer(func() {
			cancel()
			<-done
		})
	}
}
