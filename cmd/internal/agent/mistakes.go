package agent

import (
	"fmt"
	"slices"

	"virgo/cmd/internal/config"
	"virgo/cmd/internal/run"
)

// mistakeLines returns the mistakes in the configuration, a line each, by which a later run knows them.
func mistakeLines(cfg config.Config) []string {
	var lines []string
	for _, m := range cfg.Mistakes {
		lines = append(lines, OneLine(m.Err.Error()))
	}
	return lines
}

// MistakeLines returns the mistakes in the configuration for people, a line each.
func MistakeLines(cfg config.Config) []string {
	lines := mistakeLines(cfg)
	for i, m := range cfg.Mistakes {
		if hint := Hint(m.Err); hint != "" {
			lines[i] += "; " + OneLine(hint)
		}
		lines[i] += " (" + consequence(m) + ")"
	}
	return lines
}

// consequence says what becomes of a mistake.
func consequence(m config.Mistake) string {
	switch {
	case m.Decides:
		return "nothing is delivered, results are kept"
	case m.Effect != "":
		return string(m.Effect)
	}
	return "ignored, as if it were not set"
}

// reportMistakes prints the mistakes in the configuration that are new, or all for a person. It returns the error for a
// mistake that forbids delivery if it is new or the run is strict: an error in each run would be a
// mail each minute.
func (p *Program) reportMistakes(strict, person bool, cfg config.Config, rep run.Report) error {
	var untrusted error
	for i, line := range mistakeLines(cfg) {
		m, isNew := cfg.Mistakes[i], slices.Contains(rep.NewMistakes, line)
		switch {
		case m.Decides && untrusted == nil && (isNew || strict):
			untrusted = WithCode(ExitUsage, WithHint(fmt.Errorf("%w (%s)", m.Err, consequence(m)), Hint(m.Err)))
		case isNew, person:
			p.Notice("%s (%s)", line, consequence(m))
		}
	}
	return untrusted
}

// CheckEndpoint returns the error for commands that need an endpoint, if there is none that they may
// connect to.
func CheckEndpoint(ag *run.Agent) error {
	switch {
	case ag.Untrusted != nil:
		_, err := ag.Credentials()
		return err
	case len(ag.Endpoints) == 0:
		return ErrNoEndpoint
	default:
		return nil
	}
}
