// Package watchtest has a store in memory of what package watch describes, and the tests that every such store passes.
//
// [Memory] forgets everything with the process and never fails, except for a context that is over. Times are rounded
// as a store on disk rounds them: to milliseconds, in UTC.
package watchtest
