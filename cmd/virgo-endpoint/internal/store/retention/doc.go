// Package retention decides how long an endpoint keeps results: by age, by bytes, and by the free space
// of the disk. It decides and deletes nothing: package store passes what it has, and does what it is told.
//
// # Age
//
// Age is measured by a clock of its own ([Clock]), which is saved with the store. It advances by the time
// that the wall clock has advanced since it was saved, but by a day at most; if the wall clock went back, or
// advanced by more than 366 days, it stands still. A clock that jumps by an hour or by fifty years
// therefore makes results at most a day too old, and is reported ([Jump]). The price is that what an
// endpoint has ages by one day only while it is off for a month.
//
// In a day of that clock at most two days of segments are deleted ([Policy.Due]): the one whose time has
// come, and one more, so that a shorter --keep-results takes effect, but slowly enough for its owner to
// notice. Exactly one would never catch up.
//
// # Bytes
//
// The bound is computed once, [Share] of the disk that the store can have, and saved: computed anew at each
// start it would grow into whatever else becomes free. What exceeds it is deleted at once, oldest first,
// whatever the clock says: a bound of bytes that waits is none.
//
// # Free space
//
// Below [Floor.Bytes] of free space nothing is stored and nothing is deleted. Other programs may have
// filled the disk, and results must not be deleted for them. What is below the floor is enough for deleting and for the other
// tables of the store.
//
// What can fail: the free space may be unknown (a file system that does not tell). Then there is no floor,
// and the disk's own error says that it is full.
package retention
