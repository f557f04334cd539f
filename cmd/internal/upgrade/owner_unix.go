//go:build unix

package upgrade

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"

	"virgo/cmd/internal/programs"
	"virgo/schedule/ownership"
)

// CheckOwn returns an error unless the programs and their folder belong to the user of this
// process, and nobody else can change them: only then does a run replace them.
func (p Place) CheckOwn() error { return p.checkOwn(os.Geteuid()) }

func (p Place) checkOwn(user int) error {
	folder := p.Bin
	if p.managed {
		folder = p.version(p.Build)
	}
	paths := []string{folder}
	for _, name := range programs.Names(runtime.GOOS) {
		paths = append(paths, filepath.Join(folder, name))
	}
	for _, path := range paths {
		info, err := os.Stat(path)
		if os.IsNotExist(err) && path != folder {
			continue // a host without virgo-run stays so
		}
		if err != nil {
			return err
		}
		if st, ok := info.Sys().(*syscall.Stat_t); ok && int(st.Uid) != user {
			return fmt.Errorf(
				"%q belongs to user %d, who can replace it with virgo upgrade, and runs are made by user %d",
				path, st.Uid, user)
		}
		if err := ownership.Check(path); err != nil {
			return err
		}
	}
	return nil
}
