package spool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"virgo/spool/internal/boltfile"
)

const (
	salvageSuffix = ".salvage"
	damagedSuffix = ".damaged-" // and a number, 1 for the latest
	maxBackups    = 3           // of damaged files
)

// repair replaces the damaged file that info describes by a new one with the records that can be
// read, and keeps the damaged one beside it. It does nothing if another process has replaced the
// file already, or an earlier version of this program writes to it meanwhile. info is nil if only the marker suggests damage; then repair verifies the file first.
func (s *Spool) repair(ctx context.Context, info os.FileInfo, why error) error {
	release, err := s.lockBeside(ctx, true)
	if err != nil {
		return err
	}
	defer release()
	f, err := openFile(s.path, os.O_RDWR)
	if err != nil {
		return explain("open", s.path, true, err)
	}
	defer f.Close()
	if err := lockWithin(ctx, f, true, s.opt.LockWait); err != nil {
		return explain("lock", s.path, true, err)
	}
	defer unlock(f)
	size, current, err := checkFile(f, s.path)
	if err != nil || !current {
		return err
	}
	if now, err := f.Stat(); err != nil || info != nil && !os.SameFile(info, now) {
		return err
	}
	if info == nil {
		if why, err = s.explainMarker(f, size); why == nil || err != nil {
			return err
		}
	}
	r, err := s.salvage(ctx, f, size)
	if errors.Is(err, errWrittenMeanwhile) {
		return nil
	}
	if err != nil {
		return err
	}
	r.Why = reasonOf(why, s.path)
	s.unmark()
	if s.opt.Recovered != nil {
		s.opt.Recovered(r)
	}
	return nil
}

// explainMarker returns why the marker of the locked file is not clean. why is nil if the marker is
// clean by now, or if the file turns out to be good; then explainMarker sets the marker to clean.
// err is an error of the disk.
func (s *Spool) explainMarker(f *os.File, size int64) (why, err error) {
	text, clean := s.readMarker()
	if clean {
		return nil, nil
	}
	if text != "" {
		return errors.New(text), nil
	}
	if _, why = boltfile.Check(f, size, fileLayout()); why == nil {
		why = boltfile.Verify(f)
	}
	if why == nil || errors.Is(why, boltfile.ErrNewerVersion) {
		s.unmark()
		return nil, nil
	}
	if !boltfile.IsCorrupt(why) {
		return nil, explain("read", s.path, false, why)
	}
	return why, nil
}

// reasonOf returns an error's text without the parts that the line that shows it already has.
func reasonOf(why error, path string) string {
	var d *DamagedError
	if errors.As(why, &d) {
		return d.Why
	}
	text := why.Error()
	if after, ok := strings.CutPrefix(text, path+" is damaged ("); ok {
		return strings.TrimSuffix(after, ")")
	}
	return text
}

// salvage writes the new file and renames it over the damaged one. Whenever the process dies, the
// spool's path names one of the two, whole.
func (s *Spool) salvage(ctx context.Context, f *os.File, size int64) (r Recovery, err error) {
	path := s.path + salvageSuffix
	fresh, err := openFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return r, explain("open", path, true, err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(path)
		}
	}()
	db, err := openNew(fresh, path)
	if err != nil {
		fresh.Close()
		return r, explain("open", path, true, err)
	}
	v := salvage{from: boltfile.NewWalker(f, size), to: &copier{to: db}, now: s.opt.Now().UnixMilli()}
	defer v.to.end(false)
	r.Saved, r.Lost, err = v.run()
	r.LostUnknown = !v.hasTotals
	if ended := v.to.end(err == nil); err == nil {
		err = ended
	}
	if err == nil {
		err = db.Sync()
	}
	if closed := db.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return r, explain("write", path, true, err)
	}
	s.callHook("salvage.before")
	if size > 0 { // an empty file would push out one that has records
		if r.Backup, err = s.backUp(); err != nil {
			return r, err
		}
	}
	if err := s.replace(ctx, path, f, func() { f.Close() }); err != nil {
		if r.Backup != "" {
			_ = os.Remove(r.Backup) // not a backup but the spool's file
		}
		return r, explain("rename to", s.path, true, err)
	}
	s.callHook("salvage.after")
	return r, explain("sync the folder", s.dir, true, syncDir(s.dir))
}

// backUp gives the damaged file a second name, unless an earlier repair that failed did so. Where all
// names are taken, it removes the oldest backup. On a file system without hard links there is no backup.
func (s *Spool) backUp() (string, error) {
	name := func(n int) string { return fmt.Sprint(s.path, damagedSuffix, n) }
	if isSameFile(s.path, name(1)) {
		return name(1), nil
	}
	free := 1
	for ; free < maxBackups; free++ {
		if _, err := os.Lstat(name(free)); errors.Is(err, os.ErrNotExist) {
			break
		}
	}
	if free == maxBackups {
		_ = os.Remove(name(maxBackups))
	}
	for n := free - 1; n > 0; n-- {
		if err := os.Rename(name(n), name(n+1)); err != nil {
			return "", explain("rename", name(n), true, err)
		}
	}
	if err := os.Link(s.path, name(1)); err != nil {
		return "", nil
	}
	return name(1), nil
}

func isSameFile(a, b string) bool {
	fa, err := os.Lstat(a)
	if err != nil {
		return false
	}
	fb, err := os.Lstat(b)
	return err == nil && os.SameFile(fa, fb)
}
