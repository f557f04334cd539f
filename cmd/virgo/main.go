package main

import (
	"context"
	"os"

	"virgo/cmd/virgo/internal/footprint"
)

func main() {
	footprint.Narrow()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	os.Exit(run(ctx, os.Args[1:], stdio{os.Stdin, os.Stdout, os.Stderr}, &interrupts{cancel: cancel}))
}
