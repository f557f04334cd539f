package scriptbundle

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"virgo/schedule/semver"
)

// validate returns the first mistake of a manifest.
func (m Manifest) validate() error {
	if err := ValidBundleName(m.Name); err != nil {
		return err
	}
	v, err := semver.Parse(m.Version)
	if err != nil {
		return err
	}
	if v.Build() != "" {
		return fmt.Errorf("version %q: build metadata (+…) orders nothing and is not allowed", m.Version)
	}
	if m.Agent != "" {
		if _, err := semver.Parse(m.Agent); err != nil {
			return fmt.Errorf("least version of the agent: %w", err)
		}
	}
	if err := m.validateFiles(); err != nil {
		return err
	}
	return m.validateScripts()
}

func (m Manifest) validateFiles() error {
	if len(m.Files) > MaxEntries-1 {
		return fmt.Errorf("%d files; at most %d are allowed", len(m.Files), MaxEntries-1)
	}
	seen := make(map[string]string, len(m.Files)) // by the name in lower case
	for _, f := range m.Files {
		if twin, ok := seen[strings.ToLower(f.Name)]; ok {
			return twice(f.Name, twin)
		}
		seen[strings.ToLower(f.Name)] = f.Name
	}
	for i, f := range m.Files {
		if err := ValidName(f.Name); err != nil {
			return fmt.Errorf("file %.120q: %w", f.Name, err)
		}
		if i > 0 && m.Files[i-1].Name >= f.Name {
			return fmt.Errorf("file %q: files are not in the order of their names", f.Name)
		}
		if f.Bytes < 0 || f.Bytes > MaxScriptBytes {
			return fmt.Errorf("file %q: %d bytes; at most %d are allowed", f.Name, f.Bytes, MaxScriptBytes)
		}
		sum, err := hex.DecodeString(f.SHA256)
		if err != nil || len(sum) != sha256.Size || strings.ToLower(f.SHA256) != f.SHA256 {
			return fmt.Errorf("file %q: its SHA-256 is not 64 hexadecimal digits in lower case", f.Name)
		}
	}
	return nil
}

// twice says that two files would be one where upper and lower case are the same.
func twice(name, twin string) error {
	if name == twin {
		return fmt.Errorf("file %.120q is there twice", name)
	}
	return fmt.Errorf("file %.120q differs from %.120q in case only", name, twin)
}

// validateScripts wants one script for each Lua file that is not in a folder, in the same order.
func (m Manifest) validateScripts() error {
	if len(m.Scripts) > MaxScripts {
		return fmt.Errorf("%d scripts; at most %d are allowed", len(m.Scripts), MaxScripts)
	}
	rest := m.Scripts
	for _, f := range m.Files {
		if _, ok := scriptName(f.Name); !ok {
			continue
		}
		if len(rest) == 0 || rest[0].File != f.Name {
			return fmt.Errorf("file %q is not declared in scripts, or scripts are not in the order of their files",
				f.Name)
		}
		if err := rest[0].Validate(); err != nil {
			return err
		}
		rest = rest[1:]
	}
	if len(rest) > 0 {
		return fmt.Errorf("script %.120q has no file, or is there twice", rest[0].File)
	}
	return nil
}
