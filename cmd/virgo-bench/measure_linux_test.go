package main

import (
	"os"
	"runtime"
	"testing"
)

func TestMeasure(t *testing.T) {
	// What this process holds must not be taken for its child's.
	ballast := make([]byte, 256<<20)
	for i := 0; i < len(ballast); i += os.Getpagesize() {
		ballast[i] = 1
	}
	s, err := measure([]string{"SAY=hello"}, "/bin/sh", "-c", "echo $SAY >&2; exit 3")
	runtime.KeepAlive(ballast)
	if err != nil {
		t.Fatal(err)
	}
	if s.Code != 3 || s.Stderr != "hello\n" || s.Wall <= 0 {
		t.Errorf("%+v", s)
	}
	if s.Peak < 100<<10 || s.Peak > 64<<20 {
		t.Errorf("peak of a shell: %d bytes", s.Peak)
	}
	if s.Anonymous < 4<<10 || s.Anonymous > s.Peak {
		t.Errorf("anonymous of a shell: %d of %d bytes", s.Anonymous, s.Peak)
	}
	if s, err = measure(nil, "/bin/sh", "-c", "kill -9 $$"); err != nil || s.Code != -1 {
		t.Errorf("killed: %+v, %v", s, err)
	}
	// Signals of its own reach the program.
	if s, err = measure(nil, "/bin/sh", "-c", "trap 'exit 5' USR1; kill -USR1 $$; exit 6"); err != nil || s.Code != 5 {
		t.Errorf("signalled: %+v, %v", s, err)
	}
	if _, err = measure(nil, "/no/such/program"); err == nil {
		t.Error("a program that is not there was measured")
	}
}

func TestReadStatus(t *testing.T) {
	var s sample
	if err := s.readStatus([]byte("Name:\tvirgo\nVmHWM:\t    7648 kB\nVmRSS:\t    7000 kB\nRssAnon:\t    1832 kB\nRssFile:\t 5000 kB\n")); err != nil {
		t.Fatal(err)
	}
	if s.Peak != 7648<<10 || s.Anonymous != 1832<<10 {
		t.Errorf("%+v", s)
	}
	if err := s.readStatus([]byte("VmHWM:\tmuch\n")); err == nil {
		t.Error("nonsense was taken")
	}
}
