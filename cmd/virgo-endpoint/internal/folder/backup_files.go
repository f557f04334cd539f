package folder

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

const (
	// maxUpgradeFile is that of the folder of releases: an archive of programs.
	maxUpgradeFile = 128 << 20
	// maxBackupFile bounds a file of the folder that a backup takes, maxBackupFiles their number.
	maxBackupFile  = 16 << 20
	maxBackupFiles = 10_000
)

// backupNames are the files that a backup takes besides the store, and backupDirs the folders of which it takes the files.
func backupNames() []string {
	return []string{"ca.pem", "ca-key.pem", "server.pem", "server-key.pem", "client-ids.yaml", "notify.yaml", "outputs.yaml", "address"}
}

func backupDirs() []string {
	return []string{"schedules", "clients", "alarms.d", "upgrades", "upgrades/keys"}
}

// IsBackupFile reports whether a backup may have a file of this name, with slashes, and size, besides the store.
func IsBackupFile(name string, size int64) bool {
	dir, base := path.Split(name)
	if size > maxBackupFile && (dir != "upgrades/" || path.Ext(base) != ".zip" || size > maxUpgradeFile) {
		return false
	}
	if dir == "" {
		return slices.Contains(backupNames(), name)
	}
	return slices.Contains(backupDirs(), strings.TrimSuffix(dir, "/")) && base != "" && !strings.HasPrefix(base, ".") &&
		!strings.ContainsAny(base, `/\:`)
}

// BackupFiles returns the names of the files that a backup takes besides the store, with slashes: keys, certificates,
// schedules. Only regular files are, and those in folders: what a link names may lie elsewhere.
func BackupFiles(d Dir) ([]string, error) {
	var list []string
	add := func(name string) error {
		info, err := os.Lstat(filepath.Join(string(d), filepath.FromSlash(name)))
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil && info.Mode().IsRegular() && len(list) < maxBackupFiles && IsBackupFile(name, info.Size()) {
			list = append(list, name)
		}
		return err
	}
	for _, name := range backupNames() {
		if err := add(name); err != nil {
			return nil, err
		}
	}
	for _, dir := range backupDirs() {
		info, err := os.Lstat(filepath.Join(string(d), dir))
		if errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() {
			continue
		}
		if err != nil {
			return nil, err
		}
		entries, err := os.ReadDir(filepath.Join(string(d), dir))
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if err := add(dir + "/" + e.Name()); err != nil {
				return nil, err
			}
		}
	}
	return list, nil
}
