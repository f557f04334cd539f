//go:build unix

package api

import (
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"virgo/collect/script"
)

// waitForNothing keeps the opening of what is no regular file from waiting, and from having effects.
const waitForNothing = unix.O_NONBLOCK | unix.O_NOCTTY | unix.O_CLOEXEC | unix.O_NOFOLLOW

// parentOf opens the folder that the last part of an absolute path is in, and returns that part. No
// part may be a link: each folder is opened in the one before it, so that nothing which is renamed
// meanwhile leads elsewhere.
func parentOf(op, path string) (folder int, name string, err error) {
	parts := strings.Split(strings.Trim(filepath.Clean(path), "/"), "/")
	const flags = searchOnly | unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC
	folder, err = ignoringInterrupts(func() (int, error) { return unix.Open("/", flags, 0) })
	for _, part := range parts[:len(parts)-1] {
		if err != nil {
			break
		}
		above := folder
		folder, err = ignoringInterrupts(func() (int, error) { return unix.Openat(above, part, flags, 0) })
		unix.Close(above)
	}
	if err != nil {
		return -1, "", &fs.PathError{Op: op, Path: path, Err: err}
	}
	if name = parts[len(parts)-1]; name == "" {
		name = "."
	}
	return folder, name, nil
}

func ignoringInterrupts(f func() (int, error)) (int, error) {
	for {
		n, err := f()
		if err != unix.EINTR {
			return n, err
		}
	}
}

// openAt opens the last part of a path, of which no part is a link.
func openAt(path string, flags int, wanted func(mode uint32) bool) (*os.File, error) {
	folder, name, err := parentOf("open", path)
	if err != nil {
		return nil, err
	}
	defer unix.Close(folder)
	var st unix.Stat_t // a device is not even opened
	err = unix.Fstatat(folder, name, &st, unix.AT_SYMLINK_NOFOLLOW)
	if err == nil && !wanted(uint32(st.Mode)&unix.S_IFMT) {
		err = errNotRegular
	}
	var fd int
	if err == nil {
		fd, err = ignoringInterrupts(func() (int, error) { return unix.Openat(folder, name, flags|waitForNothing, 0) })
	}
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	if err := unix.SetNonblock(fd, false); err != nil { // files are waited for; only the opening does not
		unix.Close(fd)
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return os.NewFile(uintptr(fd), path), nil
}

// openRegular opens a file for reading.
func openRegular(path string) (*os.File, error) {
	f, err := openAt(path, unix.O_RDONLY, func(mode uint32) bool { return mode == unix.S_IFREG })
	if err != nil {
		return nil, err
	}
	return checkRegular(f)
}

func openFolder(path string) (*os.File, error) {
	return openAt(path, unix.O_RDONLY|unix.O_DIRECTORY, func(mode uint32) bool { return mode == unix.S_IFDIR })
}

func readlinkAt(path string) (string, error) {
	folder, name, err := parentOf("readlink", path)
	if err != nil {
		return "", err
	}
	defer unix.Close(folder)
	buf := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(folder, name, buf)
	if err != nil {
		return "", &fs.PathError{Op: "readlink", Path: path, Err: err}
	}
	return string(buf[:n]), nil
}

// statAt says what is at a path, of which no part is a link.
func statAt(path string) (script.FileInfo, error) {
	folder, name, err := parentOf("stat", path)
	if err != nil {
		return script.FileInfo{}, err
	}
	defer unix.Close(folder)
	info, err := statBelow(folder, name)
	if err != nil {
		return info, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	info.Name = filepath.Base(path)
	return info, nil
}

// statIn says what an entry of a folder is.
func statIn(folder *os.File, name string) (script.FileInfo, error) {
	return statBelow(int(folder.Fd()), name)
}

func statBelow(folder int, name string) (script.FileInfo, error) {
	var st unix.Stat_t
	if err := unix.Fstatat(folder, name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return script.FileInfo{}, err
	}
	return script.FileInfo{
		Name: name, Size: st.Size, Mode: modeOf(uint32(st.Mode)), Modified: modifiedBelow(folder, name, &st),
		UID: int(st.Uid), GID: int(st.Gid),
	}, nil
}

func modeOf(mode uint32) fs.FileMode {
	m := fs.FileMode(mode & 0o777)
	switch mode & unix.S_IFMT {
	case unix.S_IFDIR:
		m |= fs.ModeDir
	case unix.S_IFLNK:
		m |= fs.ModeSymlink
	case unix.S_IFIFO:
		m |= fs.ModeNamedPipe
	case unix.S_IFSOCK:
		m |= fs.ModeSocket
	case unix.S_IFCHR:
		m |= fs.ModeDevice | fs.ModeCharDevice
	case unix.S_IFBLK:
		m |= fs.ModeDevice
	}
	if mode&unix.S_ISUID != 0 {
		m |= fs.ModeSetuid
	}
	if mode&unix.S_ISGID != 0 {
		m |= fs.ModeSetgid
	}
	if mode&unix.S_ISVTX != 0 {
		m |= fs.ModeSticky
	}
	return m
}

// ownerOf returns the name of a file's owner, or the number where it has none.
func ownerOf(info script.FileInfo) string {
	uid := strconv.Itoa(info.UID)
	if u, err := user.LookupId(uid); err == nil {
		return u.Username
	}
	return uid
}

func spaceOf(path string) (script.Space, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		return script.Space{}, &fs.PathError{Op: "statfs", Path: path, Err: err}
	}
	block := uint64(st.Bsize)
	return script.Space{
		Total: uint64(st.Blocks) * block, Free: uint64(st.Bfree) * block,
		Available: notNegative(int64(st.Bavail)) * block,
		Files:     uint64(st.Files), FilesFree: notNegative(int64(st.Ffree)),
	}, nil
}

// notNegative is for figures of FreeBSD, which go below zero when root uses what it keeps for itself.
func notNegative(n int64) uint64 { return uint64(max(0, n)) }
