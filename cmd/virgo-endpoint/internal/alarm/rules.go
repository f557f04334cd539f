package alarm

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"virgo/schedule"
	rule "virgo/schedule/alarm"
	"virgo/schedule/yaml"
)

const (
	// MaxRuleFiles bounds the files of alarms.d, MaxRuleBytes the bytes of each.
	MaxRuleFiles = 1_000
	MaxRuleBytes = 1 << 20
	// settled is the age from which a file's modification time identifies its version.
	settled = 2 * time.Second
	// ruleSuffix ends the names of files with rules.
	ruleSuffix = ".yaml"
)

// Rules are the default set and those of a folder, which is read again when it changed. Of a file that is not valid as a
// whole any more the last good version stays. It is safe for concurrent use.
type Rules struct {
	dir   string
	parse yaml.Parser
	now   func() time.Time

	mu    sync.Mutex
	files map[string]*ruleFile
	// defaults are parsed once.
	defaults []rule.Rule
	// list are the rules by precedence: the default set, then files by name. overrides are in the order of files too.
	list       []rule.Rule
	overrides  []rule.Override
	disabled   map[string]bool
	told       []string // the mistakes that were logged
	folder     error    // why the folder cannot be read
	generation int64
	selections map[string]*Selection
	applied    map[string]rule.Rule
	schedules  map[string]*checkAlarms
}

// A ruleFile is the state of one file.
type ruleFile struct {
	info     fs.FileInfo
	read     time.Time
	sum      [sha256.Size]byte // of what was read last
	set      rule.Set
	problems []schedule.Problem
}

// LoadRules reads the folder; one that does not exist is empty.
func LoadRules(dir string, parse yaml.Parser, now func() time.Time) *Rules {
	r := &Rules{dir: dir, parse: parse, now: now, files: map[string]*ruleFile{}}
	r.Refresh()
	return r
}

// RulesOf returns the default set with the rules of one file, for a trial. Problems are those of the file.
func RulesOf(name string, data []byte, parse yaml.Parser, now func() time.Time) (*Rules, []schedule.Problem) {
	set, problems := rule.Parse(name, data, parse)
	r := &Rules{parse: parse, now: now, files: map[string]*ruleFile{name: {set: set, problems: problems}}}
	r.join()
	return r, problems
}

// Refresh reads the files that changed, and reports whether any rule may be another one now.
func (r *Rules) Refresh() (changed bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.dir == "" {
		return false
	}
	names, err := ruleFiles(r.dir)
	if err != nil { // the last good version stays
		changed = r.folder == nil
		r.folder = err
		return changed
	}
	changed = r.generation == 0 || r.folder != nil
	r.folder = nil
	for name := range r.files {
		if !slices.Contains(names, name) {
			delete(r.files, name)
			changed = true
		}
	}
	for _, name := range names {
		changed = r.refreshFile(name) || changed
	}
	if changed {
		r.join()
	}
	return changed
}

// ruleFiles returns the names of the files with rules, sorted.
func ruleFiles(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading alarms: %w", err)
	}
	var names []string
	for _, e := range entries {
		if name := e.Name(); strings.HasSuffix(name, ruleSuffix) && !strings.HasPrefix(name, ".") && !e.IsDir() {
			names = append(names, name)
		}
	}
	if len(names) > MaxRuleFiles {
		return nil, fmt.Errorf("reading alarms: %d files in %q, at most %d are allowed", len(names), dir, MaxRuleFiles)
	}
	return names, nil
}

// refreshFile reads a file again if it changed.
func (r *Rules) refreshFile(name string) (changed bool) {
	path := filepath.Join(r.dir, name)
	f := r.files[name]
	info, err := os.Stat(path)
	if err == nil && f != nil && f.info != nil && sameFile(f.info, info) && f.read.Sub(info.ModTime()) >= settled {
		return false
	}
	if f == nil {
		f = &ruleFile{}
		r.files[name] = f
	}
	f.read = r.now()
	data, err := readRules(path, info, err)
	if err != nil {
		before := f.problems
		f.info, f.problems = nil, []schedule.Problem{{Err: &yaml.Error{File: name, Text: err.Error(), Err: err}}}
		return len(before) != 1 || before[0].Err.Error() != f.problems[0].Err.Error()
	}
	sum := sha256.Sum256(data)
	same := f.info != nil && f.sum == sum
	f.info, f.sum = info, sum
	if same {
		return false
	}
	set, problems := rule.Parse(name, data, r.parse)
	f.set, f.problems = keepGood(f.set, set, problems), problems
	return true
}

// keepGood returns what a file says now, with the last good version of what has a mistake now.
func keepGood(before, set rule.Set, problems []schedule.Problem) rule.Set {
	if len(problems) > 0 && len(set.Rules)+len(set.Overrides)+len(set.Disabled) == 0 {
		return before // it cannot be read as a whole
	}
	for _, p := range problems {
		has := func(one rule.Rule) bool { return one.ID == p.CheckID }
		if i := slices.IndexFunc(before.Rules, has); i >= 0 && !slices.ContainsFunc(set.Rules, has) {
			set.Rules = append(set.Rules, before.Rules[i])
		}
	}
	return set
}

func sameFile(a, b fs.FileInfo) bool {
	return a.Size() == b.Size() && a.ModTime().Equal(b.ModTime()) && os.SameFile(a, b)
}

// readRules reads a regular file of at most MaxRuleBytes; statErr is the error of asking for info.
func readRules(path string, info fs.FileInfo, statErr error) ([]byte, error) {
	if statErr != nil {
		return nil, statErr
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxRuleBytes+1))
	if err != nil {
		return nil, err
	}
	if len(data) > MaxRuleBytes {
		return nil, fmt.Errorf("larger than %d bytes", MaxRuleBytes)
	}
	return data, nil
}

// join makes one set of the default set and the files. A rule of a file replaces one of the default set; one whose id an
// earlier file has already is a mistake.
func (r *Rules) join() {
	r.generation++
	r.selections, r.applied, r.schedules = map[string]*Selection{}, map[string]rule.Rule{}, map[string]*checkAlarms{}
	if r.defaults == nil {
		r.defaults, _ = rule.Defaults(r.parse)
	}
	r.list, r.overrides, r.disabled = slices.Clone(r.defaults), nil, map[string]bool{}
	for _, name := range r.fileNames() {
		f := r.files[name]
		f.problems = slices.DeleteFunc(f.problems, func(p schedule.Problem) bool { return errors.Is(p.Err, errTwice) })
		for _, one := range f.set.Rules {
			i := slices.IndexFunc(r.list, func(o rule.Rule) bool { return o.ID == one.ID })
			switch {
			case i < 0:
				r.list = append(r.list, one)
			case r.list[i].File == rule.DefaultsName:
				r.list[i] = one
			default:
				f.problems = append(f.problems, schedule.Problem{CheckID: one.ID, Err: &yaml.Error{File: name, Line: one.Line,
					Text: fmt.Sprintf("there is another rule %q in %s:%d", one.ID, r.list[i].File, r.list[i].Line), Err: errTwice}})
			}
		}
		for _, id := range f.set.Disabled {
			r.disabled[id] = true
		}
	}
	for _, name := range r.fileNames() {
		r.joinOverrides(r.files[name])
	}
}

// errTwice and errNoRule are mistakes that depend on other files.
var (
	errTwice  = errors.New("the id is used twice")
	errNoRule = errors.New("there is no such rule")
)

// joinOverrides adds the overrides of a file; one of a rule that does not exist is a mistake.
func (r *Rules) joinOverrides(f *ruleFile) {
	f.problems = slices.DeleteFunc(f.problems, func(p schedule.Problem) bool { return errors.Is(p.Err, errNoRule) })
	for _, o := range f.set.Overrides {
		i := slices.IndexFunc(r.list, func(one rule.Rule) bool { return one.ID == o.Of })
		var err error
		if i < 0 {
			err = &yaml.Error{File: o.File, Line: o.Line, Text: fmt.Sprintf("there is no rule %q to override", o.Of), Err: errNoRule}
		} else if _, err = o.Apply(r.list[i]); err != nil {
			err = &yaml.Error{File: o.File, Line: o.Line, Text: err.Error(), Err: errNoRule}
		}
		if err != nil {
			f.problems = append(f.problems, schedule.Problem{CheckID: o.Of, Err: err})
			continue
		}
		r.overrides = append(r.overrides, o)
	}
	slices.SortStableFunc(r.overrides, func(a, b rule.Override) int { return a.Hosts.Specificity() - b.Hosts.Specificity() })
}

func (r *Rules) fileNames() []string {
	names := make([]string, 0, len(r.files))
	for name := range r.files {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Problems returns the mistakes in all files, and why the folder cannot be read.
func (r *Rules) Problems() ([]schedule.Problem, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []schedule.Problem
	for _, name := range r.fileNames() {
		list = append(list, r.files[name].problems...)
	}
	return list, r.folder
}

// All returns all rules as they are without overrides, the default set first. Whoever asks changes nothing of them.
func (r *Rules) All() []rule.Rule {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := slices.Clone(r.list)
	for i := range list {
		list[i].Disabled = list[i].Disabled || r.disabled[list[i].ID]
	}
	return list
}

// Generation grows with each change of the rules.
func (r *Rules) Generation() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.generation
}

// news returns the mistakes that it did not return before.
func (r *Rules) news() []string {
	problems, folder := r.Problems()
	r.mu.Lock()
	defer r.mu.Unlock()
	var all, fresh []string
	if folder != nil {
		all = append(all, folder.Error())
	}
	for _, p := range problems {
		all = append(all, p.Err.Error())
	}
	for _, text := range all {
		if !slices.Contains(r.told, text) {
			fresh = append(fresh, text)
		}
	}
	r.told = all
	return fresh
}
