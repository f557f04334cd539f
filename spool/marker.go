package spool

import (
	"errors"
	"io/fs"
	"os"
)

// The marker lies beside the file while a transaction is under way. One that is found when nobody holds
// the file's lock was left by a process that died with the file open: it was killed, or it died of
// what it read. The file is then looked through before bbolt gets it again. A marker that says what
// is wrong was left by a transaction that found the file damaged after its caller had begun.
//
// It is not synced: a power cut that takes it away leaves at worst a file that is found damaged in the
// ordinary way.
const (
	markerSuffix  = ".open"
	maxMarkerText = 1 << 10
)

var errSuspect = errors.New("a process died with the spool open")

// mark sets the marker; false where one is there. A disk that takes none goes without.
func (s *Spool) mark() bool {
	f, err := openFile(s.path+markerSuffix, os.O_WRONLY|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return !errors.Is(err, fs.ErrExist)
	}
	_ = f.Close()
	return true
}

func (s *Spool) unmark() { _ = os.Remove(s.path + markerSuffix) }

// condemn makes the marker say what is wrong.
func (s *Spool) condemn(why error) {
	f, err := openFile(s.path+markerSuffix, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return
	}
	text := why.Error()
	_, _ = f.WriteString(text[:min(len(text), maxMarkerText)])
	_ = f.Close()
}

// marked says whether there is a marker, and what it says.
func (s *Spool) marked() (why string, there bool) {
	f, err := openFile(s.path+markerSuffix, os.O_RDONLY)
	if err != nil {
		return "", false
	}
	defer f.Close()
	b := make([]byte, maxMarkerText)
	n, _ := f.Read(b)
	return string(b[:n]), true
}
