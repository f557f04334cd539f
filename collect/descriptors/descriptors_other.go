//go:build !linux

package descriptors

// KeepFromChildren does nothing: Windows passes on what a program names, and other systems have no way that
// does not know the descriptors one by one.
func KeepFromChildren() {}
