package group

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"virgo/collect/script/breach"
)

const (
	ownFile = "/proc/self/cgroup"
	root    = "/sys/fs/cgroup"
	// divide and undivide turn the controllers that the groups of scripts need on and off for
	// the groups below one.
	divide   = "+memory +pids"
	undivide = "-memory -pids"
	// agentGroup is for what runs in the unit besides, scriptsPrefix begins the names of groups of
	// scripts.
	agentGroup    = "/agent"
	scriptsPrefix = "/scripts-"

	// movePasses is how often processes of the unit are moved: one may just have started another.
	movePasses = 8
	// maxLeft is how many groups of killed runs are passed over for a new one.
	maxLeft = 64
)

// Groups are the control groups of the script processes of a run. The zero value is ready, has
// looked at nothing, and is safe for concurrent use.
type Groups struct {
	mu              sync.Mutex
	unit            string // the unit's folder; empty: there are no groups
	looked, divided bool   // whether unit was looked for; whether the controllers are on below it
	made            int    // numbers of groups that were used
	kernel          kernel // without limit: that of this host
}

// A kernel is what tests replace: where its groups are, and what it limits.
type kernel struct {
	root, divide, undivide string
	limit                  func(path string) bool
}

// A Group is the control group of one script process.
type Group struct {
	path string
	dir  *os.File
}

// Make returns a new group, nil where there is none.
func (g *Groups) Make() *Group {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.looked {
		g.looked = true
		if g.kernel.limit == nil {
			g.kernel = kernel{root, divide, undivide, limit}
		}
		g.unit = g.kernel.delegated()
	}
	if g.unit != "" && !g.divided && !g.divide() {
		g.unit = ""
	}
	if g.unit == "" {
		return nil
	}
	for range maxLeft {
		g.made++
		path := g.path(g.made)
		_ = syscall.Rmdir(path) // that of a run that was killed, unless a process is left in it
		if os.Mkdir(path, 0o700) != nil {
			continue
		}
		if g.kernel.limit(path) {
			if dir, err := os.Open(path); err == nil {
				return &Group{path, dir}
			}
		}
		_ = syscall.Rmdir(path)
		break
	}
	return nil
}

func (g *Groups) path(n int) string { return g.unit + scriptsPrefix + strconv.Itoa(n) }

// delegated returns the folder of the unit's group, "" if this process does not run in one that
// is delegated to it.
func (k *kernel) delegated() string {
	own := unitGroup(readFile(ownFile))
	if own == "" {
		return ""
	}
	own = k.root + own
	if !marked(own, "user.delegate") && !marked(own, "trusted.delegate") {
		return ""
	}
	for _, file := range []string{"", "/cgroup.procs", "/cgroup.subtree_control"} {
		var of syscall.Stat_t
		if syscall.Stat(own+file, &of) != nil || int(of.Uid) != os.Geteuid() || of.Mode&0o022 != 0 {
			return ""
		}
	}
	return own
}

// marked reports whether systemd marked a group as delegated. Only root can read its trusted marks.
func marked(path, mark string) bool {
	var value [2]byte
	n, err := syscall.Getxattr(path, mark, value[:])
	return err == nil && n == 1 && value[0] == '1'
}

// divide moves the processes of the unit to the group of the agent and turns the controllers on
// for the groups below.
func (g *Groups) divide() bool {
	agent := g.unit + agentGroup
	_ = os.Mkdir(agent, 0o755) // that of another run stays
	for range movePasses {
		pids := readFile(g.unit + "/cgroup.procs")
		for {
			pid, rest, whole := strings.Cut(pids, "\n")
			if !whole {
				break
			}
			_ = write(agent+"/cgroup.procs", pid) // one that has ended needs none
			pids = rest
		}
		if g.divided = write(g.unit+"/cgroup.subtree_control", g.kernel.divide); g.divided {
			return true
		}
	}
	return false
}

// limit sets the limits of a group. A process that cannot have more memory ends all of it, so that
// none goes on without one that it waits for.
func limit(path string) bool {
	_ = write(path+"/memory.swap.max", "0") // which some kernels do not have
	return write(path+"/memory.max", strconv.Itoa(breach.GroupMemoryBytes)) && write(path+"/memory.oom.group", "1") &&
		write(path+"/pids.max", strconv.Itoa(breach.GroupTasks))
}

// Close turns the controllers off, so that systemd can use the unit's group again whatever is left
// in it. The groups limit nothing any more. The caller has ended the script processes; a Make that
// hangs in the kernel is not waited for.
func (g *Groups) Close() {
	if !g.mu.TryLock() {
		return
	}
	defer g.mu.Unlock()
	if !g.divided {
		return
	}
	for n := range g.made { // those whose processes had not ended when they should have been removed
		_ = syscall.Rmdir(g.path(n + 1))
	}
	g.divided = !write(g.unit+"/cgroup.subtree_control", g.kernel.undivide)
}

// Enter lets a command start in the group. The caller has set cmd.SysProcAttr.
func (g *Group) Enter(cmd *exec.Cmd) {
	cmd.SysProcAttr.UseCgroupFD, cmd.SysProcAttr.CgroupFD = true, int(g.dir.Fd())
}

// End kills whatever is left in the group and removes it. It reports whether processes of it were
// killed because they had too much memory together.
func (g *Group) End() (outOfMemory bool) {
	g.dir.Close()
	outOfMemory = brokeLimit(readFile(g.path + "/memory.events"))
	_ = write(g.path+"/cgroup.kill", "1") // Linux 5.14
	_ = syscall.Rmdir(g.path)             // with processes that still end, Close does, the next run, or systemd
	return outOfMemory
}

// write writes to a file of the kernel, which must be there.
func write(path, text string) bool {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return false
	}
	_, err = f.WriteString(text)
	f.Close()
	return err == nil
}

// readFile returns the beginning of a file, "" if it cannot be read.
func readFile(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	text := make([]byte, maxFileBytes)
	n, _ := f.Read(text)
	f.Close()
	return string(text[:n])
}
