package timerslack

import (
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"virgo/collect/collecttest"
)

func TestChildrenHaveTheDefault(t *testing.T) {
	if !collecttest.WithTimerSlack(t) {
		return
	}
	done := make(chan string)
	const children = 20
	for range children {
		go func() {
			out := new(strings.Builder)
			cmd := exec.Command("/bin/sh", "-c", collecttest.PrintTimerSlack)
			cmd.Stdout = out
			err := ForChild(cmd.Start)
			if err == nil {
				err = cmd.Wait()
			}
			if err != nil {
				out.WriteString(err.Error())
			}
			done <- strings.TrimSpace(out.String())
		}()
	}
	for range children {
		if got := <-done; got != collecttest.DefaultTimerSlack {
			t.Errorf("a child has a timer slack of %s ns, want %s", got, collecttest.DefaultTimerSlack)
		}
	}
}

// While a child is started, other goroutines run on other threads, whose slack stays.
func TestOtherGoroutinesKeepTheSlack(t *testing.T) {
	if !collecttest.WithTimerSlack(t) {
		return
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // so that a thread that is free runs the next goroutine
	for range 100 {
		other := make(chan int)
		err := ForChild(func() error {
			go func() { other <- slack() }()
			if got := <-other; got != 2_000_000 {
				return fmt.Errorf("another goroutine has a timer slack of %d ns", got)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// A slack that is larger is lowered for the call, a smaller one is the owner's.
func TestThreadGetsItsSlackBack(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	own := slack()
	defer set(own)
	failure := errors.New("it cannot be started")
	for before, want := range map[int]int{2_000_000: defaultSlack, defaultSlack + 1: defaultSlack, defaultSlack: defaultSlack, 1000: 1000} {
		if err := set(before); err != nil {
			t.Fatal(err)
		}
		during := 0
		err := ForChild(func() error { during = slack(); return failure })
		if during != want || slack() != before || err != failure {
			t.Errorf("a slack of %d ns was %d in the call, want %d, and %d after it; %v", before, during, want, slack(), err)
		}
	}
}
