package control

import (
	"path/filepath"
	"testing"

	"virgo/cmd/virgo-endpoint/internal/watch/watchtest"
)

func TestConformance(t *testing.T) {
	watchtest.Run(t, func(t *testing.T) watchtest.Opener {
		path := filepath.Join(t.TempDir(), "control.db")
		return func(t *testing.T) watchtest.Store { return openAt(t, path) }
	})
}

func openAt(t testing.TB, path string) *DB {
	t.Helper()
	return openWith(t, path, Options{Now: watchtest.Now})
}

func openWith(t testing.TB, path string, opt Options) *DB {
	t.Helper()
	d, err := Open(t.Context(), path, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}
