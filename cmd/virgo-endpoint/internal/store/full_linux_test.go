package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/store/retention"
)

// A smallDisk is a file system that a test can fill.
type smallDisk struct {
	t      *testing.T
	dir    string
	filler string
}

func newSmallDisk(t *testing.T, size string) *smallDisk {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("mounting a file system takes root: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return &smallDisk{t, dir, filepath.Join(dir, "filler")}
}

// fill leaves at most free bytes.
func (d *smallDisk) fill(free int64) {
	d.t.Helper()
	s, err := retention.Free(d.dir)
	if err != nil {
		d.t.Fatal(err)
	}
	f, err := os.OpenFile(d.filler, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		d.t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(make([]byte, max(0, s.Free-free))); err != nil && !errors.Is(err, unix.ENOSPC) {
		d.t.Fatal(err)
	}
}

func (d *smallDisk) clear() {
	d.t.Helper()
	if err := os.Remove(d.filler); err != nil {
		d.t.Fatal(err)
	}
}

func (d *smallDisk) path() string {
	d.t.Helper()
	path := filepath.Join(d.dir, "endpoint.db")
	if _, err := Create(d.t.Context(), path); err != nil {
		d.t.Fatal(err)
	}
	return path
}

// However little space the disk has, a batch is stored whole or not at all, and everything goes on when there is space
// again: appending, a new segment, sealing one, deleting one.
func TestFullFileSystem(t *testing.T) {
	d := newSmallDisk(t, "16m")
	f := hostsAt(t, d.path(), "web1", "web2")
	if _, _, err := f.s.SetBounds(t.Context(), Bounds{Keep: 2 * retention.Day, MaxBytes: -1, MinFree: &retention.Limit{}}); err != nil {
		t.Fatal(err)
	}
	f.put(3)
	f.day()
	kept := len(f.acked)
	full := 0
	for free := int64(0); free <= 1<<20; free += 32 << 10 {
		d.fill(free)
		list := f.results("web1", 20)
		if _, err := f.send("web1", list); err != nil {
			if !errors.Is(err, intake.ErrFull) {
				t.Fatalf("%d bytes free: %v", free, err)
			}
			f.order["web1"] -= 20
			full++
		}
		f.now = f.now.Add(retention.Day / 40)
		if err := f.upkeep(); err != nil && !errors.Is(err, intake.ErrFull) && !errors.Is(err, unix.ENOSPC) {
			t.Fatalf("%d bytes free: %v", free, err)
		}
		d.clear()
		f.wantExactly(f.acked)
	}
	if full == 0 || len(f.acked) == kept {
		t.Errorf("the disk was full %d times, %d results were stored on it", full, len(f.acked)-kept)
	}
	// A new day begins on the full disk: roll-over, sealing, merging.
	for free := int64(0); free <= 512<<10; free += 64 << 10 {
		f.now = f.now.Add(retention.Day / 4)
		d.fill(free)
		if err := f.upkeep(); err != nil && !errors.Is(err, intake.ErrFull) && !errors.Is(err, unix.ENOSPC) {
			t.Fatalf("%d bytes free: %v", free, err)
		}
		d.clear()
		if err := f.upkeep(); err != nil {
			t.Fatal(err)
		}
		f.put(1)
		f.wantCounts()
		f.wantSound()
	}
}

// A backup that the disk does not take is no file, and the store goes on.
func TestBackupOnFullFileSystem(t *testing.T) {
	f := newHosts(t, "web1")
	f.put(20)
	d := newSmallDisk(t, "4m")
	path := filepath.Join(d.dir, "backup.tar")
	refused := 0
	for free := int64(0); ; free += 64 << 10 {
		d.fill(free)
		_, err := f.s.Backup(t.Context(), path, nil, f.now)
		if err == nil {
			break
		}
		refused++
		if !errors.Is(err, intake.ErrFull) && !errors.Is(err, unix.ENOSPC) {
			t.Fatalf("%d bytes free: %v", free, err)
		}
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%d bytes free: there is a file", free)
		}
		d.clear()
		if list, err := os.ReadDir(d.dir); err != nil || len(list) != 0 {
			t.Errorf("%d bytes free: left %v, %v", free, list, err)
		}
		f.put(1)
	}
	if refused == 0 {
		t.Error("the disk was never full")
	}
	g := f.restored(path)
	g.wantExactly(f.acked)
	// Restoring onto a full disk makes no store.
	small := newSmallDisk(t, "1m")
	small.fill(8 << 10)
	dir := filepath.Join(small.dir, "restored")
	if _, err := Restore(t.Context(), path, dir, noOther, nil, f.now); !errors.Is(err, unix.ENOSPC) && !errors.Is(err, intake.ErrFull) {
		t.Errorf("restoring on a full disk: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, storeName)); !errors.Is(err, fs.ErrNotExist) {
		t.Error("there is a store")
	}
}

// A migration that fills the disk waits, with every result in its place.
func TestMigrationOnFullFileSystem(t *testing.T) {
	made := tableOf(t, 40, "web1")
	made.s.Close()
	d := newSmallDisk(t, "8m")
	path := filepath.Join(d.dir, "endpoint.db")
	data, err := os.ReadFile(made.path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, fileMode); err != nil {
		t.Fatal(err)
	}
	f := *made
	f.path, f.s = path, openAt(t, path)
	f.wantTable(1)
	failed := 0
	for free := int64(0); free < 1<<20; free += 48 << 10 {
		d.fill(free)
		f.s.freeSpace = func() (retention.Space, error) { return retention.Space{}, errors.ErrUnsupported }
		m, err := f.s.moveOn(t.Context(), f.now)
		if err != nil {
			if !errors.Is(err, intake.ErrFull) && !errors.Is(err, unix.ENOSPC) {
				t.Fatalf("%d bytes free: %v", free, err)
			}
			failed++
		}
		d.clear()
		f.wantTable(1)
		if m.Done {
			break
		}
	}
	if err := f.moveAll(); err != nil {
		t.Fatal(err)
	}
	if failed == 0 {
		t.Error("the disk was never full")
	}
	f.wantTable(1)
	f.wantCounts()
	f.wantSound()
}
