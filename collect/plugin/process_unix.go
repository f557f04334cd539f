//go:build unix

package plugin

import (
	"bytes"
	"errors"
	"io"
	"os"
	"syscall"
	"time"

	"virgo/collect/descriptors"
	"virgo/collect/timerslack"
)

// shell runs a text file without a "#!" line, as execvp(3) does.
const shell = "/bin/sh"

// A process is a running plugin, in a session and a process group of its own.
type process struct {
	p    *os.Process
	pid  int // p's own is changed by its release, which does not await the waiter
	tree *tree
	waiter
}

// start starts the plugin; out and errs are its standard output and error.
func start(cmd command, out, errs *os.File) (*process, error) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, cannotStart("%v", err)
	}
	defer null.Close()
	attr := &os.ProcAttr{
		Dir:   cmd.program.folder,
		Env:   cmd.env,
		Files: []*os.File{null, out, errs},
		// A session of its own has no controlling terminal: a plugin that runs as another user could
		// put characters into the input of root's (TIOCSTI in ioctl_tty(2)).
		Sys: &syscall.SysProcAttr{Setsid: true, Credential: cmd.who.credential()},
	}
	if cmd.who != nil {
		// Else a plugin that opens /dev/stdout is denied it.
		for _, f := range []*os.File{out, errs} {
			if err := f.Chown(int(cmd.who.uid), int(cmd.who.gid)); err != nil {
				return nil, cannotStart("%v", err)
			}
		}
	}
	path, opened, err := cmd.program.startPath()
	if err != nil {
		return nil, err
	}
	defer opened.Close() // of nil, it does nothing
	descriptors.KeepFromChildren()
	var p *os.Process
	err = timerslack.ForChild(func() (err error) {
		p, err = os.StartProcess(path, append([]string{cmd.program.name}, cmd.args...), attr)
		if errors.Is(err, syscall.ENOEXEC) && isText(cmd.program.path) {
			p, err = os.StartProcess(shell, append([]string{shell, cmd.program.path}, cmd.args...), attr)
		}
		return err
	})
	if err != nil {
		return nil, startError(cmd.program.path, err)
	}
	return &process{p: p, pid: p.Pid, tree: newTree(p.Pid, cmd.mark)}, nil
}

// stop ends the plugin and all processes that it started. exited is closed when the plugin has
// exited.
func (p *process) stop(exited <-chan struct{}) {
	// Processes outside the group are found through their parents, which may die of SIGTERM.
	p.tree.scan()
	p.tree.signal(syscall.SIGTERM)
	waitClosed(exited, termGrace)
	for deadline := time.Now().Add(killWait); ; {
		p.tree.signal(syscall.SIGKILL)
		p.tree.scan()
		if p.tree.empty() || time.Now().After(deadline) {
			break
		}
		waitClosed(nil, 2*time.Millisecond)
	}
	waitClosed(exited, killWait)
}

// exit reaps the process, which has exited.
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

func (p *process) wait() { p.waitFor(p.p, p.pid) }

func (p *process) release() { p.p.Release() }

// startError explains why an executable file could not be started.
func startError(path string, err error) error {
	head := readHead(path)
	interpreter, script := bytes.CutPrefix(head, []byte("#!"))
	if line, _, whole := bytes.Cut(interpreter, []byte("\n")); whole {
		interpreter = line
	}
	interpreter = bytes.TrimLeft(interpreter, " \t")
	switch {
	case errors.Is(err, syscall.ENOENT) && script:
		return cannotStart("the interpreter in its first line does not exist: %.128q", interpreter)
	case errors.Is(err, syscall.ENOENT) && bytes.HasPrefix(head, []byte("\x7fELF")):
		return cannotStart("its dynamic loader does not exist")
	case errors.Is(err, syscall.ENOENT):
		return notFound(path)
	case errors.Is(err, syscall.ENOEXEC):
		return cannotStart("it is not a program for this system")
	case errors.Is(err, syscall.EACCES):
		return cannotStart("permission denied (to the file or its interpreter, or by a file system mounted noexec)")
	}
	var p *os.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return cannotStart("%v", err)
}

// isText reports whether the file's beginning contains no NUL byte, as every binary's does.
func isText(path string) bool { return bytes.IndexByte(readHead(path), 0) < 0 }

// readHead returns the file's beginning, as much as a kernel reads of a "#!" line; nothing where it
// is unreadable.
func readHead(path string) []byte {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	head := make([]byte, 256)
	n, _ := io.ReadFull(f, head)
	return head[:n]
}
