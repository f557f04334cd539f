// Package intaketest has the suite that every implementation of package intake's interfaces passes
// ([Run]), and an implementation in memory ([Memory]) for tests that need no disk.
package intaketest
