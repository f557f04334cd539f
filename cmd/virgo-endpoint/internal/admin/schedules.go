package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule"
	"virgo/schedule/yaml/full"
)

// defaultSchedule is the name of the schedule of agents that have none of their own.
const defaultSchedule = "default"

// A File is a schedule or a file of rules.
type File struct {
	// Name has no ending.
	Name string
	ETag string
	Data []byte
	// Problems are its mistakes.
	Problems []schedule.Problem
}

// Schedules returns all schedules.
func (a *Admin) Schedules(by watch.Actor) ([]File, error) {
	if !by.May(watch.SchedulesScope, watch.ReadScope) {
		return nil, &ScopeError{[]watch.Scope{watch.SchedulesScope, watch.ReadScope}}
	}
	return files(a.Dir.ScheduleFiles(), checkSchedule)
}

// Schedule returns one schedule. It may have passwords, so reading alone is not enough. Error: ErrNotFound.
func (a *Admin) Schedule(by watch.Actor, name string) (File, error) {
	if !by.May(watch.SchedulesScope) {
		return File{}, &ScopeError{[]watch.Scope{watch.SchedulesScope}}
	}
	return file(a.Dir.ScheduleFiles(), name, checkSchedule)
}

// CheckSchedule returns the mistakes in a schedule that is to have a name. It changes nothing.
func (a *Admin) CheckSchedule(name string, data []byte) []schedule.Problem {
	return checkSchedule(name, data)
}

// checkSchedule returns all mistakes of a schedule, among them that none of it can be sent.
func checkSchedule(name string, data []byte) []schedule.Problem {
	problems, err := folder.CheckBytes(name+".yaml", data)
	if err != nil && len(problems) == 0 {
		problems = []schedule.Problem{{Err: err}}
	}
	return problems
}

// PutSchedule makes or replaces the schedule of an agent, or "default". One with any mistake is refused, though a
// file that a person edits costs only the checks that have one. Errors: *Invalid, *Changed.
func (a *Admin) PutSchedule(ctx context.Context, by watch.Actor, name string, data []byte, m Match) (etag string, err error) {
	unlock, err := a.begin(by, watch.SchedulesScope)
	if err != nil {
		return "", err
	}
	defer unlock()
	if problems := checkSchedule(name, data); len(problems) > 0 {
		return "", &Invalid{problems}
	}
	return a.putFile(ctx, by, a.Dir.ScheduleFiles(), "schedule", name, data, scheduleSummary, m)
}

// DeleteSchedule deletes an agent's own schedule: from then on it has the default. Errors: ErrNotFound, *Changed,
// *Invalid for the default.
func (a *Admin) DeleteSchedule(ctx context.Context, by watch.Actor, name string, m Match) error {
	unlock, err := a.begin(by, watch.SchedulesScope)
	if err != nil {
		return err
	}
	defer unlock()
	if name == defaultSchedule {
		return invalid("the default schedule cannot be deleted, or agents would have none: for no checks write []")
	}
	return a.deleteFile(ctx, by, a.Dir.ScheduleFiles(), "schedule", name, scheduleSummary, m)
}

// scheduleSummary is what the audit log keeps of a schedule: the details of checks may have passwords.
func scheduleSummary(data []byte) []byte {
	type summary struct {
		ID       string `json:"id"`
		Type     string `json:"type"`
		PeriodMS int64  `json:"period_ms"`
		Disabled bool   `json:"disabled,omitempty"`
	}
	var out struct {
		SHA256 string    `json:"etag"`
		Bytes  int       `json:"bytes"`
		Checks []summary `json:"checks"`
	}
	out.SHA256, out.Bytes = etagOf(data), len(data)
	if all, _, err := schedule.ParseYAML("schedule", data, full.Parse); err == nil {
		for _, c := range all.Checks {
			out.Checks = append(out.Checks, summary{c.ID, c.Type, c.Period.Milliseconds(), c.Disabled})
		}
	}
	text, err := json.Marshal(out)
	if err != nil {
		return nil
	}
	return text
}

// files returns all files of a set, by name.
func files(set folder.FileSet, check func(string, []byte) []schedule.Problem) ([]File, error) {
	names, err := set.Names()
	if err != nil {
		return nil, err
	}
	list := make([]File, 0, len(names))
	for _, name := range names {
		f, err := file(set, name, check)
		switch {
		case errors.Is(err, ErrNotFound): // deleted meanwhile
			continue
		case err != nil:
			f = File{Name: name, Problems: []schedule.Problem{{Err: err}}}
		}
		list = append(list, f)
	}
	return list, nil
}

// file returns one file of a set. Error: ErrNotFound, *Invalid for a name that none can have.
func file(set folder.FileSet, name string, check func(string, []byte) []schedule.Problem) (File, error) {
	data, err := set.Read(name)
	if err != nil {
		return File{}, fileError(name, err)
	}
	return File{name, etagOf(data), data, check(name, data)}, nil
}

func fileError(name string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%q: %w", name, ErrNotFound)
	case errors.Is(err, folder.ErrBadFileName):
		return &Invalid{[]schedule.Problem{{Err: fmt.Errorf("%q: %w", name, err)}}}
	}
	return err
}

// putFile writes a file that was checked.
func (a *Admin) putFile(ctx context.Context, by watch.Actor, set folder.FileSet, kind, name string, data []byte,
	summary func([]byte) []byte, m Match) (etag string, err error) {
	before, err := set.Read(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fileError(name, err)
	}
	r := record{action: "put " + kind, object: name, after: summary(data)}
	present := ""
	if err == nil {
		present, r.before = etagOf(before), summary(before)
	}
	if err := m.check(present); err != nil {
		return "", err
	}
	return etagOf(data), a.do(ctx, by, r, func() error { return set.Write(name, slices.Clone(data)) })
}

// deleteFile deletes a file.
func (a *Admin) deleteFile(ctx context.Context, by watch.Actor, set folder.FileSet, kind, name string,
	summary func([]byte) []byte, m Match) error {
	before, err := set.Read(name)
	if err != nil {
		return fileError(name, err)
	}
	if err := m.check(etagOf(before)); err != nil {
		return err
	}
	return a.do(ctx, by, record{action: "delete " + kind, object: name, before: summary(before)},
		func() error { return set.Remove(name) })
}
