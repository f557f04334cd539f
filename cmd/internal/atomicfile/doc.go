// Package atomicfile writes files atomically: to a temporary file in the same folder, which is
// synced and then renamed; then the folder is synced. After a power loss the old file, the new one
// or none is there, never a part of one.
package atomicfile
