//go:build windows

package plugin

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// A process is a running plugin in a job object of its own, to which all that it starts belongs.
type process struct {
	p     *os.Process
	job   windows.Handle
	state *os.ProcessState
}

// endedByJob is the exit code of processes that are ended with their job.
const endedByJob = 1

// start starts the plugin; out and errs are its standard output and error. The plugin is assigned to its job while
// suspended, so that nothing it starts is outside.
func start(cmd command, out, errs *os.File) (*process, error) {
	path, argv, line, err := launch(cmd)
	if err != nil {
		return nil, err
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, cannotStart("%v", err)
	}
	defer null.Close()
	job, err := newJob()
	if err != nil {
		return nil, cannotStart("creating its job object: %v", err)
	}
	p, err := os.StartProcess(path, argv, &os.ProcAttr{
		Dir:   cmd.program.folder,
		Env:   withSystemRoot(cmd.env),
		Files: []*os.File{null, out, errs},
		Sys: &syscall.SysProcAttr{
			CmdLine:       line,
			HideWindow:    true,
			CreationFlags: windows.CREATE_SUSPENDED | windows.CREATE_NEW_PROCESS_GROUP | windows.CREATE_NO_WINDOW,
		},
	})
	if err != nil {
		windows.CloseHandle(job)
		var pe *os.PathError
		if errors.As(err, &pe) {
			err = pe.Err
		}
		return nil, cannotStart("%v", err)
	}
	var assigned error
	err = p.WithHandle(func(h uintptr) { assigned = windows.AssignProcessToJobObject(job, windows.Handle(h)) })
	if err = errors.Join(err, assigned); err == nil {
		err = resume(uint32(p.Pid))
	}
	if err != nil {
		p.Kill()
		p.Wait()
		windows.CloseHandle(job)
		return nil, cannotStart("%v", err)
	}
	return &process{p: p, job: job}, nil
}

// launch returns the program to start for a plugin, with its arguments or its command line.
func launch(cmd command) (path string, argv []string, line string, err error) {
	plugin := cmd.program.path
	switch kindOfFile(plugin) {
	case batchKind:
		system, err := windows.GetSystemDirectory()
		if err != nil {
			return "", nil, "", cannotStart("%v", err)
		}
		path = filepath.Join(system, "cmd.exe")
		line, err = batchCommandLine(path, plugin, cmd.args)
		return path, []string{path}, line, err
	case powershellKind:
		system, err := windows.GetSystemDirectory()
		if err != nil {
			return "", nil, "", cannotStart("%v", err)
		}
		path = filepath.Join(system, "WindowsPowerShell", "v1.0", "powershell.exe")
		argv = []string{path, "-NoLogo", "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-File", plugin}
	case pythonKind:
		for _, name := range [...]string{"py.exe", "python.exe", "python3.exe"} {
			if path, err = exec.LookPath(name); err == nil {
				break
			}
		}
		if err != nil {
			return "", nil, "", cannotStart("no Python (py.exe, python.exe) in PATH")
		}
		argv = []string{path, plugin}
	default:
		path, argv = plugin, []string{plugin}
	}
	return path, append(argv, cmd.args...), "", nil
}

// withSystemRoot adds SYSTEMROOT, without which most programs do not start.
func withSystemRoot(env []string) []string {
	const name = "SYSTEMROOT="
	for _, kv := range env {
		if len(kv) > len(name) && strings.EqualFold(kv[:len(name)], name) {
			return env
		}
	}
	root, err := windows.GetSystemWindowsDirectory()
	if err != nil {
		return env
	}
	return append(slices.Clip(env), name+root)
}

// newJob returns a job whose processes end when its last handle is closed, also by the agent's
// death.
func newJob() (windows.Handle, error) {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return 0, err
	}
	if err := limitJob(job, windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE); err != nil {
		windows.CloseHandle(job)
		return 0, err
	}
	return job, nil
}

func limitJob(job windows.Handle, flags uint32) error {
	info := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{}
	info.BasicLimitInformation.LimitFlags = flags
	_, err := windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info)))
	return err
}

// resume resumes the only thread of a process that was created suspended.
func resume(pid uint32) error {
	snapshot, err := windows.CreateToolhelp32Snapshot(windows.TH32CS_SNAPTHREAD, 0)
	if err != nil {
		return err
	}
	defer windows.CloseHandle(snapshot)
	entry := windows.ThreadEntry32{}
	entry.Size = uint32(unsafe.Sizeof(entry))
	for err = windows.Thread32First(snapshot, &entry); err == nil; err = windows.Thread32Next(snapshot, &entry) {
		if entry.OwnerProcessID != pid {
			continue
		}
		thread, err := windows.OpenThread(windows.THREAD_SUSPEND_RESUME, false, entry.ThreadID)
		if err != nil {
			return err
		}
		defer windows.CloseHandle(thread)
		_, err = windows.ResumeThread(thread)
		return err
	}
	return err
}

func (p *process) wait() {
	if state, err := p.p.Wait(); err == nil {
		p.state = state
	}
}

// stop ends the job. exited is closed when the plugin has exited.
func (p *process) stop(exited <-chan struct{}) {
	windows.TerminateJobObject(p.job, endedByJob)
	waitClosed(exited, termGrace+killWait)
}

// exit returns how the process ended. Processes that it left behind live on, as on Unix.
func (p *process) exit() exit {
	limitJob(p.job, 0)
	if p.state == nil {
		return exit{}
	}
	return exit{code: p.state.ExitCode()}
}

func (p *process) release() {
	windows.CloseHandle(p.job)
	p.p.Release()
}
