package main

import (
	"context"
	"os"

	"virgo/cmd/internal/agent"
)

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	os.Exit(runProgram(ctx, os.Args[1:], agent.Stdio{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, &agent.Interrupts{Cancel: cancel}))
}
