// Package endtoend has the tests of what no package of the endpoint promises alone: server, store and
// folder together, in processes that are killed.
package endtoend
