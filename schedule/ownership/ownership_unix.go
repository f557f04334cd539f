//go:build unix

package ownership

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"virgo/schedule/shorttext"
)

const (
	// maxLinks is how many symbolic links are followed, as in Linux.
	maxLinks = 40

	sticky          = 0o1000
	writableByGroup = 0o020
	writableByOther = 0o002
)

// A walk goes from the root to a file, one name at a time.
type walk struct {
	trusted []int
	at      string   // the folder that was reached, without links; "" is the root
	rest    []string // the names that are left
	links   int      // that were followed
	// open means that others may add entries to the folder, which is sticky.
	open bool
}

func resolve(path string, also []int) (string, fs.FileInfo, error) {
	w := walk{trusted: append([]int{0, os.Geteuid()}, also...), rest: split(path)}
	for {
		var st syscall.Stat_t
		here := w.at
		if here == "" {
			here = "/"
		}
		if err := lstat(here, &st); err != nil {
			return "", nil, err
		}
		last := len(w.rest) == 0
		link := uint32(st.Mode)&syscall.S_IFMT == syscall.S_IFLNK
		if fault := w.fault(here, &st, last, link); fault != nil {
			return "", nil, fault
		}
		switch {
		case link:
			if err := w.follow(here); err != nil {
				return "", nil, err
			}
		case last:
			info, err := os.Lstat(here)
			return here, info, err
		default:
			w.open = uint32(st.Mode)&sticky != 0 && uint32(st.Mode)&(writableByGroup|writableByOther) != 0
			w.step()
		}
	}
}

func checkIn(folder, name string) error {
	path := filepath.Join(folder, name)
	var st syscall.Stat_t
	if err := lstat(path, &st); err != nil {
		return err
	}
	if uint32(st.Mode)&syscall.S_IFMT == syscall.S_IFLNK {
		return Check(path)
	}
	w := walk{trusted: []int{0, os.Geteuid()}}
	return w.fault(path, &st, true, false)
}

// split returns the names in a path.
func split(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
}

// step goes to the next name. ".." leads to a folder that was seen on the way.
func (w *walk) step() {
	name := w.rest[0]
	w.rest = w.rest[1:]
	switch name {
	case ".":
	case "..":
		w.at = w.at[:max(0, strings.LastIndexByte(w.at, '/'))]
	default:
		w.at += "/" + name
	}
}

// follow replaces the link that was reached by what it leads to.
func (w *walk) follow(link string) error {
	target, err := os.Readlink(link)
	if err != nil {
		return err
	}
	if w.links++; w.links > maxLinks {
		return &fs.PathError{Op: "open", Path: link, Err: syscall.ELOOP}
	}
	w.rest = append(split(target), w.rest...)
	w.at = w.at[:strings.LastIndexByte(w.at, '/')]
	if strings.HasPrefix(target, "/") {
		w.at = ""
	}
	return nil
}

// fault says why what was reached may not steer this process, or lead to what does; nil if it may. last
// means that it is what the walk was for, link that it is a symbolic link, whose mode means nothing.
func (w *walk) fault(path string, st *syscall.Stat_t, last, link bool) error {
	quoted := shorttext.QuoteShell(path)
	owner, mode := int(st.Uid), uint32(st.Mode)
	if !slices.Contains(w.trusted, owner) {
		if link && !w.open {
			return nil // only those can replace it who can write to its folder
		}
		who := "root"
		if euid := os.Geteuid(); euid != 0 {
			who = fmt.Sprint(euid)
		}
		chown := "chown "
		if link {
			chown = "chown -h "
		}
		return &Fault{
			path, fmt.Sprintf("belongs to user %d, who could change it", owner), chown + who + " " + quoted,
		}
	}
	if link {
		return nil
	}
	if regular := mode&syscall.S_IFMT == syscall.S_IFREG; w.open && regular && st.Nlink > 1 {
		return &Fault{
			path, "has a second name, which anybody may have made in that folder",
			"cp -p " + quoted + " " + shorttext.QuoteShell(path+".own") + " && mv " + shorttext.QuoteShell(path+".own") + " " + quoted,
		}
	}
	if !last && mode&sticky != 0 {
		return nil
	}
	byOthers := mode&writableByOther != 0
	if byOthers || mode&writableByGroup != 0 && !groupIsOwn(path, st.Gid) {
		return &Fault{path, fmt.Sprintf("is writable by others (mode %04o)", mode&0o777), "chmod go-w " + quoted}
	}
	return nil
}

func lstat(path string, st *syscall.Stat_t) error {
	for {
		err := syscall.Lstat(path, st)
		switch {
		case err == nil:
			return nil
		case err != syscall.EINTR:
			return &fs.PathError{Op: "open", Path: path, Err: err}
		}
	}
}
