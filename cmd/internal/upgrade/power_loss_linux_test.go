package upgrade

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"virgo/spool/fsynctest"
)

// powerVariable has the folder of programs in which the test binary, as its own child, makes an upgrade.
const powerVariable = "VIRGO_TEST_UPGRADE"

// TestPowerLossChild is the child of TestPowerLoss and does nothing by itself.
func TestPowerLossChild(t *testing.T) {
	bin := os.Getenv(powerVariable)
	if bin == "" {
		return
	}
	p := Find(filepath.Join(bin, "virgo"), "0.1.0-aa")
	release, err := p.Lock()
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	if _, err := p.Add(archive(t, "0.2.0-bb")); err != nil {
		t.Fatal(err)
	}
	fmt.Println("added")
	if err := p.Switch("0.2.0-bb"); err != nil {
		t.Fatal(err)
	}
	fmt.Println("switched")
	if err := p.Switch("0.1.0-aa"); err != nil {
		t.Fatal(err)
	}
	fmt.Println("went back, the end")
}

// A power failure undoes nothing that was said to be done, and no link leads to programs that are not whole.
func TestPowerLoss(t *testing.T) {
	fsynctest.Need(t)
	bin := installation(t, "0.1.0-aa")
	release, err := Find(filepath.Join(bin, "virgo"), "0.1.0-aa").Lock() // makes its file, which may be lost
	if err != nil {
		t.Fatal(err)
	}
	release()
	trace := fsynctest.Run(t, fsynctest.Child(t, "TestPowerLossChild", powerVariable, bin), bin)
	for _, fault := range trace.Faults {
		t.Error(fault)
	}
	p := Find(filepath.Join(bin, "virgo"), "0.1.0-aa")
	for _, path := range []string{
		p.version("0.1.0-aa"), p.version("0.2.0-bb"), filepath.Join(p.Lib, currentName),
		filepath.Join(bin, "virgo"), filepath.Join(bin, "virgo-run"),
	} {
		if !slices.Contains(trace.Renamed, path) {
			t.Errorf("%s was not renamed: %q", path, trace.Renamed)
		}
	}
}
