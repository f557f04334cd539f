// Package output sends stored results to other systems, each with a cursor of its own.
package output
