package semver

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// MaxBytes bounds the text of a version.
const MaxBytes = 64

// A Version is a semantic version. The zero value is 0.0.0.
type Version struct {
	major, minor, patch uint64
	pre                 string // after "-"
	build               string // after "+"
}

// errForm is the reason why a text without a more exact one is no version.
var errForm = errors.New("want MAJOR.MINOR.PATCH, such as 1.4.0 or 2.0.0-rc.1")

// Parse returns the version that a text is. A leading "v", missing numbers and leading zeros are
// not allowed.
func Parse(text string) (Version, error) {
	v, err := parse(text)
	if err != nil {
		return Version{}, fmt.Errorf("%.*q is not a version: %w", MaxBytes, text, err)
	}
	return v, nil
}

func parse(text string) (v Version, err error) {
	if len(text) > MaxBytes {
		return v, fmt.Errorf("it has %d bytes; at most %d are allowed", len(text), MaxBytes)
	}
	rest, build, hasBuild := strings.Cut(text, "+")
	core, pre, hasPre := strings.Cut(rest, "-")
	if hasPre && !identifiers(pre, true) || hasBuild && !identifiers(build, false) {
		return v, errForm
	}
	numbers := strings.Split(core, ".")
	if len(numbers) != 3 {
		return v, errForm
	}
	for i, to := range []*uint64{&v.major, &v.minor, &v.patch} {
		if !numeric(numbers[i]) || leadingZero(numbers[i]) {
			return v, errForm
		}
		if *to, err = strconv.ParseUint(numbers[i], 10, 64); err != nil {
			return v, errors.New("a number is too large")
		}
	}
	v.pre, v.build = pre, build
	return v, nil
}

// identifiers reports whether s is a list of identifiers between dots. In a pre-release (ordered),
// numbers have no leading zeros.
func identifiers(s string, ordered bool) bool {
	for id := range strings.SplitSeq(s, ".") {
		if id == "" || strings.ContainsFunc(id, func(r rune) bool {
			return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '-')
		}) {
			return false
		}
		if ordered && numeric(id) && leadingZero(id) {
			return false
		}
	}
	return true
}

func numeric(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

func leadingZero(s string) bool { return len(s) > 1 && s[0] == '0' }

// Compare returns -1 if v is older than w, 1 if it is newer, and 0 if neither is: build
// metadata does not count.
func (v Version) Compare(w Version) int {
	return cmp.Or(
		cmp.Compare(v.major, w.major),
		cmp.Compare(v.minor, w.minor),
		cmp.Compare(v.patch, w.patch),
		comparePre(v.pre, w.pre),
	)
}

// comparePre compares pre-releases: none is newer than any.
func comparePre(a, b string) int {
	if a == "" || b == "" {
		return cmp.Compare(len(b), len(a))
	}
	for {
		idA, restA, moreA := strings.Cut(a, ".")
		idB, restB, moreB := strings.Cut(b, ".")
		if c := compareIdentifier(idA, idB); c != 0 {
			return c
		}
		switch {
		case !moreA && !moreB:
			return 0
		case !moreA:
			return -1
		case !moreB:
			return 1
		}
		a, b = restA, restB
	}
}

// compareIdentifier compares numbers by value, texts by bytes, and puts numbers first. Without
// leading zeros, the longer number is the larger one.
func compareIdentifier(a, b string) int {
	switch na, nb := numeric(a), numeric(b); {
	case na && nb:
		return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
	case na:
		return -1
	case nb:
		return 1
	}
	return strings.Compare(a, b)
}

// Build returns the build metadata, without "+".
func (v Version) Build() string { return v.build }

// String returns the text that Parse reads.
func (v Version) String() string {
	s := fmt.Sprintf("%d.%d.%d", v.major, v.minor, v.patch)
	if v.pre != "" {
		s += "-" + v.pre
	}
	if v.build != "" {
		s += "+" + v.build
	}
	return s
}

// Core returns the version without pre-release and build metadata.
func (v Version) Core() Version { return Version{major: v.major, minor: v.minor, patch: v.patch} }
