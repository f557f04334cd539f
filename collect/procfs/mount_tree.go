package procfs

import "strings"

// A MountPlace is where a mount is attached: at the path Point, on the mount Parent.
type MountPlace struct {
	ID, Parent uint64
	Point      string
}

// A MountTree is all mounts of one mountinfo. Their order matters only for two that are attached to
// the same parent at the same point; it does not say which of others covers which, because mounts
// can be moved.
type MountTree []MountPlace

// maxMountDepth bounds how many mounts may be attached on each other.
const maxMountDepth = 256

// Visible reports whether the path of the mount leads to it: no other mount is attached on top of
// it, nor on a folder above it.
func (t MountTree) Visible(id uint64) bool {
	i := t.index(id)
	if i < 0 {
		return false
	}
	for _, other := range t {
		if other.Parent == id && other.ID != id && other.Point == t[i].Point {
			return false
		}
	}
	for range maxMountDepth {
		// The initial root is its own parent. Another parent may be outside of what this process sees.
		parent := t[i].Parent
		if parent == t[i].ID {
			return true
		}
		if t.covered(i) {
			return false
		}
		if i = t.index(parent); i < 0 {
			return true
		}
	}
	return false
}

func (t MountTree) index(id uint64) int {
	for i := range t {
		if t[i].ID == id {
			return i
		}
	}
	return -1
}

// covered reports whether another mount on the same parent is attached above the mount i, or later
// at the same point.
func (t MountTree) covered(i int) bool {
	for j, other := range t {
		if other.Parent != t[i].Parent || i == j || other.ID == other.Parent {
			continue
		}
		rest, ok := strings.CutPrefix(t[i].Point, other.Point)
		switch {
		case !ok:
		case rest == "" && j > i, rest != "" && (rest[0] == '/' || other.Point == "/"):
			return true
		}
	}
	return false
}
