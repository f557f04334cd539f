package releases

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"virgo/cmd/virgo-endpoint/internal/folder"
)

// settled is the age from which the modification time of channels.json identifies its version.
const settled = 2 * time.Second

// fileMode is that of every file: none of them is secret.
const fileMode fs.FileMode = 0o644

// A Store is the folder with the releases. It is safe for concurrent use. Whoever changes it holds
// the lock of the endpoint's folder.
type Store struct {
	dir string
	log *slog.Logger
	now func() time.Time

	mu    sync.Mutex
	info  fs.FileInfo // of the last read of channels.json, good or bad; nil: it is not there
	read  time.Time
	good  *Channels
	files map[string]file // what is served, by channel and name
	bad   string          // what is wrong with channels.json now
}

// A file is one that a channel serves.
type file struct {
	name   string
	bytes  int64 // -1: not known
	sha256 string
}

// Open returns the store of a folder, which need not exist.
func Open(dir string, log *slog.Logger, now func() time.Time) *Store {
	return &Store{dir: dir, log: log, now: now, good: &Channels{Format: channelsFormat}}
}

// Channels returns what channels.json says. An error tells what is wrong with it; then the last
// good one is returned.
func (s *Store) Channels() (*Channels, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refresh()
	if s.bad != "" {
		return s.good, errors.New(s.bad)
	}
	return s.good, nil
}

// refresh reads channels.json if it changed. The lock is held.
func (s *Store) refresh() {
	path := filepath.Join(s.dir, channelsName)
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		if s.info != nil {
			s.good, s.files, s.info = &Channels{Format: channelsFormat}, nil, nil
		}
		s.bad = ""
		return
	}
	now := s.now()
	if err == nil && s.info != nil && os.SameFile(s.info, info) && s.info.ModTime().Equal(info.ModTime()) &&
		s.info.Size() == info.Size() && s.read.Sub(info.ModTime()) >= settled {
		return
	}
	var c *Channels
	if err == nil {
		c, err = readChannels(path)
	}
	if err != nil {
		text := fmt.Sprintf("%q cannot be used: %v", path, err)
		if s.bad != text {
			s.log.Error("bundles: the last good state stays in use", "error", text)
		}
		s.bad, s.info, s.read = text, info, now
		return
	}
	s.good, s.files, s.info, s.read, s.bad = c, c.served(), info, now, ""
}

func readChannels(path string) (*Channels, error) {
	data, err := readBounded(path, maxChannelsBytes)
	if err != nil {
		return nil, err
	}
	return parseChannels(data)
}

// served are the files of all channels: every version that was not withdrawn, as a download may
// have begun before a change.
func (c *Channels) served() map[string]file {
	files := map[string]file{}
	for channel, of := range c.Channels {
		for _, r := range of.Bundles {
			for i := range r.Releases {
				one := &r.Releases[i]
				if one.Withdrawn {
					continue
				}
				files[channel+"/"+one.File] = file{one.File, one.Bytes, one.SHA256}
				for ending, sum := range one.Signatures {
					files[channel+"/"+one.File+ending] = file{one.File + ending, -1, sum}
				}
			}
		}
	}
	return files
}

// write replaces channels.json.
func (s *Store) write(c *Channels) error {
	if err := c.check(); err != nil {
		return err
	}
	data, err := json.MarshalIndent(c, "", " ")
	if err != nil {
		return err
	}
	if len(data) >= maxChannelsBytes {
		return fmt.Errorf("there would be more versions than %d bytes can list", maxChannelsBytes)
	}
	if err := s.makeFolder(""); err != nil {
		return err
	}
	return folder.WriteFile(filepath.Join(s.dir, channelsName), append(data, '\n'), fileMode)
}

// For returns the version of a bundle that an agent is to have; nil: none.
func (s *Store) For(agentID, channel, name string, tags func() []string) *Release {
	s.mu.Lock()
	s.refresh()
	r := s.good.Rollout(channel, name)
	s.mu.Unlock()
	if r == nil {
		return nil
	}
	return r.For(name, agentID, tags)
}

// File opens a file of a channel. The names are looked up in what channels.json names, and are
// never part of a path. The caller closes it. Error: fs.ErrNotExist.
func (s *Store) File(channel, name string) (content *os.File, sha256 string, err error) {
	s.mu.Lock()
	s.refresh()
	f, ok := s.files[channel+"/"+name]
	s.mu.Unlock()
	if !ok || strings.Contains(channel, "/") {
		return nil, "", fs.ErrNotExist
	}
	content, err = os.OpenInRoot(s.dir, f.name)
	if err != nil {
		return nil, "", err
	}
	info, err := content.Stat()
	if err == nil && (!info.Mode().IsRegular() || f.bytes >= 0 && info.Size() != f.bytes) {
		err = fmt.Errorf("%q is not the file that was published", filepath.Join(s.dir, f.name))
	}
	if err != nil {
		content.Close()
		return nil, "", err
	}
	return content, f.sha256, nil
}
