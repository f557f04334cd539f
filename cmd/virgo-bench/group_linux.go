package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A groupParent is a control group below which groups can be made for single runs.
type groupParent struct {
	controller memoryController
	dir        string
}

// findGroupParent finds where this process may make groups whose memory is accounted, and makes one
// to see whether it may.
func findGroupParent() (groupParent, error) {
	mountinfo, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return groupParent{}, err
	}
	cgroup, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return groupParent{}, err
	}
	controller, err := findMemoryController(mountinfo, cgroup)
	if err != nil {
		return groupParent{}, err
	}
	p := groupParent{controller, filepath.Join(controller.mount, controller.group)}
	if controller.unified {
		if p.dir, err = delegating(controller.mount, controller.group); err != nil {
			return groupParent{}, err
		}
	}
	_, err = p.charged(nil, []string{"/bin/sh", "-c", ":"})
	return p, err
}

// delegating returns the nearest group at or above a group that gives the memory controller to the
// groups below it. In version 2 a group with processes of its own cannot, except for the root.
func delegating(mount, group string) (string, error) {
	for {
		dir := filepath.Join(mount, group)
		list, err := os.ReadFile(filepath.Join(dir, "cgroup.subtree_control"))
		if err != nil {
			return "", err
		}
		if slices.Contains(strings.Fields(string(list)), "memory") {
			return dir, nil
		}
		if group == "/" {
			return "", errors.New("no control group above this process gives the memory controller to groups below it")
		}
		group = filepath.Dir(group)
	}
}

// enter is a shell command: it enters the control group with the file $0, and becomes the program "$@". The
// program has to be in its group before it is loaded. A shell does this for both versions of control
// groups; its own memory is gone before the program has any.
const enter = `echo $$ >"$0" && exec "$@"`

// charged runs a program in a new control group and returns its sample with the peak of the memory
// that the kernel charged the group, and with its exit code.
func (p groupParent) charged(env, argv []string) (s sample, err error) {
	dir, err := os.MkdirTemp(p.dir, "virgo-bench-")
	if err != nil {
		return s, fmt.Errorf("making a control group: %w", err)
	}
	defer func() { err = errors.Join(err, os.Remove(dir)) }()
	peak := filepath.Join(dir, p.controller.peakFile())
	if _, err := os.Stat(peak); err != nil {
		return s, fmt.Errorf("the kernel tells no peak of a group (it does since Linux 5.19): %w", err)
	}
	argv = slices.Concat([]string{"/bin/sh", "-c", enter, filepath.Join(dir, "cgroup.procs")}, argv)
	if s, _, err = untraced(env, argv); err != nil {
		return s, err
	}
	if err := s.failure(argv[4:]); err != nil {
		return s, err
	}
	text, err := os.ReadFile(peak)
	if err != nil {
		return s, err
	}
	s.Charged, err = parseBytes(text)
	return s, err
}
