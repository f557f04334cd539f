package api

import (
	"context"
	"errors"
	"strings"

	"virgo/collect/program"
	"virgo/collect/script"
)

// hostPrograms are those of this host.
type hostPrograms struct {
	start func(start func() error) error
}

// Find returns the path of a program; of "sudo NAME" it is that of NAME.
func (hostPrograms) Find(name string) (string, error) {
	return program.Find(strings.TrimPrefix(name, sudoPrefix))
}

func (p hostPrograms) Run(ctx context.Context, r script.ProgramRun) (script.ProgramOutput, error) {
	path, err := p.Find(r.Name)
	if err != nil {
		return script.ProgramOutput{}, err
	}
	args := r.Args
	if strings.HasPrefix(r.Name, sudoPrefix) {
		args = append([]string{"-n", "--", path}, args...)
		if path, err = program.Find("sudo"); err != nil {
			return script.ProgramOutput{}, err
		}
	}
	o := program.Options{Input: r.Input, Env: r.Env, Merge: r.Merge, MaxOutput: r.MaxOutput, Start: p.start}
	out, errs, err := program.RunWith(ctx, o, path, args...)
	result := script.ProgramOutput{Out: string(out), Err: string(errs)}
	var exit *program.ExitError
	if errors.As(err, &exit) {
		result.Code, err = exit.Code, nil
	}
	return result, err
}
