package fsynctest

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// A Trace is what a program did with the files below a folder.
type Trace struct {
	// Faults are the breaches of the rules, in the order in which they happened.
	Faults []string
	// Created are the paths of created files and folders, Renamed the new paths of renamed ones.
	Created, Renamed []string
	// Synced are the paths of the files and folders that were synced, one entry for each sync.
	Synced []string
	// Lines is the number of times that the program wrote to its standard output.
	Lines int
}

// A checker applies the rules of the package comment to one call after the other.
type checker struct {
	root     string
	exists   map[string]bool
	unsynced map[string]string // files, by path: the call that wrote last
	entries  map[string]string // new names, by path: the call that made them
	syncing  map[string]covered
	trace    Trace
}

// covered is what a sync that has begun makes durable when it ends.
type covered struct {
	file    bool
	entries []string
}

// check applies the rules to the calls of a program. exists are the paths below root before it began.
func check(calls []call, root string, exists []string) Trace {
	c := checker{
		root: root, exists: make(map[string]bool),
		unsynced: make(map[string]string), entries: make(map[string]string),
		syncing: make(map[string]covered),
	}
	for _, path := range exists {
		c.exists[path] = true
	}
	for i := range calls {
		c.call(&calls[i])
	}
	c.promise("the program's end")
	return c.trace
}

// below reports whether the rules apply to path.
func (c *checker) below(path string) bool {
	return path == c.root || strings.HasPrefix(path, c.root+string(filepath.Separator))
}

func (c *checker) call(call *call) {
	switch call.name {
	case "write", "pwrite64", "writev", "pwritev", "ftruncate", "fallocate":
		fd, path := descriptor(call.arg(0))
		if fd == "1" && call.begins {
			c.trace.Lines++
			c.promise(fmt.Sprintf("line %d of the output (%s)", c.trace.Lines, call.arg(1)))
		} else if c.below(path) {
			c.unsynced[path] = call.name
		}
	case "fsync", "fdatasync":
		c.sync(call)
	case "open", "openat", "creat", "mkdir", "mkdirat":
		c.create(call)
	case "rename", "link":
		c.move(call, path(call.arg(0)), path(call.arg(1)))
	case "renameat", "renameat2", "linkat":
		c.move(call, path(call.arg(1)), path(call.arg(3)))
	case "unlink":
		c.remove(call, path(call.arg(0)))
	case "unlinkat":
		c.remove(call, path(call.arg(1)))
	}
}

// sync applies a sync, which makes durable only what was written before it began.
func (c *checker) sync(call *call) {
	_, path := descriptor(call.arg(0))
	if call.begins {
		now := covered{file: c.unsynced[path] != ""}
		for entry := range c.entries {
			if filepath.Dir(entry) == path {
				now.entries = append(now.entries, entry)
			}
		}
		c.syncing[path] = now
		if now.file {
			c.unsynced[path] = syncBegun
		}
	}
	if !call.ends || call.failed() {
		return
	}
	if c.below(path) {
		c.trace.Synced = append(c.trace.Synced, path)
	}
	done := c.syncing[path]
	if done.file && c.unsynced[path] == syncBegun {
		delete(c.unsynced, path)
	}
	for _, entry := range done.entries {
		delete(c.entries, entry)
	}
}

// syncBegun stands in for the last write while a sync runs: a write meanwhile replaces it.
const syncBegun = "a sync that did not end"

func (c *checker) create(call *call) {
	if !call.ends || call.failed() {
		return
	}
	name, flags := path(call.arg(0)), "O_CREAT"
	switch call.name {
	case "open":
		flags = call.arg(1)
	case "openat":
		name, flags = path(call.arg(1)), call.arg(2)
	case "mkdirat":
		name = path(call.arg(1))
	}
	if !strings.Contains(flags, "O_CREAT") || c.exists[name] || !c.below(name) {
		return
	}
	c.exists[name] = true
	c.entries[name] = call.name
	c.trace.Created = append(c.trace.Created, name)
}

// move applies a rename or a link.
func (c *checker) move(call *call, from, to string) {
	if !c.below(to) {
		return
	}
	if call.begins && c.unsynced[from] != "" {
		c.fault("%s %s to %s: its content is not synced after %s", call.name, from, to, c.unsynced[from])
	}
	if !call.ends || call.failed() {
		return
	}
	c.exists[to] = true
	c.entries[to] = call.name
	if strings.HasPrefix(call.name, "link") {
		return
	}
	c.trace.Renamed = append(c.trace.Renamed, to)
	delete(c.exists, from)
	delete(c.entries, from)
	delete(c.unsynced, to)
	if last, ok := c.unsynced[from]; ok {
		c.unsynced[to] = last
		delete(c.unsynced, from)
	}
}

func (c *checker) remove(call *call, path string) {
	if call.ends && !call.failed() {
		delete(c.exists, path)
		delete(c.entries, path)
		delete(c.unsynced, path)
	}
}

// promise reports the writes and names that are not durable when the program writes a line.
func (c *checker) promise(when string) {
	for _, path := range slices.Sorted(maps.Keys(c.unsynced)) {
		c.fault("before %s: %s is not synced after %s", when, path, c.unsynced[path])
	}
	for _, path := range slices.Sorted(maps.Keys(c.entries)) {
		c.fault("before %s: the folder of %s is not synced after %s", when, path, c.entries[path])
	}
	clear(c.unsynced)
	clear(c.entries)
}

func (c *checker) fault(format string, args ...any) {
	c.trace.Faults = append(c.trace.Faults, fmt.Sprintf(format, args...))
}
