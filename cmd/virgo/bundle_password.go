package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/term"
)

// maxPasswordBytes bounds a password.
const maxPasswordBytes = 1 << 10

// readPassword returns the first line of a file, which may be - for standard input, or what a
// person types at the prompt. Where nobody can be asked, the error names the flags.
func (a *app) readPassword(file, prompt string) (string, error) {
	if file == "" {
		in, ok := a.In.(*os.File)
		if !ok || !term.IsTerminal(in) || a.JSON {
			return "", agent.WithCode(agent.ExitUsage, agent.WithHint(
				errors.New("the secret key needs a password, and there is no terminal to ask for it"),
				"--password-file FILE reads it; - is standard input",
			))
		}
		fmt.Fprint(a.Err, prompt+" (not shown): ")
		password, err := term.ReadSecret(in)
		fmt.Fprintln(a.Err)
		return password, err
	}
	in := a.In
	if file != stdStream {
		f, err := os.Open(file)
		if err != nil {
			return "", agent.WithCode(agent.ExitUsage, err)
		}
		defer f.Close()
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, maxPasswordBytes+1))
	if err != nil {
		return "", fmt.Errorf("reading the password: %w", err)
	}
	line, _, _ := strings.Cut(string(b), "\n")
	line = strings.TrimSuffix(line, "\r")
	switch {
	case line == "":
		return "", agent.UsageError("%q has no password in its first line", file)
	case len(line) > maxPasswordBytes:
		return "", agent.UsageError("the password in %q has more than %d bytes", file, maxPasswordBytes)
	}
	return line, nil
}
