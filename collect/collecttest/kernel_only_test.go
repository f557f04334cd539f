package collecttest

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"runtime"
	"testing"

	"virgo/collect"
)

// A check that starts a program or opens a socket is found out, also where it hides that it failed.
func TestKernelOnlyFindsProgramsAndSockets(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux confines a process (seccomp)")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	for name, c := range map[string]struct {
		check func() error
		want  bool
	}{
		"reads a file": {func() error { _, err := os.ReadFile("/proc/self/stat"); return err }, true},
		"reads in a goroutine": {func() error {
			done := make(chan error)
			go func() { _, err := os.ReadFile("/proc/self/stat"); done <- err }()
			return <-done
		}, true},
		"program":        {func() error { return exec.Command("/bin/true").Run() }, false},
		"hidden program": {func() error { _ = exec.Command("/bin/true").Run(); return nil }, false},
		"socket": {func() error {
			conn, err := net.Dial("tcp", listener.Addr().String())
			return errors.Join(err, conn.Close())
		}, false},
		"hidden socket in a goroutine": {func() error {
			done := make(chan struct{})
			go func() {
				if conn, err := net.Dial("udp", listener.Addr().String()); err == nil {
					conn.Close()
				}
				close(done)
			}()
			<-done
			return nil
		}, false},
		"socket of the host": {func() error {
			pair, err := net.ListenPacket("unixgram", "")
			if err != nil {
				return err
			}
			return pair.Close()
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			checker := collect.CheckerFunc(func(context.Context, collect.Request) (collect.Report, error) {
				return collect.Report{}, c.check()
			})
			if got, output := KernelOnly(t, Subject{Type: collect.Type{Name: "t", Checker: checker}}); got != c.want {
				t.Errorf("%v, want %v: %s", got, c.want, output)
			}
		})
	}
}
