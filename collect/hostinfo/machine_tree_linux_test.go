package hostinfo

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"virgo/collect/program"
)

var updateMachine = flag.Bool("update-machine", false, "write the answers of testdata/machine anew, to be looked at")

// machineFamily is a captured system: its files in testdata/machine/NAME, what its programs print in NAME.out, and
// the answers that must come of them in NAME.want.
func machineFamily(t testing.TB, name string) *Host {
	t.Helper()
	root, err := filepath.Abs("testdata/machine/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return &Host{
		Root: root,
		Now:  func() time.Time { return time.Date(2026, 11, 25, 2, 0, 0, 0, time.FixedZone("CET", 3600)) },
		Output: func(_ context.Context, program_ string, _ ...string) ([]byte, error) {
			b, err := os.ReadFile("testdata/machine/" + name + ".out/" + program_)
			if err != nil {
				return nil, fmt.Errorf("%s %w", program_, program.ErrMissing)
			}
			return b, nil
		},
	}
}

func TestMachineOfCapturedSystems(t *testing.T) {
	for family, types := range map[string][]Type{
		"debian": {
			connectionsType(), deletedLibsType(), filesystemStateType(), fstabType(), kernelModulesType(), lastLoginsType(), loginType(),
			lshwType(), pamType(), passwdType(), sshdType(), whoType(),
		},
		"redhat": {
			dateType(), filesystemStateType(), fstabType(), kernelModulesType(), loginType(), lshwType(), pamType(), passwdType(), sshdType(),
			sysctlType(), whoType(),
		},
	} {
		h := machineFamily(t, family)
		for _, typ := range types {
			t.Run(family+"/"+typ.Name, func(t *testing.T) {
				a := typ.answer(t.Context(), h)
				if a.Error != nil {
					t.Error(*a.Error)
				}
				shaped(t, typ, a.Metrics)
				got, err := json.MarshalIndent(a.Metrics, "", " ")
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, '\n')
				file := filepath.Join("testdata/machine", family+".want", typ.Name+".json")
				if *updateMachine {
					if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(file, got, 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got, want) {
					t.Errorf("got\n%s\nwant\n%s", got, want)
				}
			})
		}
	}
}

// lshw that is not there is named.
func TestLshwMissing(t *testing.T) {
	h := machineFamily(t, "none")
	a := lshwType().answer(t.Context(), h)
	if a.Error == nil || *a.Error != "lshw is not installed" || a.Metrics != nil {
		t.Errorf("%+v", a)
	}
}
