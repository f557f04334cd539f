package trial

import (
	"context"
	"fmt"
	"strings"

	"virgo/collect/script"
)

type programs struct{ *Captured }

// known reports whether a test says anything about a program, and whether it is installed.
func (p programs) known(name string) (installed, known bool) {
	for command, output := range p.programs {
		if first, _, _ := strings.Cut(command, " "); first == name {
			installed, known = installed || output != nil, true
		}
	}
	return installed, known
}

func (p programs) Find(name string) (string, error) {
	switch installed, known := p.known(name); {
	case !known:
		return "", p.missing(fmt.Sprintf("program %q", name))
	case !installed:
		return "", fmt.Errorf("%s is not installed", name)
	}
	return "/usr/bin/" + name, nil
}

func (p programs) Run(_ context.Context, r script.ProgramRun) (script.ProgramOutput, error) {
	command := strings.Join(append([]string{r.Name}, r.Args...), " ")
	if output := p.programs[command]; output != nil {
		out := *output
		if r.Merge {
			out.Out, out.Err = out.Out+out.Err, ""
		}
		return out, nil
	}
	if installed, known := p.known(r.Name); known && !installed {
		return script.ProgramOutput{}, fmt.Errorf("%s is not installed", r.Name)
	}
	return script.ProgramOutput{}, p.missing(fmt.Sprintf("output of the program %q", command))
}
