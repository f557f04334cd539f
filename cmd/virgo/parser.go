package main

import (
	"fmt"

	"github.com/alecthomas/kong"
)

// newParser is kong with this program's grammar, help and streams.
func newParser(grammar *cli, std stdio) (*kong.Kong, error) {
	parser, err := kong.New(grammar,
		kong.Name("virgo"),
		kong.Description("Looks at this host, keeps what it saw safe, hands it over when it can, and is gone."),
		kong.Writers(std.out, std.err),
		kong.Exit(func(code int) { panic(exited(code)) }),
		kong.Help(func(o kong.HelpOptions, ctx *kong.Context) error {
			if err := kong.DefaultHelpPrinter(o, ctx); err != nil {
				return err
			}
			_, err := fmt.Fprint(ctx.Stdout, "\n"+exitCodes)
			return err
		}),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
	)
	if err != nil {
		return nil, fmt.Errorf("building the command line: %w", err)
	}
	return parser, nil
}
