package spool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
)

const (
	salvageSuffix = ".salvage"
	damagedSuffix = ".damaged-" // and a number, 1 for the latest
	damagedFiles  = 3           // how many are kept
)

// mend replaces the damaged file by a fresh one with what could be read of it, and keeps it beside. It does nothing where
// info's file is no longer the spool's: another process was at it. Without info it is asked because of
// a marker, and first looks whether anything is wrong.
func (s *Spool) mend(ctx context.Context, info os.FileInfo, why error) error {
	f, err := openFile(s.path, os.O_RDWR)
	if err != nil {
		return explain("open", s.path, true, err)
	}
	defer f.Close()
	if err := lockWithin(ctx, f, true, s.opt.LockWait); err != nil {
		return explain("lock", s.path, true, err)
	}
	defer unlock(f)
	size, still, err := checkFile(f, s.path)
	if err != nil || !still {
		return err
	}
	if now, err := f.Stat(); err != nil || info != nil && !os.SameFile(info, now) {
		return err
	}
	if info == nil {
		text, there := s.marked()
		switch {
		case !there:
			return nil
		case text != "":
			why = errors.New(text)
		default:
			if _, _, why = checkHeader(f, s.path, size); why == nil {
				why = verify(f)
			}
			if errors.Is(why, ErrNewerFormat) {
				why = nil
			}
			if diskFails(why) {
				return explain("read", s.path, false, why)
			}
			if why == nil {
				s.unmark()
				return nil
			}
		}
	}
	r, err := s.salvage(f, size)
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

// reasonOf leaves out of an error what the line says already.
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

// salvage makes the fresh file and puts it in the place of the damaged one. Whenever the process dies, the
// name is that of the one or the other.
func (s *Spool) salvage(f *os.File, size int64) (r Recovery, err error) {
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
	v := salvage{f: f, pages: uint64(size) / pageSize, to: &copier{to: db}, now: s.opt.Now().UnixMilli()}
	defer v.to.end(false)
	r.Saved, r.Gone, err = v.run()
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
	s.hookPoint("salvage.before")
	if r.Kept, err = s.keepDamaged(); err != nil {
		return r, err
	}
	if err := os.Rename(path, s.path); err != nil {
		return r, explain("rename to", s.path, true, err)
	}
	s.hookPoint("salvage.after")
	return r, explain("sync the folder", s.dir, true, syncDir(s.dir))
}

func (s *Spool) hookPoint(point string) {
	if s.opt.Hook != nil {
		s.opt.Hook(point)
	}
}

// keepDamaged gives the damaged file a second name, and the oldest of those that are kept none. A file system
// without hard links keeps none.
func (s *Spool) keepDamaged() (string, error) {
	name := func(n int) string { return fmt.Sprint(s.path, damagedSuffix, n) }
	_ = os.Remove(name(damagedFiles))
	for n := damagedFiles - 1; n > 0; n-- {
		if err := os.Rename(name(n), name(n+1)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", explain("rename", name(n), true, err)
		}
	}
	if err := os.Link(s.path, name(1)); err != nil {
		return "", nil
	}
	return name(1), nil
}
