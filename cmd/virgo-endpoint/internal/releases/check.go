package releases

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"virgo/cmd/internal/programs"
	"virgo/schedule/signature"
)

// A Finding is what is known of a file of the folder.
type Finding struct {
	// File is its name in the endpoint's folder, with slashes.
	File, What string
	Bytes      int64
	// Err is what is wrong with it; nil: nothing.
	Err error
}

// Check reads all that agents can be offered, and compares it with what was published. It calls
// each for every file.
func (s *Store) Check(each func(Finding)) {
	info, err := os.Stat(filepath.Join(s.dir, channelsName))
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	f := Finding{File: s.name(channelsName), What: "bundles of channels", Err: err}
	if err == nil {
		f.Bytes = info.Size()
	}
	channels, err := s.Channels()
	if f.Err == nil {
		f.Err = err
	}
	each(f)
	if err != nil {
		return
	}
	files := channels.served()
	sums := make(map[string]string, len(files))
	for _, of := range files { // several channels may have one file
		sums[of.name] = of.sha256
	}
	offered := channels.offered()
	for _, name := range slices.Sorted(maps.Keys(sums)) {
		f := s.checkFile(name, sums[name])
		if errors.Is(f.Err, fs.ErrNotExist) && !offered[strings.TrimSuffix(name, path.Ext(name))] && !offered[name] {
			continue // of an old version
		}
		each(f)
	}
}

func (s *Store) name(file string) string { return path.Join(filepath.Base(s.dir), file) }

func (s *Store) checkFile(name, sum string) Finding {
	f := Finding{File: s.name(name), What: "bundle"}
	most := int64(programs.MaxArchiveBytes) // that of a bundle is less
	if filepath.Ext(name) != ".zip" {
		f.What, most = "signature", signature.MaxBytes
	}
	data, err := readBounded(filepath.Join(s.dir, name), most)
	f.Bytes = int64(len(data))
	switch {
	case err != nil:
		f.Err = err
	case hash(data) != sum:
		f.Err = fmt.Errorf("its content is not what was published (SHA-256 %.12s…)", sum)
	}
	return f
}
