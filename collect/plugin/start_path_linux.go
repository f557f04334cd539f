package plugin

import (
	"bytes"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// startPath returns the path by which the plugin is started, and the file to close then.
//
// A program of this machine is started by the descriptor of the file that was checked. A script is
// started by its path: its interpreter opens that anew, and many scripts find their libraries beside
// it (dirname $0 in the Monitoring Plugins, FindBin, Python's modules), which a path below
// /proc/self/fd would end. It must still be the file that was checked, and only root and this user could
// put another one there afterwards. So it is with programs for an emulator, which opens them, too.
func (p program) startPath() (path string, opened *os.File, err error) {
	// Not os.OpenFile: the file need not be readable, and is not polled.
	fd, err := unix.Open(p.path, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", nil, locateError(p.name, p.path, &os.PathError{Op: "open", Path: p.path, Err: err})
	}
	opened = os.NewFile(uintptr(fd), p.path)
	info, err := opened.Stat()
	if err != nil || !os.SameFile(info, p.info) {
		opened.Close()
		return "", nil, failure("plugin could not be started: its file was replaced meanwhile")
	}
	byDescriptor := fmt.Sprintf("/proc/self/fd/%d", fd)
	if isOfThisMachine(readHead(byDescriptor)) {
		return byDescriptor, opened, nil
	}
	return p.path, opened, nil
}

// Parts of the head of an ELF file, elf(5).
const (
	elfMagic   = "\x7fELF"
	elfClass   = 4 // and the byte order
	elfMachine = 18
	elfHead    = 20
)

// isOfThisMachine reports whether a file with this beginning is a program as this process is one.
func isOfThisMachine(head []byte) bool {
	own := readHead("/proc/self/exe")
	return len(head) >= elfHead && len(own) >= elfHead && bytes.HasPrefix(head, []byte(elfMagic)) &&
		bytes.Equal(head[elfClass:elfClass+2], own[elfClass:elfClass+2]) &&
		bytes.Equal(head[elfMachine:elfHead], own[elfMachine:elfHead])
}
