// Package watchtest has a store in memory of what package watch describes, and the tests that every such store passes.
package watchtest
