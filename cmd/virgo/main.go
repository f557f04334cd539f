package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"virgo/cmd/virgo/internal/footprint"
)

func main() {
	footprint.Narrow()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], stdio{os.Stdin, os.Stdout, os.Stderr}))
}
