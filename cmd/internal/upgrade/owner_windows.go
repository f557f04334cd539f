package upgrade

import (
	"os"
	"path/filepath"
	"runtime"

	"virgo/cmd/internal/programs"
	"virgo/schedule/ownership"
)

// CheckOwn returns an error for programs that others than administrators and the user of this
// process can change.
func (p Place) CheckOwn() error {
	for _, name := range programs.Names(runtime.GOOS) {
		path := filepath.Join(p.Bin, name)
		if _, err := os.Lstat(path); os.IsNotExist(err) {
			continue
		}
		if err := ownership.Check(path); err != nil {
			return err
		}
	}
	return nil
}
