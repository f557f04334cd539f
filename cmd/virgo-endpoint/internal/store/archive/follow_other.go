//go:build !unix

package archive

// noFollow is nothing: the system has no such flag. What a link led to is noticed when it is open.
const noFollow = 0
