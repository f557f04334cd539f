package transporttest_test

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"virgo/transport/transporttest"
)

func TestLinkLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := transporttest.Link(time.Second, 0)
		start := time.Now()
		a.Write([]byte("ping"))
		a.Write([]byte("pong"))
		if took := time.Since(start); took != 0 {
			t.Errorf("writing took %v", took)
		}
		a.Close()
		got, err := io.ReadAll(b)
		if string(got) != "pingpong" || err != nil || time.Since(start) != time.Second {
			t.Errorf("%q, %v after %v", got, err, time.Since(start))
		}
		if _, err := b.Write([]byte("x")); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("writing to one that hung up: %v", err)
		}
		if _, err := a.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("reading from a closed end: %v", err)
		}
	})
}

func TestLinkCapacity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := transporttest.Link(time.Second, 3)
		a.SetWriteDeadline(time.Now().Add(time.Minute))
		if n, err := a.Write([]byte("abcdef")); n != 3 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%d, %v", n, err)
		}
		b.SetReadDeadline(time.Now().Add(time.Minute))
		buf := make([]byte, 10)
		if n, err := b.Read(buf); string(buf[:n]) != "abc" || err != nil {
			t.Errorf("%q, %v", buf[:n], err)
		}
		start := time.Now()
		if _, err := b.Read(buf); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != time.Minute {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		a.SetDeadline(time.Time{})
		done := make(chan error)
		go func() {
			_, err := a.Write([]byte("xyz1"))
			done <- err
		}()
		synctest.Wait()
		a.Close()
		if err := <-done; !errors.Is(err, net.ErrClosed) {
			t.Errorf("a write under way at the close: %v", err)
		}
	})
}
