package spool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
	"unsafe"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/sys/windows"

	"virgo/spool/internal/boltfile"
)

const (
	lockSuffix = ".lock"

	// replaceWait bounds the wait for programs that have the file open (virus scanners, backups).
	replaceWait = 2 * time.Second
)

// lockBeside locks virgo.db.lock, which every transaction has locked for as long as it takes, also
// while the file itself is closed to be replaced. A View locks nothing where there is nothing to read,
// or where the disk cannot be written and so has no lock.
func (s *Spool) lockBeside(ctx context.Context, write bool) (release func(), err error) {
	path := s.path + lockSuffix
	f, err := openFile(path, os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(s.path); !write && errors.Is(err, fs.ErrNotExist) {
			return func() {}, nil
		}
		f, err = openFile(path, os.O_RDWR|os.O_CREATE)
		if !write && err != nil && hasErrno(err, errnosReadOnly) {
			return func() {}, nil
		}
	}
	if err != nil {
		return nil, explain("open", path, write, err)
	}
	if err := lockWithin(ctx, f, write, s.opt.LockWait); err != nil {
		f.Close()
		return nil, explain("lock", s.path, write, err)
	}
	return func() {
		unlock(f)
		f.Close()
	}, nil
}

// replace renames a file over the spool's file, which the caller has open as f and has locked. It
// first calls closeFile, since Windows replaces no file that is open or mapped. No process that knows
// virgo.db.lock, which the caller has locked, opens it then. Earlier versions of this program lock
// only the file itself: if one of them wrote to it in between, replace fails with errWrittenMeanwhile
// and changes nothing. If another program has the file open for too long, it fails with [ErrLocked].
func (s *Spool) replace(ctx context.Context, from string, f *os.File, closeFile func()) error {
	before, err := readHeader(f)
	closeFile()
	if err != nil {
		return err
	}
	var last error
	ok, err := pollWithin(ctx, replaceWait, func() (bool, error) {
		if s.beforeReplace != nil {
			s.beforeReplace()
		}
		last = s.tryReplace(from, before)
		for _, inUse := range []error{
			windows.ERROR_SHARING_VIOLATION, windows.ERROR_LOCK_VIOLATION, windows.ERROR_ACCESS_DENIED,
			windows.ERROR_USER_MAPPED_FILE, windows.ERROR_DELETE_PENDING,
		} {
			if errors.Is(last, inUse) {
				return false, nil
			}
		}
		return last == nil, last
	})
	if !ok && err == nil {
		err = fmt.Errorf("%w (%v; waited %v)", ErrLocked, last, replaceWait)
	}
	return err
}

// readHeader reads what every commit changes: both of bbolt's meta pages.
func readHeader(f *os.File) ([]byte, error) {
	b := make([]byte, 2*boltfile.PageSize)
	n, err := f.ReadAt(b, 0)
	if err == io.EOF {
		err = nil
	}
	return b[:n], err
}

// tryReplace replaces the file once. While it compares the header, and where possible also while the
// file is replaced, it has the file open in a way that lets nobody open it for writing.
func (s *Spool) tryReplace(from string, header []byte) error {
	h, err := openHandle(s.path, windows.GENERIC_READ, windows.FILE_SHARE_READ|windows.FILE_SHARE_DELETE)
	if err != nil {
		return err
	}
	f := os.NewFile(uintptr(h), s.path)
	defer f.Close()
	if now, err := readHeader(f); err != nil {
		return err
	} else if !bytes.Equal(now, header) {
		return errWrittenMeanwhile
	}
	if err := renameOverOpen(from, s.path); err == nil {
		return nil
	}
	f.Close() // a file system or a Windows that replaces no open file
	err = os.Rename(from, s.path)
	if link, ok := errors.AsType[*os.LinkError](err); ok {
		return link.Err // the caller names the file
	}
	return err
}

// renameOverOpen renames a file over one that is open with FILE_SHARE_DELETE. NTFS does so since
// Windows 10, version 1607.
func renameOverOpen(from, to string) error {
	to, err := filepath.Abs(to)
	if err != nil {
		return err
	}
	name, err := windows.UTF16FromString(to)
	if err != nil {
		return err
	}
	h, err := openHandle(from, windows.DELETE|windows.SYNCHRONIZE|windows.GENERIC_WRITE,
		windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE|windows.FILE_SHARE_DELETE)
	if err != nil {
		return err
	}
	defer windows.CloseHandle(h)
	type renameInfo struct { // FILE_RENAME_INFO
		flags  uint32
		root   windows.Handle
		length uint32 // of the name in bytes, without the NUL
		name   [1]uint16
	}
	at := unsafe.Offsetof(renameInfo{}.name)
	b := make([]byte, int(at)+2*len(name))
	info := (*renameInfo)(unsafe.Pointer(&b[0]))
	info.flags = windows.FILE_RENAME_REPLACE_IF_EXISTS | windows.FILE_RENAME_POSIX_SEMANTICS
	info.length = uint32(2 * (len(name) - 1))
	copy(unsafe.Slice((*uint16)(unsafe.Pointer(&b[at])), len(name)), name)
	if err := windows.SetFileInformationByHandle(h, windows.FileRenameInfoEx, &b[0], uint32(len(b))); err != nil {
		return err
	}
	return windows.FlushFileBuffers(h)
}

func openHandle(path string, access, share uint32) (windows.Handle, error) {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return 0, err
	}
	return windows.CreateFile(name, access, share, nil, windows.OPEN_EXISTING, windows.FILE_ATTRIBUTE_NORMAL, 0)
}

// unmap releases the memory map of a database that cannot be closed any more.
func unmap(db *bolt.DB) {
	defer func() { _ = recover() }() // bbolt panics if it has no map
	_ = windows.UnmapViewOfFile(db.Info().Data)
}
