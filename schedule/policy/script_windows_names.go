package policy

import "strings"

// isOddOnWindows reports whether Windows would open something else than a file of this name: a
// device (NUL, com1.txt, \\.\ and \\?\), a stream of a file (x:y), or the file whose name is the
// same without the dots and blanks at its end.
func isOddOnWindows(path string) bool {
	path = strings.ReplaceAll(path, "/", `\`)
	if strings.HasPrefix(path, `\\`) {
		path = path[2:]
		if strings.HasPrefix(path, `.\`) || strings.HasPrefix(path, `?\`) {
			return true
		}
	} else if strings.HasPrefix(path, `\??\`) {
		return true
	} else if len(path) > 1 && path[1] == ':' {
		path = path[2:]
	}
	for name := range strings.SplitSeq(path, `\`) {
		if name == "" || name == "." || name == ".." {
			continue
		}
		if strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || strings.ContainsRune(`:*?"<>|`, r) }) ||
			strings.TrimRight(name, ". ") != name || isDeviceName(name) {
			return true
		}
	}
	return false
}

// isDeviceName reports whether a name is a device's, whatever stands behind a dot: see "Naming
// Files, Paths, and Namespaces" in Microsoft's documentation.
func isDeviceName(name string) bool {
	base, _, _ := strings.Cut(strings.ToUpper(name), ".")
	base = strings.TrimRight(base, " ")
	switch base {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$":
		return true
	}
	for _, port := range [...]string{"COM", "LPT"} {
		number, ok := strings.CutPrefix(base, port)
		if ok && len([]rune(number)) == 1 && strings.Contains("0123456789¹²³", number) {
			return true
		}
	}
	return false
}
