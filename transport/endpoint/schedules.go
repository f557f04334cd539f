package endpoint

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
	"strings"
	"sync"
	"time"

	"virgo/schedule"
)

const (
	defaultName    = "default"
	scheduleSuffix = ".yaml"
	// MaxScheduleBytes bounds a schedule's file, and the JSON that is sent of it, which must fit a frame.
	MaxScheduleBytes = schedule.MaxSentBytes
	// settled is the age at which a file's modification time tells its versions apart; a younger file
	// may change again within the clock's grain, so it is read once more.
	settled = 2 * time.Second
)

// ErrNoSchedule is returned when there is neither a good schedule for an agent now nor one from before.
// It is never an empty schedule: that would silence the agent.
var ErrNoSchedule = errors.New("no schedule for this agent")

// Served is a schedule as it is handed out.
type Served struct {
	// Result is the result object of check_schedule.get, with its schedule_hash.
	Result json.RawMessage
	// Hash is schedule.Schedule's.
	Hash string
}

// Schedules hands out what the files in a folder say: <agent_id>.yaml, or where there is none,
// default.yaml. Each use looks whether the file changed. A file that is broken, and a default.yaml that
// is gone, leaves the last good one in force. It is safe for concurrent use.
type Schedules struct {
	dir string
	log *slog.Logger
	now func() time.Time

	mu    sync.Mutex
	files map[string]*scheduleFile // by file name; only of files that are there (and default.yaml)
}

type scheduleFile struct {
	info fs.FileInfo // of the last read, good or bad; nil: not read
	read time.Time
	data []byte  // what was read
	good *Served // nil: never was
	bad  string  // what is wrong with it now; empty: nothing
}

// NewSchedules uses the files in dir. Their mistakes go to log, once each.
func NewSchedules(dir string, log *slog.Logger, now func() time.Time) *Schedules {
	return &Schedules{dir: dir, log: log, now: now, files: map[string]*scheduleFile{}}
}

// For finds an agent's schedule. Error: ErrNoSchedule.
func (s *Schedules) For(agentID string) (Served, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if name, ok := scheduleName(agentID); ok {
		f, there := s.refresh(name)
		switch {
		case there && f.good != nil:
			return *f.good, nil
		case there:
			// Broken from the start: the default would be other checks than its owner wants.
			return Served{}, fmt.Errorf("%w: %s", ErrNoSchedule, f.bad)
		}
		delete(s.files, name)
	}
	f, _ := s.refresh(defaultName + scheduleSuffix)
	if f.good == nil {
		return Served{}, fmt.Errorf("%w: %s", ErrNoSchedule, f.bad)
	}
	return *f.good, nil
}

// refresh reads a file again if it changed; there is false where it does not exist.
func (s *Schedules) refresh(name string) (f *scheduleFile, there bool) {
	path := filepath.Join(s.dir, name)
	f = s.files[name]
	if f == nil {
		f = &scheduleFile{}
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		f.info = nil
		if name == defaultName+scheduleSuffix {
			s.files[name] = f
			s.complain(f, name, fmt.Sprintf("%s is not there", name))
		}
		return f, false
	}
	s.files[name] = f
	if err != nil {
		s.complain(f, name, fmt.Sprintf("%s cannot be read: %v", name, err))
		return f, true
	}
	now := s.now()
	if f.info != nil && !changed(f.info, info) && f.read.Sub(info.ModTime()) >= settled {
		return f, true
	}
	data, err := readBounded(path, info)
	if err != nil {
		f.info = nil // and so it is tried again
		s.complain(f, name, fmt.Sprintf("%s cannot be read: %v", name, err))
		return f, true
	}
	again := f.info != nil && bytes.Equal(data, f.data)
	f.info, f.read, f.data = info, now, data
	if again {
		return f, true
	}
	served, err := parseSchedule(name, data)
	if err != nil {
		s.complain(f, name, err.Error())
		return f, true
	}
	if f.good == nil || f.good.Hash != served.Hash || f.bad != "" {
		s.log.Info("schedule read", "file", name, "hash", served.Hash)
	}
	f.good, f.bad = &served, ""
	return f, true
}

// complain logs what is wrong with a file, once as long as it is the same.
func (s *Schedules) complain(f *scheduleFile, name, bad string) {
	if f.bad == bad {
		return
	}
	f.bad = bad
	s.log.Error("schedule not taken", "file", name, "error", bad, "last_good_kept", f.good != nil)
}

// readBounded reads a regular file of at most MaxScheduleBytes. What is not a regular file (a pipe, a
// terminal) could keep the reader waiting.
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

// parseSchedule reads a schedule's file, strictly: a mistake is an error that names file and line.
func parseSchedule(name string, data []byte) (Served, error) {
	if blank(data) { // an editor's or a copy's first moment, more likely than a wish to silence agents
		return Served{}, fmt.Errorf("%s: there is nothing in it; for no checks write []", name)
	}
	checks, err := schedule.ParseYAML(name, data)
	if err != nil {
		return Served{}, err
	}
	sched := schedule.Schedule{Checks: checks}
	object, err := json.Marshal(sched)
	if err != nil {
		return Served{}, fmt.Errorf("%s: %w", name, err)
	}
	hash := sched.Hash()
	// {"checks":[…]} and the hash in it.
	result := append(bytes.TrimSuffix(object, []byte("}")), `,"schedule_hash":"`...)
	result = append(append(result, hash...), `"}`...)
	if len(result) > MaxScheduleBytes {
		return Served{}, fmt.Errorf("%s: larger than %d bytes as JSON", name, MaxScheduleBytes)
	}
	if _, _, _, err := schedule.ParseEndpoint(result); err != nil { // agents would say so, each for itself
		return Served{}, fmt.Errorf("%s: %w", name, err)
	}
	return Served{Result: result, Hash: hash}, nil
}

// blank says whether a file has nothing but comments.
func blank(data []byte) bool {
	for line := range bytes.Lines(data) {
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' {
			return false
		}
	}
	return true
}

// scheduleName is the file of an agent, and whether it may have one: no id leads out of the folder.
func scheduleName(agentID string) (string, bool) {
	name := agentID + scheduleSuffix
	// Names like CON are devices on Windows, whatever their ending.
	return name, plainName(agentID) && filepath.IsLocal(name) && !strings.EqualFold(agentID, defaultName)
}

// plainName says whether s is a plain file name on every system, and no hidden one.
func plainName(s string) bool {
	if s == "" || len(s) > MaxIDBytes || s[0] == '.' {
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
