package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"virgo/cmd/virgo-bench/internal/fleet"
)

// fleetSchedule is that of a fleet: the seven checks, once a minute.
var fleetSchedule = strings.ReplaceAll(schedule, "period: 1\n", "period: 60\n")

// A site is an endpoint's folder whose hosts are registered, and the endpoint while it serves.
type site struct {
	f     *fleetBench
	dir   string
	log   string
	hosts *fleet.Fleet
	cmd   *exec.Cmd // nil while it does not serve
}

// newSite makes a folder in which n hosts are registered.
func (f *fleetBench) newSite(name string, n int) (*site, error) {
	s := &site{f: f, dir: f.path(name), log: f.path(name + ".log"), hosts: f.newFleet(name+"-", n)}
	f.sites = append(f.sites, s)
	if _, err := f.output(f.endpoint, "init", "--dir", s.dir, "--host", "127.0.0.1"); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(s.dir, "schedules", "default.yaml"), []byte(fleetSchedule), 0o600); err != nil {
		return nil, err
	}
	if err := s.register(s.hosts); err != nil {
		return nil, err
	}
	return s, nil
}

// register registers the keys of hosts.
func (s *site) register(hosts *fleet.Fleet) error {
	var keys bytes.Buffer
	if err := hosts.WriteKeys(&keys); err != nil {
		return err
	}
	f := s.f
	add := exec.CommandContext(f.ctx, f.endpoint, "agents", "add", "--dir", s.dir, "--from", "-")
	add.Env, add.Stdin = f.env, &keys
	if out, err := add.CombinedOutput(); err != nil {
		return fmt.Errorf("virgo-endpoint agents add: %w: %s", err, out)
	}
	return nil
}

// removeSites removes what a row has made; the next one needs the disk.
func (f *fleetBench) removeSites() {
	for _, s := range f.sites {
		s.stop()
		os.RemoveAll(s.dir)
	}
	f.sites = nil
}

// start starts the endpoint with further flags. ahead sets its clock, where that is possible.
func (s *site) start(ahead time.Duration, flags ...string) error {
	log, err := os.OpenFile(s.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	argv := slices.Concat([]string{"serve", "--dir", s.dir, "--listen", "127.0.0.1:0", "--log-level", "warn"}, flags)
	cmd := exec.Command(s.f.endpoint, argv...)
	cmd.Env, cmd.Stderr = slices.Concat(s.f.env, unlimited()), log
	if ahead != 0 {
		cmd.Env = append(cmd.Env, clockEnv+"="+ahead.String())
	}
	address, err := startEndpoint(cmd)
	if err != nil {
		return errors.Join(err, s.said())
	}
	s.cmd = cmd
	s.hosts.Connect(address, fleet.Accepts{})
	s.hosts.SetTime(ahead, 0)
	accepts, err := s.hosts.NewWorker().Greet(s.f.ctx, 0)
	if err != nil {
		return errors.Join(err, s.said())
	}
	s.hosts.Connect(address, accepts)
	return nil
}

// startSink starts a server that only does TLS, with the endpoint's certificate.
func (s *site) startSink(time.Duration, ...string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self, "sink", "--dir", s.dir)
	cmd.Env, cmd.Stderr = s.f.env, os.Stderr
	address, err := startEndpoint(cmd)
	if err != nil {
		return err
	}
	s.cmd = cmd
	s.hosts.Connect(address, fleet.Accepts{})
	return nil
}

// stop terminates the endpoint, which writes what it has in memory.
func (s *site) stop() error {
	if s.cmd == nil {
		return nil
	}
	err := stopEndpoint(s.cmd)
	s.cmd = nil
	if err != nil {
		return errors.Join(fmt.Errorf("virgo-endpoint serve: %w", err), s.said())
	}
	return nil
}

// said returns the end of what the endpoint logged, as an error.
func (s *site) said() error {
	text, err := os.ReadFile(s.log)
	const most = 1000
	if len(text) == 0 || err != nil {
		return err
	}
	return fmt.Errorf("it logged: %s", text[max(0, len(text)-most):])
}

// serving runs do while the endpoint serves.
func (s *site) serving(do func() error, flags ...string) (err error) {
	if err := s.start(0, flags...); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	return do()
}

// usage is what the endpoint used so far; zero where that cannot be read.
func (s *site) usage() sample {
	u, err := usageOf(s.cmd.Process.Pid)
	if err != nil {
		return sample{}
	}
	return u
}

// complete returns an error unless every session was served and every result acknowledged.
func (s *site) complete(t fleet.Tally) error {
	switch {
	case s.f.ctx.Err() != nil:
		return context.Cause(s.f.ctx)
	case t.Failed > 0:
		return errors.Join(fmt.Errorf("%d of %d sessions failed, the first with: %w", t.Failed, t.Failed+t.Sessions, t.First), s.said())
	case t.Sessions == 0:
		return errors.New("no session was made")
	}
	return nil
}

// size returns the bytes of the files of a folder whose names contain part.
func size(dir, part string) (bytes int64, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(path[len(dir):], part) {
			return err
		}
		info, err := d.Info()
		if err == nil {
			bytes += info.Size()
		}
		if errors.Is(err, fs.ErrNotExist) { // removed meanwhile
			return nil
		}
		return err
	})
	return bytes, err
}
