package agent

import "strings"

// buildPrefix begins [build], so that it is found nowhere else in a program.
const buildPrefix = "virgo-build "

// build identifies the build in the file of each program. The Makefile sets it by -ldflags -X to
// "virgo-build RELEASE COMMIT;".
var build = buildPrefix + "0.1.0-dev ;"

// Release returns the version, for example "0.1.0".
func Release() string {
	release, _ := buildParts()
	return release
}

// Commit returns the abbreviated hash of the commit; empty if it is not known.
func Commit() string {
	_, commit := buildParts()
	return commit
}

// BuildID returns release and commit as one text. The agent and its worker must have the same.
func BuildID() string {
	return strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(build, buildPrefix), ";"))
}

func buildParts() (release, commit string) {
	release, commit, _ = strings.Cut(BuildID(), " ")
	return release, commit
}
