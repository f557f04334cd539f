//go:build unix

package plugin

import (
	"bytes"
	"errors"
	"io"
	"os"
	"syscall"
	"time"
)

// shell runs a plugin that is text without a "#!" line, as execvp(3) does.
const shell = "/bin/sh"

// A process is a plugin that was started, in a process group of its own.
type process struct {
	p    *os.Process
	tree *tree
	waited
}

// start starts the plugin with its standard output on out.
func start(cmd command, out *os.File) (*process, error) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, failed("plugin could not be started: %v", err)
	}
	defer null.Close()
	errs := null
	if cmd.stderr != nil {
		errs = cmd.stderr
	}
	attr := &os.ProcAttr{
		Dir:   cmd.program.folder,
		Env:   cmd.env,
		Files: []*os.File{null, out, errs},
		Sys:   &syscall.SysProcAttr{Setpgid: true, Credential: cmd.who.credential()},
	}
	if cmd.who != nil {
		// Or what opens /dev/stdout anew may not write there.
		if err := out.Chown(int(cmd.who.uid), int(cmd.who.gid)); err != nil {
			return nil, failed("plugin could not be started: %v", err)
		}
	}
	p, err := os.StartProcess(cmd.program.path, append([]string{cmd.program.name}, cmd.args...), attr)
	if errors.Is(err, syscall.ENOEXEC) && isText(cmd.program.path) {
		p, err = os.StartProcess(shell, append([]string{shell, cmd.program.path}, cmd.args...), attr)
	}
	if err != nil {
		return nil, startFault(cmd.program.path, err)
	}
	return &process{p: p, tree: newTree(p.Pid, cmd.mark)}, nil
}

// stop ends the plugin and what it started. exited is closed when the plugin itself has ended.
func (p *process) stop(exited <-chan struct{}) {
	// What leaves the group is found by its parents now, while they live.
	p.tree.note()
	p.tree.signal(syscall.SIGTERM)
	closedWithin(exited, termGrace)
	for deadline := time.Now().Add(killWait); ; {
		p.tree.signal(syscall.SIGKILL)
		p.tree.note()
		if p.tree.empty() || time.Now().After(deadline) {
			break
		}
		closedWithin(nil, 2*time.Millisecond)
	}
	closedWithin(exited, killWait)
}

// exit reaps the process, which has ended, and says how.
func (p *process) exit() exit {
	state := p.reap(p.p)
	if state == nil {
		return exit{}
	}
	if ws, ok := state.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return exit{signal: int(ws.Signal()), name: ws.Signal().String()}
	}
	return exit{code: state.ExitCode()}
}

func (p *process) await() { p.waitFor(p.p) }

func (p *process) release() { p.p.Release() }

// startFault says why a file that is there and may be run could not be.
func startFault(path string, err error) error {
	head := headOf(path)
	interpreter, script := bytes.CutPrefix(head, []byte("#!"))
	if line, _, whole := bytes.Cut(interpreter, []byte("\n")); whole {
		interpreter = line
	}
	interpreter = bytes.TrimLeft(interpreter, " \t")
	switch {
	case errors.Is(err, syscall.ENOENT) && script:
		return failed("plugin could not be started: the interpreter of its first line is not there: %.128q", interpreter)
	case errors.Is(err, syscall.ENOENT) && bytes.HasPrefix(head, []byte("\x7fELF")):
		return failed("plugin could not be started: the loader or library that the program needs is not there")
	case errors.Is(err, syscall.ENOENT):
		return errNotThere
	case errors.Is(err, syscall.ENOEXEC):
		return failed("plugin could not be started: it is no program for this system")
	case errors.Is(err, syscall.EACCES):
		return failed("plugin could not be started: permission denied (to the file, its interpreter, or on a file system mounted noexec)")
	}
	var p *os.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return failed("plugin could not be started: %v", err)
}

// isText reports whether the file's beginning holds no NUL byte, as that of every binary does.
func isText(path string) bool { return bytes.IndexByte(headOf(path), 0) < 0 }

// headOf is the file's beginning, as much as a system reads of a "#!" line; empty where it cannot be
// read.
func headOf(path string) []byte {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	head := make([]byte, 256)
	n, _ := io.ReadFull(f, head)
	return head[:n]
}
