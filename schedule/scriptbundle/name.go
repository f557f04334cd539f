package scriptbundle

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// folders has the extension of the files in each folder of a bundle; there are no other folders.
var folders = map[string]string{"": ".lua", "lib": ".lua", "doc": ".md", "data": ".json"}

// TestSuffix ends the name of a script's tests, which are in no bundle.
const TestSuffix = "_test.lua"

var errPlace = errors.New("it must be NAME.lua, lib/NAME.lua, doc/NAME.md or data/NAME.json, NAME of a-z, 0-9 and _")

// ValidName returns an error, one clause, if no entry besides the manifest may have this name.
func ValidName(name string) error {
	if len(name) > MaxNameBytes {
		return fmt.Errorf("its name has %d bytes; at most %d are allowed", len(name), MaxNameBytes)
	}
	dir, base, nested := strings.Cut(name, "/")
	if !nested {
		dir, base = "", name
	}
	ext, known := folders[dir]
	if nested && dir == "" || !known {
		return errPlace
	}
	stem, ok := strings.CutSuffix(base, ext)
	if !ok || stem == "" || strings.ContainsFunc(stem, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_')
	}) {
		return errPlace
	}
	if strings.HasSuffix(base, TestSuffix) {
		return fmt.Errorf("tests (NAME%s) are in no bundle", TestSuffix)
	}
	if device(stem) {
		return fmt.Errorf("%q is a device on Windows", stem)
	}
	return nil
}

// device reports whether Windows opens a device instead of the file, in every folder.
func device(stem string) bool {
	if len(stem) == 4 && (strings.HasPrefix(stem, "com") || strings.HasPrefix(stem, "lpt")) {
		return stem[3] >= '0' && stem[3] <= '9'
	}
	return slices.Contains([]string{"con", "prn", "aux", "nul"}, stem)
}

// scriptName returns NAME for a script, which is NAME.lua at the top.
func scriptName(file string) (string, bool) {
	stem, ok := strings.CutSuffix(file, ".lua")
	return stem, ok && !strings.Contains(stem, "/")
}

// IsScript reports whether a file of a bundle is a script, which declares a check: it is in no folder.
func IsScript(file string) bool {
	_, ok := scriptName(file)
	return ok
}

// ValidBundleName returns an error, one clause, if a bundle may not be called so: the name is part
// of the names of files, where a version follows it.
func ValidBundleName(name string) error {
	if name == "" || len(name) > maxBundleNameBytes || name[0] == '-' || name[0] == '_' ||
		strings.ContainsFunc(name, func(r rune) bool {
			return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_')
		}) {
		return fmt.Errorf("bundle name %.100q: want at most %d of a-z, 0-9, - and _, and neither - nor _ first",
			name, maxBundleNameBytes)
	}
	return nil
}

const maxBundleNameBytes = 64
