package jsonl

import (
	"context"
	"errors"

	"virgo/cmd/virgo-endpoint/internal/execute"
	"virgo/cmd/virgo-endpoint/internal/output"
)

// A Command hands results to a program.
type Command struct{ program *execute.Program }

// NewCommand returns a command. getenv returns a variable of this process.
func NewCommand(args []string, getenv func(string) string) *Command {
	return &Command{execute.New(args, getenv)}
}

// Send is of [output.Sink].
func (c *Command) Send(ctx context.Context, batch []output.Item) error {
	lines, err := encode(batch)
	if err != nil {
		return err
	}
	err = c.program.Run(ctx, lines, nil)
	if exit := (*execute.Exit)(nil); errors.As(err, &exit) && exit.Code == execute.CodeNever {
		return &output.Refused{Err: err}
	}
	return err
}
