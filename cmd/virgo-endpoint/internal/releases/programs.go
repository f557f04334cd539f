package releases

import (
	"fmt"
	"strings"

	"virgo/cmd/internal/programs"
	"virgo/schedule/scriptbundle"
	"virgo/schedule/semver"
)

// MaxBytes bounds a file that is published.
const MaxBytes = max(programs.MaxArchiveBytes, scriptbundle.MaxBundleBytes)

// programsPrefix begins the names of roll-outs of programs. They are beside those of bundles, which
// may have no such name.
const programsPrefix = "virgo-"

// ProgramsName is the name of the roll-out of the agent's programs for a system and a processor.
func ProgramsName(system, arch string) string { return programsPrefix + system + "-" + arch }

// IsPrograms reports whether a roll-out is one of programs.
func IsPrograms(name string) bool {
	system, arch, ok := strings.Cut(strings.TrimPrefix(name, programsPrefix), "-")
	return ok && strings.HasPrefix(name, programsPrefix) && system != "" && arch != "" && !strings.Contains(arch, "-")
}

// fileName is the name of the file of a version.
func fileName(name, version string) string {
	if IsPrograms(name) {
		return programsPrefix + version + "-" + strings.TrimPrefix(name, programsPrefix) + ".zip"
	}
	return FileName(name, version)
}

// read returns the name and version of a bundle or of an archive of programs, whose signature
// was verified before.
func read(file []byte) (name, version string, err error) {
	b, err := scriptbundle.Parse(file)
	if err == nil {
		if name = b.Manifest.Name; IsPrograms(name) {
			return "", "", fmt.Errorf("no bundle may have the name %q: archives of programs have such names", name)
		}
		return name, b.Manifest.Version, nil
	}
	a, archiveErr := programs.Open(file)
	if archiveErr != nil {
		if len(file) > scriptbundle.MaxBundleBytes {
			err = archiveErr
		}
		return "", "", err
	}
	for _, f := range a.Manifest.Files {
		if _, err := a.Program(f.Name); err != nil {
			return "", "", err
		}
	}
	return ProgramsName(a.Manifest.OS, a.Manifest.Arch), a.Manifest.Version, nil
}

// ProgramsVersion returns the newest version of the programs that a channel offers to everybody,
// whatever their system; "" if there is none. Who asks over HTTPS does not say which agent it is.
func (s *Store) ProgramsVersion(channel string) string {
	s.mu.Lock()
	s.refresh()
	bundles := s.good.Channels[channel].Bundles
	s.mu.Unlock()
	newest, best := "", semver.Version{}
	for name, r := range bundles {
		version := r.Before
		if r.complete() {
			version = r.Target
		}
		v, err := semver.Parse(version)
		if IsPrograms(name) && err == nil && (newest == "" || v.Compare(best) > 0) {
			newest, best = version, v
		}
	}
	return newest
}
