package upgrade

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"virgo/cmd/internal/atomicfile"
	"virgo/schedule/shorttext"
)

const (
	refusedName = "refused.json"
	// maxRefused is how many versions are remembered, maxRefusedBytes bounds their file.
	maxRefused      = 16
	maxRefusedBytes = 64 << 10
	maxReasonBytes  = 512
)

// A Refusal is a version that no run takes by itself: its trial failed, or a person went back from it.
type Refusal struct {
	Version string `json:"version"`
	Reason  string `json:"reason"`
	AtMS    int64  `json:"at_ms"`
}

// Refused returns the versions that are refused, the last one last. Of a file that cannot be
// read there are none.
func (p Place) Refused() ([]Refusal, error) {
	path := filepath.Join(p.Lib, refusedName)
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil && (!info.Mode().IsRegular() || info.Size() > maxRefusedBytes) {
		err = fmt.Errorf("%s is not a regular file of at most %d bytes", path, maxRefusedBytes)
	}
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var all []Refusal
	if err := json.Unmarshal(b, &all); err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return all, nil
}

// RefusalOf returns the refusal of a version; nil: there is none.
func RefusalOf(all []Refusal, version string) *Refusal {
	i := slices.IndexFunc(all, func(r Refusal) bool { return r.Version == version })
	if i < 0 {
		return nil
	}
	return &all[i]
}

// Refuse remembers a version. Whoever holds the lock may.
func (p Place) Refuse(r Refusal) error {
	all, err := p.Refused()
	if err != nil {
		all = nil // whatever is there is no list: it is replaced
	}
	r.Reason = shorttext.Truncate(shorttext.Sanitize(r.Reason), maxReasonBytes)
	all = append(slices.DeleteFunc(all, func(old Refusal) bool { return old.Version == r.Version }), r)
	return p.storeRefused(all[max(len(all)-maxRefused, 0):])
}

// Accept forgets that a version was refused. Whoever holds the lock may.
func (p Place) Accept(version string) error {
	all, err := p.Refused()
	if err != nil || RefusalOf(all, version) == nil {
		return err
	}
	return p.storeRefused(slices.DeleteFunc(all, func(old Refusal) bool { return old.Version == version }))
}

func (p Place) storeRefused(all []Refusal) error {
	b, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	f, err := atomicfile.Create(filepath.Join(p.Lib, refusedName))
	if err != nil {
		return err
	}
	defer f.Discard()
	if _, err := f.Write(append(b, '\n')); err != nil {
		return fmt.Errorf("write %q: %w", refusedName, err)
	}
	return f.Replace()
}
