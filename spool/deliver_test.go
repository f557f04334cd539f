package spool

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// childDeliver takes the lock, starts a child that outlives it, and waits to be killed.
func childDeliver(args []string) error {
	s, err := Open(args[0], Options{})
	if err != nil {
		return err
	}
	_, ok, err := s.TryDeliver()
	if err != nil || !ok {
		return fmt.Errorf("deliver: %v, %v", ok, err)
	}
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	// Its stdin is a pipe from the test, so that it lives until the test closes that.
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), childVariable+"=sleep")
	cmd.Stdin = os.Stdin
	if err := cmd.Start(); err != nil {
		return err
	}
	fmt.Println("started", cmd.Process.Pid)
	return cmd.Wait() // not select, which the runtime may take for a deadlock
}

func TestTryDeliver(t *testing.T) {
	s := newSpool(t, Options{})
	other := open(t, s.dir, Options{})
	release, ok, err := s.TryDeliver()
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	for _, s := range []*Spool{s, other} {
		if _, ok, err := s.TryDeliver(); ok || err != nil {
			t.Errorf("taken twice: %v, %v", ok, err)
		}
	}
	put(t, other, "x") // the lock does not exclude appends
	for range 2 {
		if err := release(); err != nil {
			t.Error(err)
		}
	}
	release, ok, err = other.TryDeliver()
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	release()
}

// A lock on a deleted file excludes nobody, and must not be taken for one.
func TestDeliverLockDeleted(t *testing.T) {
	s := newSpool(t, Options{})
	path := filepath.Join(s.dir, deliverName)
	f, err := openFile(path, os.O_RDWR|os.O_CREATE)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := os.Remove(path); err != nil {
		t.Skipf("an open file cannot be deleted here: %v", err)
	}
	for range 2 { // no file in its place, another one
		if ok, current, err := lockCurrent(f, path); !ok || current || err != nil {
			t.Errorf("%v, %v, %v", ok, current, err)
		}
		release, ok, err := s.TryDeliver()
		if !ok || err != nil {
			t.Fatal(ok, err)
		}
		defer release()
		if _, again, err := s.TryDeliver(); again || err != nil {
			t.Errorf("taken twice: %v, %v", again, err)
		}
		release()
	}
}

// The lock ends with its owner, although a process that the owner started lives on.
func TestDeliverLockEndsWithOwner(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	p := start(t, "deliver", dir)
	if p.next(t) == "" {
		t.Fatal("the child reported nothing")
	}
	s := open(t, dir, Options{})
	if _, ok, err := s.TryDeliver(); ok || err != nil {
		t.Fatalf("while the child has it: %v, %v", ok, err)
	}
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	p.cmd.Process.Wait()
	release, ok, err := s.TryDeliver()
	if !ok || err != nil {
		t.Fatalf("after its death: %v, %v", ok, err)
	}
	release()
	p.stdin.Close() // the child's child ends
}
