package hostinfo

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"virgo/collect/hostinfo/sourcetest"
	"virgo/collect/program"
)

var updateMachine = flag.Bool("update-machine", false, "rewrite the expected answers in testdata/machine; review the diff")

// machineFamily is a captured system: its files in testdata/machine/NAME, what its programs print
// in NAME.out, and the answers that must come of them in NAME.want.
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

func TestMachineTypesOfCapturedSystems(t *testing.T) {
	for family, names := range map[string]string{
		"debian": "connections deleted_libs filesystem_state fstab kernel_modules last_logins login lshw pam passwd sshd who",
		"redhat": "date filesystem_state fstab kernel_modules login lshw pam passwd sshd sysctl who",
	} {
		h := machineFamily(t, family)
		for name := range strings.FieldsSeq(names) {
			typ := sourcetest.Find(t, Types(), name)
			t.Run(family+"/"+typ.Name, func(t *testing.T) {
				a := answer(t.Context(), h, typ)
				if a.Error != nil {
					t.Error(*a.Error)
				}
				checkKeys(t, typ, a.Metrics)
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
