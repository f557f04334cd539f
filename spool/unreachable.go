package spool

// Unreachable stands in for a spool whose folder [Open] could not open: each call that reads or writes fails
// with why. A run that goes on without its disk needs no other way for that.
func Unreachable(why error) *Spool { return &Spool{gone: why} }
