// Package atomicfile writes files that are there whole or not at all: under a name of their own first, then synced,
// then in place. A power cut leaves the old file, the new one, or none.
package atomicfile
