package alarm

import (
	"slices"

	"virgo/schedule"
	rule "virgo/schedule/alarm"
)

// Check returns the mistakes of a file that is to have a name, with its ending, beside the others: its own, and those
// that others have by it, such as an id that is used twice. It changes nothing.
func (r *Rules) Check(name string, data []byte) []schedule.Problem {
	set, problems := rule.Parse(name, data, r.parse)
	r.mu.Lock()
	defer r.mu.Unlock()
	trial := &Rules{parse: r.parse, now: r.now, defaults: r.defaults, files: map[string]*ruleFile{}}
	known := map[string]bool{}
	for other, f := range r.files {
		trial.files[other] = &ruleFile{set: f.set, problems: slices.Clone(f.problems)}
		for _, p := range f.problems {
			known[p.Err.Error()] = true
		}
	}
	trial.files[name] = &ruleFile{set: set, problems: problems}
	trial.join()
	list := slices.Clone(trial.files[name].problems)
	for _, other := range trial.fileNames() {
		for _, p := range trial.files[other].problems {
			if other != name && !known[p.Err.Error()] {
				list = append(list, p)
			}
		}
	}
	return list
}
