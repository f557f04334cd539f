package folder

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"virgo/schedule"
)

const (
	defaultName    = "default"
	scheduleSuffix = ".yaml"
	// MaxScheduleBytes bounds a schedule's file, and its JSON as it is sent.
	MaxScheduleBytes = schedule.MaxSentBytes
	// settled is the age from which a file's modification time identifies its version. A younger file
	// may change again without changing its time, so it is read again at the next use.
	settled = 2 * time.Second
	// maxNameBytes bounds a name that becomes a file's.
	maxNameBytes = 256
)

// ErrNoSchedule is returned when there is no valid schedule for an agent and there was none before. An
// empty schedule is not served instead, because it would end the agent's checks.
var ErrNoSchedule = errors.New("no schedule for this agent")

// Schedules serves the files in a folder: <agent_id>.yaml, or default.yaml if that does not exist. Each
// call checks whether the file changed. If none of its checks is valid, or if default.yaml was deleted, the
// last valid version stays in use. It is safe for concurrent use.
type Schedules struct {
	dir string
	log *slog.Logger
	now func() time.Time

	mu    sync.Mutex
	files map[string]*scheduleFile // by file name; only files that exist, and default.yaml
	// names are those of the folder's files by their lower case; nil: the folder is asked each time.
	names map[string][]string
}

// A scheduleFile is the cached state of one file.
type scheduleFile struct {
	info fs.FileInfo // of the last read, good or bad; nil: not read
	read time.Time
	data []byte      // what was read
	good *servedFile // the last good one; nil: there was none
	bad  string      // what is wrong with it now; empty: nothing
	// mistakes are those in the checks of the file.
	mistakes []schedule.Problem
}

// NewSchedules serves the files in dir. It logs each mistake in them once.
func NewSchedules(dir string, log *slog.Logger, now func() time.Time) *Schedules {
	return &Schedules{dir: dir, log: log, now: now, files: map[string]*scheduleFile{}}
}

// ReadSchedules is [NewSchedules] for commands that ask about many agents at one time: the folder is listed once, and each
// file is read once.
func ReadSchedules(dir string, log *slog.Logger, now func() time.Time) *Schedules {
	s := NewSchedules(dir, log, now)
	files, err := os.ReadDir(dir)
	if err != nil { // which each look-up tells
		return s
	}
	s.names = make(map[string][]string, len(files))
	for _, f := range files {
		lower := strings.ToLower(f.Name())
		s.names[lower] = append(s.names[lower], f.Name())
	}
	return s
}

// For returns an agent's schedule, as the result object of check_schedule.get, and its hash (see
// schedule.Schedule). Error: ErrNoSchedule.
func (s *Schedules) For(agentID string) (result json.RawMessage, hash string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, _ := s.fileOf(agentID)
	return f.served()
}

// fileOf returns the file of an agent, and its name.
func (s *Schedules) fileOf(agentID string) (*scheduleFile, string) {
	if name, ok := scheduleName(agentID); ok {
		f, exists := s.refresh(name)
		if exists {
			// The default does not replace an agent's own file that was never valid: that agent is
			// to have other checks.
			return f, name
		}
		delete(s.files, name)
	}
	name := defaultName + scheduleSuffix
	f, _ := s.refresh(name)
	return f, name
}

func (f *scheduleFile) served() (json.RawMessage, string, error) {
	if f.good == nil {
		return nil, "", fmt.Errorf("%w: %s", ErrNoSchedule, f.bad)
	}
	return f.good.result, f.good.hash, nil
}

// refresh reads a file again if it changed.
func (s *Schedules) refresh(name string) (f *scheduleFile, exists bool) {
	path := filepath.Join(s.dir, name)
	f = s.files[name]
	if f == nil {
		f = &scheduleFile{}
	} else if s.names != nil {
		return f, s.names[strings.ToLower(name)] != nil
	}
	var info fs.FileInfo
	var err error = fs.ErrNotExist
	if s.names == nil || s.names[strings.ToLower(name)] != nil {
		info, err = os.Stat(path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		f.info = nil
		if name == defaultName+scheduleSuffix {
			s.files[name] = f
			s.reject(f, name, name+" does not exist")
		}
		return f, false
	}
	s.files[name] = f
	if err != nil {
		s.reject(f, name, fmt.Sprintf("%s cannot be read: %v", name, err))
		return f, true
	}
	now := s.now()
	if f.info != nil && !changed(f.info, info) && f.read.Sub(info.ModTime()) >= settled {
		return f, true
	}
	if name != defaultName+scheduleSuffix && !s.isExactName(name, info) {
		f.info = nil
		s.reject(f, name, "its file differs in upper and lower case: rename it to "+name+" if it is for this agent")
		return f, true
	}
	data, err := readBounded(path, info)
	if err != nil {
		f.info = nil // so that it is read again at the next use
		s.reject(f, name, fmt.Sprintf("%s cannot be read: %v", name, err))
		return f, true
	}
	same := f.info != nil && bytes.Equal(data, f.data)
	f.info, f.read, f.data = info, now, data
	if same {
		return f, true
	}
	served, mistakes, err := parseSchedule(name, data)
	logged := make(map[string]bool, len(f.mistakes))
	for _, m := range f.mistakes {
		logged[Describe(m)] = true
	}
	for _, m := range mistakes {
		if text := Describe(m); !logged[text] {
			s.log.Error("mistake in a schedule", "file", name, "check", m.CheckID, "error", text)
		}
	}
	f.mistakes = mistakes
	if err != nil {
		s.reject(f, name, err.Error())
		return f, true
	}
	if f.good == nil || f.good.hash != served.hash || f.bad != "" {
		s.log.Info("schedule read", "file", name, "hash", served.hash)
	}
	f.good, f.bad = &served, ""
	return f, true
}

// Mistakes returns the name of the file that an agent's schedule is in, the mistakes in its checks, and
// why there is no schedule for the agent; nil if there is one.
func (s *Schedules) Mistakes(agentID string) (file string, mistakes []schedule.Problem, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, file := s.fileOf(agentID)
	_, _, err = f.served()
	return file, f.mistakes, err
}

// reject logs a mistake in a file, unless it was the last one logged for that file.
func (s *Schedules) reject(f *scheduleFile, name, bad string) {
	if f.bad == bad {
		return
	}
	f.bad = bad
	s.log.Error("schedule not accepted", "file", name, "error", bad, "last_good_used", f.good != nil)
}

// isExactName reports whether a file, of which info is, has this name to the letter. Where upper and lower
// case are the same file (Windows, macOS), an agent WEB1 would read the schedule of web1. Elsewhere it costs
// one system call for each version of a file.
func (s *Schedules) isExactName(name string, info fs.FileInfo) bool {
	if s.names != nil {
		return slices.Contains(s.names[strings.ToLower(name)], name)
	}
	dir := s.dir
	other, err := os.Stat(filepath.Join(dir, swapCase(name)))
	if err != nil || !os.SameFile(info, other) {
		return true
	}
	folder, err := os.Open(dir)
	if err != nil {
		return false
	}
	defer folder.Close()
	names, err := folder.Readdirnames(-1)
	return err == nil && slices.Contains(names, name)
}

// swapCase returns a name with its lower-case letters in upper case and the other way round.
func swapCase(name string) string {
	return strings.Map(func(r rune) rune {
		if lower := unicode.ToLower(r); lower != r {
			return lower
		}
		return unicode.ToUpper(r)
	}, name)
}

// readBounded reads a regular file of at most MaxScheduleBytes. Any other kind of file is an error,
// because reading it (a pipe, a terminal) could block.
func readBounded(path string, info fs.FileInfo) ([]byte, error) {
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxScheduleBytes+1))
	if err != nil {
		return nil, err
	}
	if len(data) > MaxScheduleBytes {
		return nil, fmt.Errorf("larger than %d bytes", MaxScheduleBytes)
	}
	return data, nil
}

// blank reports whether a file has nothing but comments.
func blank(data []byte) bool {
	for line := range bytes.Lines(data) {
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' {
			return false
		}
	}
	return true
}

// scheduleName returns the name of an agent's file, and false if an agent with that id cannot have one:
// no id leads out of the folder.
func scheduleName(agentID string) (string, bool) {
	name := agentID + scheduleSuffix
	// Names like CON are devices on Windows, whatever their ending.
	return name, plainName(agentID) && filepath.IsLocal(name) && !strings.EqualFold(agentID, defaultName)
}

// plainName reports whether s is a plain file name on every system, and not a hidden one.
func plainName(s string) bool {
	if s == "" || len(s) > maxNameBytes || s[0] == '.' {
		return false
	}
	for _, c := range []byte(s) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == '.':
		default:
			return false
		}
	}
	return true
}
