package transporttest_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"virgo/transport"
	"virgo/transport/transporttest"
)

type one struct{ given bool }

func (q *one) Next(context.Context) ([]transport.Post, error) {
	if q.given {
		return nil, nil
	}
	q.given = true
	return []transport.Post{{Key: 1, Params: []byte(`{"result_id":"a/1","check_id":"c"}`)}}, nil
}

func (q *one) Rewind() { q.given = false }

func (q *one) Settle(context.Context, []transport.Outcome) error { return nil }

func text(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

func TestProgram(t *testing.T) {
	dir := t.TempDir()
	deliver := func() error {
		address := text(t, filepath.Join(dir, transporttest.AddressFile))
		d := transport.Dialer{
			Endpoints: []string{address},
			TLS:       transport.TLSConfig{CAFile: filepath.Join(dir, transporttest.CAFile), Pins: []string{text(t, filepath.Join(dir, transporttest.PinFile))}},
		}
		conn, _, err := d.Dial(t.Context())
		if err != nil {
			return err
		}
		s := transport.Start(t.Context(), conn, transport.Identity{AgentID: "a", Token: "good"}, transport.SessionOptions{})
		defer s.Close(t.Context())
		_, err = s.Deliver(t.Context(), new(one))
		return err
	}
	start := func() (stop func() error) {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		ready, done := make(chan bool), make(chan error, 1)
		go func() { done <- transporttest.Program(ctx, dir, func() { close(ready) }) }()
		select {
		case <-ready:
		case err := <-done:
			done <- err
		}
		return func() error { cancel(); return <-done }
	}
	stored := func() string { return text(t, filepath.Join(dir, transporttest.StoredFile)) }

	stop := start()
	if err := deliver(); err != nil {
		t.Fatal(err)
	}
	want := `{"agent_id":"a","result_id":"a/1","params":{"result_id":"a/1","check_id":"c"},"copies":1}`
	if stored() != want {
		t.Errorf("stored %s", stored())
	}
	address := text(t, filepath.Join(dir, transporttest.AddressFile))
	script := filepath.Join(dir, transporttest.ScriptFile)
	if err := os.WriteFile(script, []byte(`{"token":"another"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := deliver(); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("the new script is not followed: %v", err)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}

	if err := os.WriteFile(script, []byte(`{"tokn":"good"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := start()(); err == nil || !strings.Contains(err.Error(), "tokn") {
		t.Errorf("a script with a typing mistake: %v", err)
	}
	if err := os.WriteFile(script, []byte(`{"token":"good","features":["pipelining"]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, transporttest.AddressFile), []byte(address), 0o600); err != nil {
		t.Fatal(err)
	}
	stop = start()
	defer stop()
	if err := deliver(); err != nil {
		t.Error(err)
	}
	if got := text(t, filepath.Join(dir, transporttest.AddressFile)); got != address || stored() != want {
		t.Errorf("at %s, stored %s", got, stored())
	}
}
